"""The prompts: jinja2 files under prompts/, of which a person may put their own versions into a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twnm_schemas.errors import SpecError

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGED = Path(__file__).parent / "prompts"
_SUFFIX = ".j2"


def list_prompts() -> list[str]:
    """The names of the prompts that ship."""
    return sorted(path.stem for path in _PACKAGED.glob(f"*{_SUFFIX}"))


class Prompts:
    """The prompts of a run: those in `folder` where they are there, else those that ship.

    Raises SpecError for a folder that is not there, or that holds a prompt of a name that nothing uses.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            _check_folder(folder)
        self._environment = _open_environment([folder, _PACKAGED] if folder else [_PACKAGED])

    def render(self, name: str, **values: Any) -> str:
        """The prompt `name` with these values in it, without space around it.

        Raises SpecError for a prompt that does not parse, cannot be rendered or names a value that it is not given.
        """
        from jinja2 import TemplateError, TemplateNotFound

        try:
            return self._environment.get_template(name + _SUFFIX).render(**values).strip()
        except TemplateNotFound as error:
            raise SpecError(f"There is no prompt '{error.name}'; those that ship: {_say_names()}.") from None
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            number = getattr(error, "lineno", None)
            line = f" line {number}" if number else ""
            message = " ".join(str(error).split()).rstrip(".")
            raise SpecError(f"The prompt {name}{_SUFFIX}{line} cannot be rendered: {message}.") from None


def render_prompt(name: str, folder: Path | None = None, **values: Any) -> str:
    """`Prompts(folder).render(name, **values)`, for a single one."""
    return Prompts(folder).render(name, **values)


def _open_environment(folders: Sequence[Path]) -> "Environment":
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # a prompt is text for a model, not a page: nothing is escaped; and a prompt from elsewhere may not run code
    return SandboxedEnvironment(
        loader=FileSystemLoader(folders), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise SpecError(f"{folder} is no folder of prompts; give one that holds any of {_say_names()} (--prompts).")
    strange = sorted(path.name for path in folder.glob(f"*{_SUFFIX}") if path.stem not in list_prompts())
    if strange:
        raise SpecError(f"{folder / strange[0]} overrides no prompt; those that ship: {_say_names()}.")


def _say_names() -> str:
    return ", ".join(name + _SUFFIX for name in list_prompts())
