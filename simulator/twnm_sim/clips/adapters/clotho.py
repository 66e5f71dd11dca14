"""Clotho v2: Freesound recordings of 15 to 30 s, each with five captions. `clotho:PATH`.

The layout is what the archives of zenodo.org/records/4783391 unpack to, with the CSV files beside them; the two folders
that the package aac-datasets makes of it, `clotho_audio_files` and `clotho_csv_files`, are found too:

    development/*.wav, validation/*.wav, evaluation/*.wav
    clotho_captions_development.csv      file_name,caption_1,...,caption_5
    clotho_metadata_development.csv      file_name,keywords,sound_id,sound_link,start_end_samples,manufacturer,license

File names may begin with a space. The metadata are in ISO 8859-1, the captions in UTF-8; "Not found" stands in the
metadata for what is not known; the manufacturer is the Freesound user. Clotho has no classes: its keywords are the
uploader's tags. All of them are the labels here, in lower case, and the first is the label; the first caption is the
caption.

Every recording has its own licence; the captions are under terms of Tampere University (`LICENSE` of
github.com/audio-captioning/clotho-dataset, to which zenodo.org/records/4783391 points), in short non-commercial with
attribution.
"""

from collections.abc import Iterator
from pathlib import Path

from twnm_schemas.errors import StoreError
from twnm_schemas.licences import parse_license
from twnm_sim.clips.datasets import COLLECTIONS
from twnm_sim.clips.listing import ClipSpec, Found
from twnm_sim.clips.tables import read_table

_PARTS = ("development", "validation", "evaluation")
_METADATA = ("file_name", "keywords", "sound_id", "sound_link", "manufacturer", "license")


def list_clips(spec: ClipSpec) -> Iterator[Found]:
    """Every clip of the parts whose audio folder is there; `source_split` is the part.

    Raises StoreError where no audio folder is there, and for tables that are missing, malformed or do not agree.
    """
    root = Path(spec.place)
    folders = {part: _find(root, "clotho_audio_files", part) for part in _PARTS}
    if not any(folder.is_dir() for folder in folders.values()):
        raise StoreError(f"{root} is not Clotho: none of the folders {', '.join(_PARTS)} is there.")
    for part, folder in folders.items():
        if folder.is_dir():
            yield from _list_part(root, part, folder)


def _find(root: Path, folder: str, name: str) -> Path:
    """`name` in the root, or in this folder of it if it is there."""
    inner = root / folder / name
    return inner if inner.exists() else root / name


def _list_part(root: Path, part: str, audio: Path) -> Iterator[Found]:
    captions_path = _find(root, "clotho_csv_files", f"clotho_captions_{part}.csv")
    captions = {row["file_name"]: row["caption_1"] for row in read_table(captions_path, ("file_name", "caption_1"))}
    metadata_path = _find(root, "clotho_csv_files", f"clotho_metadata_{part}.csv")
    for row in read_table(metadata_path, _METADATA, encoding="iso-8859-1"):
        name = row["file_name"]
        if name not in captions:
            raise StoreError(f"{captions_path} has no captions for '{name}', which {metadata_path.name} lists.")
        yield _describe(row, captions[name], audio / name, part)


def _describe(row: dict[str, str], caption: str, path: Path, part: str) -> Found:
    keywords = tuple(dict.fromkeys(word for word in map(str.strip, row["keywords"].lower().split(";")) if word))
    return Found(
        clip_id=f"clotho:{path.name}",
        dataset="clotho",
        path=str(path),
        label=keywords[0] if keywords else "",
        labels=keywords,
        audioset_ids=("",) * len(keywords),
        caption=caption,
        caption_license=COLLECTIONS["clotho"].caption_license,
        uploader=_known(row["manufacturer"]),
        freesound_id=_known(row["sound_id"]),
        title=path.stem.strip(),
        source_url=_known(row["sound_link"]),
        license=parse_license(row["license"]),
        source_split=part,
    )


def _known(text: str) -> str:
    return "" if text.strip().lower() == "not found" else text.strip()
