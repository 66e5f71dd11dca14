"""Any audio dataset that the package `datasets` loads, from the Hugging Face Hub or a local folder.

`hf:ORG/NAME?label=category&split=train&config=...&audio=audio&caption=...&speaker=...&uploader=...&license=...&max=1000`

`label` names the column of the class (class labels become their names; a list gives several); `class=speech` gives
every clip this one class instead. `split` is "train" and `audio` "audio" where not said. `caption`, `language`,
`speaker`, `uploader`, `freesound_id` and `video_id` name columns too, `revision` a version of the dataset. `license`
states the terms where the dataset does not say them itself, `caption_license` those of the captions where they differ.

A dataset made of others (ESC-50, AudioSet) shares recordings with them: name the columns that say whose they are, so
that one recording is not heard in two splits.

Rows are streamed. The audio is not decoded: its bytes are written as they are to tars in `store=FOLDER`, by default in
the user's cache under `hf/`, so that a clip can be read again. Listing again reads the store and fetches only what is
not in it; a run that was stopped loses at most one tar. A dataset that changes keeps its old clips in the store unless
a `revision` is named.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twnm_schemas.errors import MissingExtraError, SpecError, StoreError
from twnm_schemas.licences import UNKNOWN, parse_license
from twnm_shards.files import appearing, check_writable, disk_errors, write_json
from twnm_shards.tars import END_OF_ARCHIVE, write_sample
from twnm_sim.caches import cache_folder
from twnm_sim.clips.listing import ClipSpec, Found
from twnm_sim.clips.tables import read_json_object

if TYPE_CHECKING:
    from datasets import Audio, IterableDataset

_FORMAT = 2  # raised when the store keeps other things of a row
_CLIPS_PER_TAR = 1000
_BYTES_PER_TAR = 64 << 20
# options that name a column of one text
_TEXTS = ("caption", "language", "speaker", "uploader", "freesound_id", "video_id")
_OPTIONS = frozenset(
    {"audio", "caption_license", "class", "config", "label", "license", "max", "revision", "split", "store", *_TEXTS},
)
_MAGIC = ((b"RIFF", "wav"), (b"fLaC", "flac"), (b"OggS", "ogg"), (b"FORM", "aiff"), (b"ID3", "mp3"), (b"\xff", "mp3"))
_UNLABELLED = -1  # what `datasets` has for a class label that is not known


@dataclass(frozen=True)
class _Request:
    """What of the dataset is asked for. `columns`: the column by the option that names it."""

    place: str
    config: str
    split: str
    revision: str
    class_name: str
    columns: Mapping[str, str]

    @property
    def store_name(self) -> str:
        """A folder's name that changes with all that changes what is stored."""
        key = [_FORMAT, self.place, self.config, self.split, self.revision, sorted(self.columns.items())]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
        return f"{re.sub('[^A-Za-z0-9_-]+', '--', self.place).strip('-')}-{digest[:12]}"


class _Stored(NamedTuple):
    """A clip in the store: the tar, and what its marker says of the clip."""

    tar: Path
    row: dict[str, Any]


def list_clips(spec: ClipSpec) -> Iterator[Found]:
    """Every row, or the first `max`, fetching into the store what is not in it yet.

    Raises SpecError for options that cannot be used, MissingExtraError where `datasets` is not installed, StoreError
    for a dataset, configuration, split or column that is not there, and MachineError on a full disk.
    """
    request, limit = _read_request(spec), _read_limit(spec)
    store = Path(spec.options.get("store") or cache_folder() / "hf") / request.store_name
    for index, stored in enumerate(islice(_list_stored(request, store, limit), limit)):
        yield _describe(request, spec.options, index, stored)


def _read_request(spec: ClipSpec) -> _Request:
    options = spec.options
    if unknown := sorted(options.keys() - _OPTIONS):
        known = ", ".join(sorted(_OPTIONS))
        raise SpecError(f"The clips '{spec.text}' have no option '{unknown[0]}'; there are {known}.")
    if bool(options.get("label")) == bool(options.get("class")):
        raise SpecError(f"The clips '{spec.text}' need one of label=COLUMN and class=NAME to say what is heard.")
    return _Request(
        place=spec.place,
        config=options.get("config", ""),
        split=options.get("split", "train"),
        revision=options.get("revision", ""),
        class_name=options.get("class", ""),
        columns={"audio": "audio"} | {name: options[name] for name in ("audio", "label", *_TEXTS) if options.get(name)},
    )


def _read_limit(spec: ClipSpec) -> int | None:
    limit = spec.options.get("max")
    if limit is None:
        return None
    if not limit.isdecimal() or not int(limit):
        raise SpecError(f"The option max={limit} of the clips '{spec.text}' is no number of clips.")
    return int(limit)


def _describe(request: _Request, options: Mapping[str, str], index: int, stored: _Stored) -> Found:
    row = stored.row
    local = Path(request.place).exists()
    dataset = Path(request.place).name if local else request.place
    part = f"{request.config}-{request.split}" if request.config else request.split
    labels = (request.class_name,) if request.class_name else tuple(row["labels"])
    return Found(
        clip_id=f"{dataset}:{part}-{index:08d}",
        dataset=dataset,
        path=str(stored.tar),
        member=row["member"],
        offset=row["offset"],
        label=labels[0] if labels else "",
        labels=labels,
        audioset_ids=("",) * len(labels),
        **{name: row[name] for name in _TEXTS},
        caption_license=parse_license(options["caption_license"]) if options.get("caption_license") else "",
        source_url="" if local else f"https://huggingface.co/datasets/{request.place}",
        license=parse_license(options["license"]) if options.get("license") else row["license"],
        source_split=request.split,
    )


# The store holds rows-000000.tar and, written after it, rows-000000.json: that the tar is whole, what its clips are,
# where the stream stood after the last of them, and whether that was the end.


def _list_stored(request: _Request, store: Path, limit: int | None) -> Iterator[_Stored]:
    """What is in the store, then what is put there as it is asked for."""
    listed, marker = 0, None
    for part in count():
        tar = store / f"rows-{part:06d}.tar"
        found = _read_marker(tar)
        if found is None:
            break
        marker = found
        yield from (_Stored(tar, row) for row in marker["rows"])
        listed += len(marker["rows"])
    if marker is not None and marker["ended"]:
        return
    _require_datasets(request)
    check_writable(store)
    source = _Source(request, marker["state"] if marker else None)
    while not source.ended:
        wanted = _CLIPS_PER_TAR if limit is None else min(_CLIPS_PER_TAR, limit - listed)
        tar = store / f"rows-{part:06d}.tar"
        rows = _fetch_tar(source, tar, wanted)
        yield from (_Stored(tar, row) for row in rows)
        part, listed = part + 1, listed + len(rows)


def _read_marker(tar: Path) -> dict[str, Any] | None:
    """The marker of a tar that is there in full; None where the tar has to be written (again)."""
    try:
        marker = read_json_object(tar.with_suffix(".json"))
        return marker if tar.stat().st_size == marker["bytes"] else None
    except (StoreError, OSError, KeyError):
        return None


def _fetch_tar(source: "_Source", path: Path, wanted: int) -> list[dict[str, Any]]:
    """Write a tar of at most so many clips, then its marker; return what the marker says of them."""
    rows: list[dict[str, Any]] = []
    offset = 0
    with disk_errors(path.parent):
        with appearing(path) as tar:
            while len(rows) < wanted and offset < _BYTES_PER_TAR and (clip := source.take()):
                key = f"{path.stem}-{len(rows):06d}"
                rows.append({"member": f"{key}.{clip.extension}", "offset": offset, **clip.about})
                offset += write_sample(tar, key, [(clip.extension, clip.data)])
            tar.write(END_OF_ARCHIVE)
        size = offset + len(END_OF_ARCHIVE)
        marker = {"bytes": size, "rows": rows, "state": source.tell(), "ended": source.ended}
        write_json(path.with_suffix(".json"), marker)
    return rows


class _Clip(NamedTuple):
    """One row as it came: its audio as it is, and what the store keeps of the rest."""

    extension: str
    data: bytes
    about: dict[str, Any]


class _Source:
    """The dataset's rows in their order, from the beginning or from where `tell` once was; `ended` after the last."""

    def __init__(self, request: _Request, state: dict[str, Any] | None) -> None:
        self._request = request
        with _refusals(request):
            self._stream = _load(request)
        self._say_labels = _find_names(self._stream, request.columns.get("label", ""))
        self._license = parse_license(self._stream.info.license) if self._stream.info.license else UNKNOWN
        if state is not None:
            self._stream.load_state_dict(state)
        self._rows = iter(self._stream)
        self.ended = False

    def tell(self) -> dict[str, Any]:
        """Where the stream stands: plain values, for `state`."""
        return dict(self._stream.state_dict())

    def take(self) -> _Clip | None:
        with _refusals(self._request):
            row = next(self._rows, None)
            if row is None:
                self.ended = True
                return None
            extension, data = _read_audio(row[self._request.columns["audio"]])
            return _Clip(extension, data, self._keep(row))

    def _keep(self, row: dict[str, Any]) -> dict[str, Any]:
        columns = self._request.columns
        texts = {name: _say(row[columns[name]]) if name in columns else "" for name in _TEXTS}
        labels = self._say_labels(row[columns["label"]]) if "label" in columns else []
        return {"labels": labels, "license": self._license, **texts}


def _require_datasets(request: _Request) -> None:
    if find_spec("datasets") is None:
        raise MissingExtraError(
            f"The dataset '{request.place}' is read with the package 'datasets', which is not installed: "
            "pip install 'twnm[hf]'."
        )


@contextmanager
def _refusals(request: _Request) -> Iterator[None]:
    """Turn what `datasets` and the Hub say of a dataset, configuration or split they cannot give into one sentence."""
    import pyarrow as pa
    from datasets.exceptions import DatasetsError

    try:
        yield
    except (OSError, ValueError, DatasetsError, pa.ArrowException) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        raise StoreError(f"The dataset '{request.place}' cannot be read: {reason}.") from error


def _load(request: _Request) -> "IterableDataset":
    from datasets import load_dataset

    stream = load_dataset(
        request.place,
        name=request.config or None,
        split=request.split,
        revision=request.revision or None,
        streaming=True,
    )
    _check_columns(request, stream.column_names or list(next(iter(stream), {})))
    audio = request.columns["audio"]
    return stream.cast_column(audio, _as_it_is()) if stream.features else stream


def _check_columns(request: _Request, present: list[str]) -> None:
    for option, column in request.columns.items():
        if column not in present:
            there = ", ".join(present)
            raise StoreError(
                f"The dataset '{request.place}' has no column '{column}'; its columns are {there}: say {option}=COLUMN."
            )


def _as_it_is() -> "Audio":
    """Audio that stays in its file. The class's own `encode_example` asks for torch and torchcodec (datasets 5.2) even
    where, as with `decode=False`, nothing is decoded or encoded."""
    from datasets import Audio

    class Undecoded(Audio):  # type: ignore[misc]
        def encode_example(self, value: Any) -> Any:
            return {"bytes": None, "path": value} if isinstance(value, str) else value

    return Undecoded(decode=False)


def _find_names(stream: "IterableDataset", column: str) -> Callable[[Any], list[str]]:
    """A function from a value of this column to its classes in plain words."""
    feature = (stream.features or {}).get(column)
    int2str: Callable[[Any], str] = getattr(getattr(feature, "feature", feature), "int2str", str)

    def say(value: Any) -> list[str]:
        values = value if isinstance(value, list) else [value]
        known = (each for each in values if each is not None and each != _UNLABELLED)
        return [int2str(each).replace("_", " ").strip().lower() for each in known]

    return say


def _say(value: Any) -> str:
    """A cell as text: of several captions the first, and a number that a table made a float as the integer it was."""
    if isinstance(value, list):
        return _say(value[0]) if value else ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else "" if math.isnan(value) else str(value)
    return "" if value is None else str(value).strip()


def _read_audio(value: Any) -> tuple[str, bytes]:
    """The extension and bytes of a cell; no bytes where the cell is empty, which the scan then counts."""
    if not isinstance(value, str | dict | None):
        raise ValueError("its audio column holds no audio")
    cell: dict[str, Any] = {"path": value} if isinstance(value, str) else value or {}
    path: str = cell.get("path") or ""
    data: bytes | None = cell.get("bytes")
    if data is None and path:
        import fsspec

        with fsspec.open(path, "rb") as stream:
            data = stream.read()
    return _find_extension(path, data or b""), data or b""


def _find_extension(path: str, data: bytes) -> str:
    suffix = path.rpartition("/")[2].rpartition(".")[2].lower()
    if "." in path and re.fullmatch("[a-z0-9]{2,4}", suffix):
        return suffix
    return next((extension for magic, extension in _MAGIC if data.startswith(magic)), "bin")
