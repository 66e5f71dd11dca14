"""What the options of `twnm-sim render` say: room ranges from a file, outputs, and what is wrong with a value."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

    from twnm_schemas.rooms import RoomSpec

_OPTIONS = {  # what the recipe's fields are called on the command line
    "sources_per_room": "--sources-per-room",
    "sample_rate": "--sample-rate",
    "duration_s": "--duration",
    "highpass_hz": "--highpass",
    "temperature_c": "--temperature",
    "humidity_percent": "--humidity",
    "pressure_kpa": "--pressure",
}


def read_room_spec(path: Path | None) -> "RoomSpec":
    """The room ranges of a file, or the default ones. Raises SpecError for what cannot be used."""
    from pydantic import ValidationError

    from twnm_schemas.errors import SpecError
    from twnm_schemas.rooms import RoomSpec

    if path is None:
        return RoomSpec()
    try:
        return RoomSpec.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SpecError(f"The room spec {path} cannot be read ({error.strerror}); give a JSON file.") from error
    except ValidationError as error:
        raise SpecError(f"The room spec {path} is not usable: {_explain(error)}") from error


def split_outputs(output: str) -> tuple[str, ...]:
    """Which outputs --output names, in their usual order. Raises SpecError for one that is not known, and for none."""
    from twnm_schemas.errors import SpecError

    known = ("binaural", "foa", "mono")
    given = {name.strip() for name in output.split(",") if name.strip()}
    if not given or given - set(known):
        raise SpecError(f"--output {output} is not usable; give any of {','.join(known)} with commas between them.")
    return tuple(name for name in known if name in given)


def _explain(error: "ValidationError") -> str:
    """One sentence for what pydantic found first in a file."""
    detail = error.errors()[0]
    if not detail["loc"]:  # the file as a whole: no JSON
        return f"{detail['msg']}."
    place = ".".join(str(part) for part in detail["loc"])
    return f"{place}: {detail['msg']} (given: {str(detail.get('input'))[:60]})."


def explain_option(error: "ValidationError") -> str:
    """One sentence for an option that pydantic refused, by the name that the user gave it."""
    detail = error.errors()[0]
    field = str(detail["loc"][-1])
    message = detail["msg"][:1].lower() + detail["msg"][1:]
    return f"{_OPTIONS.get(field, field)} {str(detail.get('input'))[:60]} is not usable: {message}."
