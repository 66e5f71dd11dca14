"""Any folder of sound files: `folder:PATH`.

The label of a file is the name of the folder it lies in, or comes from one of:

- a table: `labels.csv` in the folder if it is there, or `?labels=FILE`. It has the columns `file` (from the folder on)
  and `label`, and may have `labels` (with ";" between them), `caption`, `caption_license` (where it is not that of the
  sound), `license`, `uploader`, `freesound_id`, `video_id`, `speaker`, `language`, `title`, `source_url` and `split`
  (the dataset's own, kept as the clip's `source_split`); another column is refused. Only files in it are listed;
- texts beside the files: `?labels=txt`. The first line of `dog.txt` ("A dog.") is the caption of `dog.ogg`, and without
  its article and stop the label; where it is longer than four words, the file's name is. Files without a text are not
  listed. Tux Paint's stamps are laid out so (Debian: tuxpaint-stamps-default, GPL-2.0-or-later).

`?license=SPDX` is the licence where the table names none. A clip's id is the dataset's name and the path from the
folder on; `?name=NAME` is that name in place of the folder's own, which is another where the folder is renamed.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.licences import UNKNOWN, parse_license
from twnm_sim.clips.listing import ClipSpec, Found
from twnm_sim.clips.tables import read_table, read_text

SUFFIXES = frozenset(
    {".aif", ".aiff", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav", ".wave"}
)
OPTIONS = frozenset({"license", "labels", "name"})
TABLE_NAME = "labels.csv"
_COLUMNS = ("file", "label")
_OPTIONAL = (
    *("labels", "caption", "caption_license", "license", "uploader", "freesound_id", "video_id", "speaker"),
    *("language", "title", "source_url", "split"),
)
_LONGEST_LABEL = 4  # words; more is a sentence about the thing


def list_clips(spec: ClipSpec) -> Iterator[Found]:
    """Every sound file, in the order of the table or of the paths.

    Raises SpecError for a folder that is not there or holds no sound file and for an unknown option, StoreError for a
    table that is missing or cannot be used.
    """
    root = Path(spec.place)
    if not root.is_dir():
        raise SpecError(f"The folder {root} of the clips '{spec.text}' is not there.")
    if unknown := sorted(spec.options.keys() - OPTIONS):
        raise SpecError(
            f"The clips '{spec.text}' have no option '{unknown[0]}'; there are {', '.join(sorted(OPTIONS))}."
        )
    dataset = spec.options.get("name") or root.resolve().name
    labels = spec.options.get("labels", "")
    if labels == "txt":
        return _list_with_texts(root, dataset)
    if labels or (root / TABLE_NAME).is_file():
        return _list_table(root, root / (labels or TABLE_NAME), dataset)
    return _list_by_folder(root, dataset)


def find_sounds(root: Path) -> Iterator[Path]:
    """The sound files in the folder and below it, in the order of their paths. Raises SpecError if there is none."""
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise SpecError(f"The folder {root} holds no sound file ({', '.join(sorted(SUFFIXES))}).")
    yield from paths


def say_name(name: str) -> str:
    """The name of a file or folder in plain words: "002 - Sea_waves" is "sea waves"."""
    return re.sub(r"[_\s]+", " ", re.sub(r"^\d+ - ", "", name)).strip().lower()


def _list_by_folder(root: Path, dataset: str) -> Iterator[Found]:
    for path in find_sounds(root):
        yield _describe(root, path, dataset, say_name(path.resolve().parent.name))


def _list_with_texts(root: Path, dataset: str) -> Iterator[Found]:
    for path in find_sounds(root):
        text_path = path.with_suffix(".txt")
        if text_path.is_file():
            lines = read_text(text_path).splitlines()
            text = lines[0].strip() if lines else ""
            yield _describe(root, path, dataset, label_from_text(text) or say_name(path.stem), {"caption": text})


def label_from_text(text: str) -> str:
    """ "A colorful rooster." is "colorful rooster"; "" for what is longer than a name."""
    words = re.sub(r"^(?:an?|the)\s+", "", text.strip().rstrip(".!"), flags=re.IGNORECASE).split()
    return " ".join(words) if len(words) <= _LONGEST_LABEL else ""


def _list_table(root: Path, table: Path, dataset: str) -> Iterator[Found]:
    root = Path(os.path.abspath(root))
    for row in read_table(table, _COLUMNS, optional=_OPTIONAL):
        path = Path(os.path.abspath(root / row["file"]))
        if not path.is_relative_to(root):
            raise StoreError(f"{table} names '{row['file']}', which does not lie in {root}; name files from there on.")
        yield _describe(root, path, dataset, row["label"], row)


def _describe(root: Path, path: Path, dataset: str, label: str, row: dict[str, str] | None = None) -> Found:
    told = row or {}
    listed = tuple(name.strip() for name in told.get("labels", "").split(";") if name.strip())
    labels = tuple(dict.fromkeys((label, *listed))) if label else listed
    return Found(
        clip_id=f"{dataset}:{path.relative_to(root).as_posix()}",
        dataset=dataset,
        path=str(path),
        label=next(iter(labels), ""),
        labels=labels,
        audioset_ids=("",) * len(labels),
        caption=told.get("caption", ""),
        caption_license=_read_license(told.get("caption_license", "")),
        language=told.get("language", ""),
        speaker=told.get("speaker", ""),
        uploader=told.get("uploader", ""),
        freesound_id=told.get("freesound_id", ""),
        video_id=told.get("video_id", ""),
        title=told.get("title", ""),
        source_url=told.get("source_url", ""),
        license=_read_license(told.get("license", "")) or UNKNOWN,
        source_split=told.get("split", ""),
    )


def _read_license(text: str) -> str:
    return parse_license(text) if text.strip() else ""
