"""Which kinds of clips there are, which module lists each, and by which file a dataset's folder is known.

A module is imported when its kind is used, so that one dataset's needs are not every user's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from twnm_schemas.errors import SpecError
from twnm_sim.clips.listing import Adapter, ClipSpec, Found

CATALOG = "catalog"  # rows of a catalog made before; they are not listed but read


@dataclass(frozen=True)
class Kind:
    """`module`: in this folder. `markers`: glob patterns, one of which a folder of this kind must hold."""

    module: str
    markers: tuple[str, ...] = ()
    needs_place: bool = True


KINDS: dict[str, Kind] = {
    "fsd50k": Kind("fsd50k", ("FSD50K.ground_truth/dev.csv", "FSD50K.ground_truth/eval.csv")),
    "clotho": Kind("clotho", ("clotho_captions_*.csv", "clotho_csv_files/clotho_captions_*.csv")),
    "musiccaps": Kind("musiccaps", ("musiccaps-public.csv",)),
    "emilia": Kind("emilia", ("*-B[0-9]*.tar", "Emilia*/*/*.tar", "*/*-B[0-9]*.tar")),
    "esc50": Kind("esc50", ("meta/esc50.csv",)),
    "esc10": Kind("esc50", ("001 - Dog bark", "101 - Dog", "1-[0-9]*-A.ogg")),
    "hf": Kind("huggingface"),
    "builtin": Kind("builtin", needs_place=False),
    "espeak": Kind("espeak", needs_place=False),
    "folder": Kind("folder"),
    CATALOG: Kind(""),
}


def recognise(folder: Path) -> str:
    """The kind of dataset that the folder holds; "folder" where none is known by a file of its own."""
    for kind, entry in KINDS.items():
        if any(next(folder.glob(marker), None) is not None for marker in entry.markers):
            return kind
    return "folder"


def list_spec(spec: ClipSpec) -> Iterator[Found]:
    """What the spec's adapter finds. Raises SpecError for a folder that is not there, and what the adapter raises."""
    entry = KINDS[spec.kind]
    if entry.markers and not Path(spec.place).is_dir():
        raise SpecError(f"The folder {spec.place} of the clips '{spec.text}' is not there.")
    list_clips = cast(Adapter, import_module(f"twnm_sim.clips.adapters.{entry.module}").list_clips)
    return list_clips(spec)
