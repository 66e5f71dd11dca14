"""MusicCaps: captions of 10 s of music on YouTube, beside audio that the user has. `musiccaps:PATH?audio=FOLDER`.

The dataset (huggingface.co/datasets/google/MusicCaps, from kaggle.com/datasets/googleai/musiccaps) is one table,
`musiccaps-public.csv`, without audio: ytid,start_s,end_s,audioset_positive_labels,aspect_list,caption,author_id,
is_balanced_subset,is_audioset_eval. The audio is looked for in FOLDER, or in PATH, and in all folders below, under the
names that common downloaders give:

    YTID.wav                     the notebook download-musiccaps-dataset and most that follow it
    [YTID]-[START-END].wav       the scripts of LP-MusicCaps
    YTID_START.wav, YTID_START_END.wav

with any usual extension. Every row is listed; where its audio is not there, `path` says where `YTID.wav` would be, and
the scan counts the clip as `missing`. A file must hold the ten seconds alone, not the whole video.

The captions are under CC BY-SA 4.0, as both pages say. The audio comes with no grant at all, so its licence is unknown
and only the profile `recipe` takes it, unless `license=` states what you know.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from twnm_schemas.errors import StoreError
from twnm_schemas.licences import UNKNOWN, parse_license
from twnm_sim.clips.audioset_ontology import ancestor_ids, say_class, split_leaves
from twnm_sim.clips.datasets import COLLECTIONS
from twnm_sim.clips.listing import ClipSpec, Found
from twnm_sim.clips.tables import read_table

TABLE = "musiccaps-public.csv"
_COLUMNS = ("ytid", "start_s", "end_s", "audioset_positive_labels", "caption", "is_audioset_eval")
_MUSIC = "/m/04rlf"
_EXTENSIONS = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff"})


def list_clips(spec: ClipSpec) -> Iterator[Found]:
    """Every row of the table; `source_split` is "eval" or "train", as in AudioSet.

    Raises StoreError for a table that is missing or malformed, and where the audio of no row is there.
    """
    root = Path(spec.place)
    audio = Path(spec.options["audio"]) if spec.options.get("audio") else root
    rows = list(read_table(root / TABLE, _COLUMNS))
    files = _index_audio(audio)
    paths = [_find_audio(row, files) for row in rows]
    if not any(paths):
        looked_for = f"{rows[0]['ytid']}.wav" if rows else "YTID.wav"
        raise StoreError(f"{audio} holds the audio of no row of {root / TABLE}; looked for {looked_for} and the like.")
    license_id = parse_license(spec.options["license"]) if spec.options.get("license") else UNKNOWN
    for row, path in zip(rows, paths, strict=True):
        yield _describe(row, path or audio / f"{row['ytid']}.wav", license_id)


def _index_audio(folder: Path) -> dict[str, Path]:
    """Every sound file below the folder by its name without extension."""
    if not folder.is_dir():
        raise StoreError(f"{folder} is no folder; give the one that holds the audio as audio=FOLDER.")
    return {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _EXTENSIONS}


def _find_audio(row: dict[str, str], files: dict[str, Path]) -> Path | None:
    ytid, start, end = row["ytid"], row["start_s"], row["end_s"]
    names = (f"{ytid}_{start}_{end}", f"[{ytid}]-[{start}-{end}]", f"{ytid}_{start}", ytid)
    return next((files[name] for name in names if name in files), None)


def _say_label(leaves: Sequence[str]) -> str:
    """The first class that is music or a kind of it; a video of music may show speech or a small room as well."""
    of_music = (mid for mid in leaves if _MUSIC in {mid, *ancestor_ids(mid)})
    return say_class(next(of_music, leaves[0])) if leaves else ""


def _describe(row: dict[str, str], path: Path, license_id: str) -> Found:
    ytid = row["ytid"]
    leaves, broader = split_leaves(filter(None, row["audioset_positive_labels"].split(",")))
    return Found(
        clip_id=f"musiccaps:{ytid}",
        dataset="musiccaps",
        path=str(path),
        label=_say_label(leaves),
        labels=tuple(map(say_class, leaves)),
        audioset_ids=leaves,
        ancestors=tuple(map(say_class, broader)),
        caption=row["caption"],
        caption_license=COLLECTIONS["musiccaps"].caption_license,
        video_id=ytid,
        source_url=f"https://www.youtube.com/watch?v={ytid}&t={row['start_s']}",
        license=license_id,
        source_split="eval" if row["is_audioset_eval"] == "True" else "train",
    )
