"""What a model is told: the question, its options and the answer grammar, by a template that a person can edit."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined, TemplateError

from twnm_schemas.answers import LETTERS
from twnm_schemas.errors import SpecError


@dataclass(frozen=True)
class Prompt:
    """A jinja2 template over `question`, `options` (pairs of letter and text) and `think`. `name`: of its file."""

    name: str
    source: str
    think: bool = True

    @property
    def sha256(self) -> str:
        """Of all that decides what is asked."""
        return hashlib.sha256(f"{self.think}\n{self.source}".encode()).hexdigest()

    def write(self, question: str, shown: tuple[str, ...]) -> str:
        """The text for one question with its choices in the order shown. Raises SpecError for a template that fails."""
        environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
        options = list(zip(LETTERS, shown, strict=True))
        try:
            template = environment.from_string(self.source)
            return template.render(question=question, options=options, think=self.think).strip()
        except TemplateError as error:
            raise SpecError(f"The prompt {self.name} cannot be filled: {error}.") from error


def read_prompt(path: Path | None = None, think: bool = True) -> Prompt:
    """The template at `path`, or the package's own (`prompts/ask.j2`). Raises SpecError where it cannot be read."""
    if path is None:
        own = resources.files("twnm_bench.run") / "prompts" / "ask.j2"
        return Prompt("ask.j2", own.read_text("utf-8"), think)
    try:
        return Prompt(str(path), path.read_text("utf-8"), think)
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"The prompt {path} cannot be read: {error}.") from error
