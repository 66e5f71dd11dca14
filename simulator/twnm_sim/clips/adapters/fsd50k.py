"""FSD50K: Freesound clips with labels from the AudioSet ontology. `fsd50k:PATH`.

The layout is that of the dataset's own README (FSD50K.doc/README.md, zenodo.org/records/4060432):

    FSD50K.dev_audio/64760.wav                         the file's name is its Freesound id
    FSD50K.eval_audio/37199.wav
    FSD50K.ground_truth/dev.csv                        fname,labels,mids,split (train or val)
    FSD50K.ground_truth/eval.csv                       fname,labels,mids
    FSD50K.metadata/dev_clips_info_FSD50K.json         {"64760": {title, description, tags, license, uploader}}
    FSD50K.metadata/eval_clips_info_FSD50K.json

The labels of a clip are "smeared": every broader class is listed too. Its leaf classes are those that are broader than
no other of its classes, and its ancestors the rest. FSD50K follows the ontology only where it holds for the clip (a
bicycle bell is no musical instrument), so ancestors that a clip does not list are not added. Where a clip was labelled
by hand with a class and with one below it, which the files do not tell apart, only the lower one is a leaf.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from twnm_schemas.errors import StoreError
from twnm_schemas.licences import parse_license
from twnm_sim.clips.audioset_ontology import split_leaves
from twnm_sim.clips.listing import ClipSpec, Found
from twnm_sim.clips.tables import read_json_object, read_table, text_in


class _Part(NamedTuple):
    name: str
    columns: tuple[str, ...]


_PARTS = (_Part("dev", ("fname", "labels", "mids", "split")), _Part("eval", ("fname", "labels", "mids")))


def list_clips(spec: ClipSpec) -> Iterator[Found]:
    """Every clip of the parts (dev, eval) whose audio folder is there; `source_split` is train, val or eval.

    Raises StoreError where neither audio folder is there, and for tables that are missing, malformed or do not agree.
    """
    root = Path(spec.place)
    parts = [part for part in _PARTS if _audio_folder(root, part).is_dir()]
    if not parts:
        raise StoreError(f"{root} is not FSD50K: neither FSD50K.dev_audio nor FSD50K.eval_audio is there.")
    for part in parts:
        yield from _list_part(root, part)


def _audio_folder(root: Path, part: _Part) -> Path:
    return root / f"FSD50K.{part.name}_audio"


def _list_part(root: Path, part: _Part) -> Iterator[Found]:
    table = root / "FSD50K.ground_truth" / f"{part.name}.csv"
    info_path = root / "FSD50K.metadata" / f"{part.name}_clips_info_FSD50K.json"
    info = read_json_object(info_path)
    audio = _audio_folder(root, part)
    for row in read_table(table, part.columns):
        about = _read_info(info, row["fname"], info_path)
        labels = _pair_labels(row, table)
        yield _describe(row, labels, about, audio / f"{row['fname']}.wav")


class _Info(NamedTuple):
    title: str
    license: str
    uploader: str


def _read_info(info: dict[str, Any], fname: str, path: Path) -> _Info:
    about = info.get(fname)
    if not isinstance(about, dict):
        raise StoreError(f"{path} says nothing of clip {fname}, which the ground truth lists; fetch the file again.")
    return _Info(*(text_in(about, field, f"Clip {fname} in {path}") for field in _Info._fields))


def _pair_labels(row: dict[str, str], path: Path) -> dict[str, str]:
    """The clip's labels in plain words by their AudioSet ids, in the table's order."""
    labels, mids = _split(row["labels"]), _split(row["mids"])
    if len(labels) != len(mids):
        raise StoreError(f"{path} gives clip {row['fname']} {len(labels)} labels and {len(mids)} ids.")
    return dict(zip(mids, map(say_label, labels), strict=True))


def _split(cell: str) -> list[str]:
    return cell.split(",") if cell else []


def say_label(label: str) -> str:
    """FSD50K's spelling of a class in plain words: "Chirp_and_tweet" is "chirp and tweet"."""
    return label.replace("_", " ").lower()


def _describe(row: dict[str, str], labels: dict[str, str], about: _Info, path: Path) -> Found:
    fname = row["fname"]
    leaves, broader = split_leaves(labels)
    return Found(
        clip_id=f"fsd50k:{fname}",
        dataset="fsd50k",
        path=str(path),
        label=labels[leaves[0]] if leaves else "",
        labels=tuple(labels[mid] for mid in leaves),
        audioset_ids=leaves,
        ancestors=tuple(labels[mid] for mid in broader),
        uploader=about.uploader,
        freesound_id=fname,
        title=about.title,
        source_url=f"https://freesound.org/s/{fname}/",
        license=parse_license(about.license),
        source_split=row.get("split", "eval"),
    )
