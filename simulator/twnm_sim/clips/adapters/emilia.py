"""Emilia and Emilia-YODAS: speech in six languages, read from its WebDataset tars. `emilia:PATH`.

PATH is a folder with tars at any depth, as in huggingface.co/datasets/amphion/Emilia-Dataset:

    Emilia/EN/EN-B000000.tar          EN_B00000_S00000_W000000.mp3 and .json: id, wav, text, duration, speaker,
                                      language, dnsmos
    Emilia-YODAS/DE/DE-B000000.tar    DE_B000000_S00109_W000023.mp3 and .json: _id, text, duration, speaker, language,
                                      dnsmos, phone_count

A record with `_id` is one of YODAS; its speaker, "DE_wSq11gYbUgU_SPEAKER_04", carries the YouTube id. Tars are read
once from front to end, headers and JSON only.

The dataset's card puts Emilia under CC BY-NC 4.0 and Emilia-YODAS under CC BY 4.0, and this is what is recorded. But it
says as well that the copyright of the audio stays with the owners of the videos, so the profile `recipe`, which
publishes no audio, is the only safe one for both; `license=LicenseRef-unknown` holds you to it.
"""

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from twnm_schemas.errors import StoreError
from twnm_schemas.licences import parse_license
from twnm_sim.clips.datasets import COLLECTIONS
from twnm_sim.clips.listing import ClipSpec, Found
from twnm_sim.clips.tables import number_in, parse_json_object, text_in

_VIDEO = re.compile(r"[A-Z]{2}_(?P<video>[A-Za-z0-9_-]{11})_(?:SPEAKER_\d+|W\d+)")
_AUDIO = frozenset({"mp3", "wav", "flac", "m4a", "ogg"})
_END = 2 * tarfile.BLOCKSIZE
_SPEECH = "/m/09x0r"  # the class "Speech" of AudioSet


class _Place(NamedTuple):
    """Where a member lies: its name and the byte of its first header."""

    name: str
    offset: int


def list_clips(spec: ClipSpec) -> Iterator[Found]:
    """Every utterance of every tar, in the order of their names; `member` and `offset` say where the audio lies.

    Raises StoreError where there is no tar, for one that is cut or damaged, for a record without a field that is
    needed, and for audio without a record or a record without audio.
    """
    for path in _find_tars(Path(spec.place)):
        for place, record in _iter_records(path):
            yield _describe(path, place, record, spec.options.get("license", ""))


def _find_tars(place: Path) -> list[Path]:
    tars = sorted(path for path in place.rglob("*.tar") if path.is_file())
    if not tars:
        raise StoreError(f"{place} is not Emilia: it holds no tar such as EN-B000000.tar.")
    return tars


def _iter_records(path: Path) -> Iterator[tuple[_Place, dict[str, Any]]]:
    """Each audio member with its record, once both have been met."""
    audio: dict[str, _Place] = {}
    records: dict[str, dict[str, Any]] = {}
    with path.open("rb") as stream:
        for info in _iter_files(path, stream):
            key, _, extension = info.name.rpartition("/")[2].partition(".")
            if extension == "json":
                stream.seek(info.offset_data)
                records[key] = parse_json_object(stream.read(info.size), f"{info.name} in {path}")
            elif extension in _AUDIO:
                audio[key] = _Place(info.name, info.offset)
            if key in audio and key in records:
                yield audio.pop(key), records.pop(key)
    for place in audio.values():
        raise StoreError(f"{path} holds {place.name} without its record; fetch the tar again.")
    for key in records:
        raise StoreError(f"{path} holds the record {key}.json without its audio; fetch the tar again.")


def _iter_files(path: Path, stream: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """The regular files of a tar; only headers are read."""
    last = "its start"
    try:
        with tarfile.open(fileobj=stream, mode="r:") as tar:
            while (info := tar.next()) is not None:
                last = info.name
                if info.isfile():
                    yield info
    except tarfile.TarError as error:
        raise StoreError(f"{path} is cut or damaged after {last} ({error}); fetch it again.") from error
    if _lacks_end(stream):
        raise StoreError(f"{path} is cut after {last}: its end is missing; fetch it again.")


def _lacks_end(stream: BinaryIO) -> bool:
    """Whether the two empty blocks are missing with which POSIX ends every tar."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _END))
    tail = stream.read()
    return len(tail) < _END or any(tail)


def _describe(path: Path, place: _Place, record: dict[str, Any], license_text: str) -> Found:
    dataset = "emilia-yodas" if "_id" in record else "emilia"
    where = f"The record of {place.name} in {path}"
    original = _read_id(record, where)
    speaker = text_in(record, "speaker", where)
    video = _find_video(speaker, original)
    return Found(
        clip_id=f"{dataset}:{original}",
        dataset=dataset,
        path=str(path),
        member=place.name,
        offset=place.offset,
        label="speech",
        labels=("speech",),
        audioset_ids=(_SPEECH,),
        caption=text_in(record, "text", where).strip(),
        language=text_in(record, "language", where),
        speaker=speaker,
        video_id=video,
        source_url=f"https://www.youtube.com/watch?v={video}" if video else "",
        license=parse_license(license_text) if license_text else COLLECTIONS[dataset].license,
        dnsmos=number_in(record, "dnsmos", where),
    )


def _read_id(record: dict[str, Any], where: str) -> str:
    for field in ("_id", "id"):
        if original := text_in(record, field, where) if field in record else "":
            return original
    raise StoreError(f"{where} has neither 'id' nor '_id'.")


def _find_video(*names: str) -> str:
    """The YouTube id in a name of YODAS, or "" where there is none."""
    matches = (_VIDEO.fullmatch(name) for name in names)
    return next((match["video"] for match in matches if match), "")
