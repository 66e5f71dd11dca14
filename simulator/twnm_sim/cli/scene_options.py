"""A scene spec from a file and from what the options of `twnm-sim compose` say."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twnm_schemas.scenes import SceneSpec


def read_scene_spec(path: Path | None, options: dict[str, Any]) -> "SceneSpec":
    """The spec of a file, or the default one, with what the options give in place of its fields.

    Raises SpecError, naming the option or the field, for what cannot be used.
    """
    import json

    from pydantic import ValidationError

    from twnm_schemas.constraints import parse_constraint
    from twnm_schemas.errors import SpecError
    from twnm_schemas.scenes import SceneSpec

    try:
        fields = json.loads(path.read_bytes()) if path else {}
    except OSError as error:
        raise SpecError(f"The scene spec {path} cannot be read ({error.strerror}); give a JSON file.") from error
    except ValueError as error:
        raise SpecError(f"The scene spec {path} is not JSON: {error}.") from error
    except RecursionError:
        raise SpecError(f"The scene spec {path} is nested too deeply to be read; see twnm-sim scene-spec.") from None
    if not isinstance(fields, dict):
        raise SpecError(f"The scene spec {path} is not a JSON object; see twnm-sim scene-spec.")
    given = {name: value for name, value in options.items() if value is not None}
    readers: dict[str, Callable[[Any], object]] = {
        "sources": _read_sources,
        "constraints": lambda words: [parse_constraint(text) for text in words],
        "include": _split_words,
        "loudness": _read_loudness,
        "ambience": lambda text: {"snr_db": _read_range("--ambience", text)},
        "noise_dbfs": lambda text: _read_range("--noise", text),
    }
    if "clips" in given and isinstance(fields.get("clips", {}), dict):
        given["clips"] = {**fields.get("clips", {}), "labels": _split_words(given["clips"])}
    if "rooms" in given and isinstance(fields.get("rooms", {}), dict):
        given["rooms"] = {**fields.get("rooms", {}), "origins": [given["rooms"]]}
    fields |= {name: readers[name](value) if name in readers else value for name, value in given.items()}
    if given.keys() & {"constraints", "include"}:
        asked = [fields[name] if name in given else [] for name in ("constraints", "include")]
        fields.setdefault("sources", _enough_sources(*asked))
    if "duration_s" in given:  # clips begin early in a short scene, so that they are heard in it
        latest_s = min(2.0, 0.4 * fields["duration_s"])
        fields.setdefault("onset_s", {"kind": "uniform", "low": 0.0, "high": latest_s})
    try:
        return SceneSpec.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        where = f"{place}: " if place else ""  # what is wrong with the whole names its fields itself
        raise SpecError(f"The scene spec is not usable: {where}{message}.") from error


def _split_words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _enough_sources(constraints: Any, include: list[str]) -> dict[str, object]:
    """As many sources as the constraints and the included classes need, to four."""
    from twnm_schemas.constraints import least_sources
    from twnm_schemas.scenes import least_events

    least = max(1, least_events(include, constraints), *map(least_sources, constraints))
    return {"kind": "choice", "values": [float(number) for number in range(least, max(least, 4) + 1)]}


def _read_sources(text: str) -> dict[str, object]:
    from twnm_schemas.errors import SpecError
    from twnm_schemas.scenes import MAX_SOURCES

    low, _, high = text.partition("-")
    try:
        numbers = range(int(low), int(high or low) + 1)[: MAX_SOURCES + 1]  # one too many is told by the spec
        values = [float(number) for number in numbers]
    except (ValueError, OverflowError):
        values = []
    if not values:
        raise SpecError(f"--sources {text} is not usable; give a number (3) or a range (2-4).")
    return {"kind": "choice", "values": values}


def _read_loudness(text: str) -> dict[str, object]:
    from twnm_schemas.errors import SpecError

    for unit in ("lufs", "dbfs"):
        if text.lower().endswith(unit):
            return {"unit": unit, "value": _read_range("--loudness", text[: -len(unit)])}
    raise SpecError(f"--loudness {text} is not usable; give a range or a value with its unit: -32..-20LUFS, -40dBFS.")


def _read_range(option: str, text: str) -> dict[str, object]:
    """ "5..25" as a uniform distribution, "5" as a constant."""
    from twnm_schemas.errors import SpecError

    low, _, high = text.strip().partition("..")
    try:
        first, last = float(low), float(high or low)
    except ValueError:
        raise SpecError(f"{option} {text} is not usable; give a number, or a range like -80..-60.") from None
    return {"kind": "uniform", "low": first, "high": last} if high else {"kind": "constant", "value": first}
