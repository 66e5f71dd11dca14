"""How a person names clips: `KIND:PLACE?OPTION=VALUE&...`, or just a path.

`esc50:DIR`, `folder:sounds?license=CC0-1.0`, `builtin`, `hf:ORG/NAME?label=category`. A bare folder is taken for the
dataset whose own file lies in it, else for a plain folder; a bare `*.parquet` is a catalog made before.
"""

import os
from pathlib import Path
from urllib.parse import unquote

from twnm_schemas.errors import SpecError
from twnm_sim.clips.adapters.registry import CATALOG, KINDS, recognise
from twnm_sim.clips.listing import ClipSpec


def parse_spec(text: str) -> ClipSpec:
    """The spec taken apart. Raises SpecError for an unknown kind, a bad option or a path that is not there."""
    kind, colon, rest = text.partition(":")
    name, _, query = (rest if colon else text).partition("?")
    if colon and kind in KINDS:
        return ClipSpec(text, kind, os.path.expanduser(name), _parse_options(text, query))
    place, _, query = text.partition("?")
    if not colon and place in KINDS and not KINDS[place].needs_place:
        return ClipSpec(text, place, "", _parse_options(text, query))
    return ClipSpec(text, _guess_kind(text, place), os.path.expanduser(place), _parse_options(text, query))


def _guess_kind(text: str, place: str) -> str:
    path = Path(place).expanduser()
    if path.suffix == ".parquet":
        return CATALOG
    if path.is_dir():
        return recognise(path)
    raise SpecError(
        f"The clips '{text}' are neither a folder nor a known kind; give a folder, a catalog (*.parquet) or one of "
        f"{', '.join(f'{kind}:' for kind in sorted(KINDS))}."
    )


def _parse_options(text: str, query: str) -> dict[str, str]:
    options = {}
    for pair in query.split("&") if query else ():
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise SpecError(f"The option '{pair}' of the clips '{text}' is not usable; write ?name=value&name=value.")
        options[name] = unquote(value)
    return options
