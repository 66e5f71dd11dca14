"""The clip catalog: one Parquet file, one row a clip, that scenes are drawn from.

Columns are the fields of `twnm_schemas.Clip`; what was rejected when it was made, and from what, is in its metadata.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from twnm_schemas.base import Strict
from twnm_schemas.clips import Clip
from twnm_schemas.errors import StoreError
from twnm_shards.arrow import arrow_schema
from twnm_shards.files import appearing
from twnm_sim.clips.tables import parse_json_object

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet as parquet

FORMAT: Literal["twnm-clips-2"] = "twnm-clips-2"
KEY = b"twnm_catalog"  # of the metadata; a Parquet file without it is somebody else's
ROWS_PER_GROUP = 1 << 16
WHERE_IT_LIES = frozenset({"path", "member", "offset"})  # may differ between machines that hold the same clips
_MAKE_ONE = "make one with twnm-sim clips scan"
_ROWS_AT_ONCE = 1 << 12
_CLIPS = TypeAdapter(tuple[Clip, ...])
_FIELDS = set(Clip.model_fields)
_REPEATING = frozenset(
    {"dataset", "label", "labels", "audioset_ids", "ancestors", "caption_license", "language", "speaker", "uploader"}
    | {"license", "source_split", "group", "split"}
)


class About(Strict):
    """What a catalog's file says of itself. `digest`: of its clips; `rejections`: how many were refused, by reason."""

    format: Literal["twnm-clips-2"] = FORMAT
    digest: str
    rejections: dict[str, int]
    specs: tuple[str, ...]


@dataclass(frozen=True)
class Catalog:
    """Clips in a fixed order; a scene's draw depends on it. `rejections`: how many were refused, by reason."""

    clips: tuple[Clip, ...]
    rejections: Mapping[str, int] = field(default_factory=dict)
    specs: tuple[str, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Clip]:
        """The clips by `clip_id`."""
        return {clip.clip_id: clip for clip in self.clips}

    @cached_property
    def by_sha256(self) -> dict[str, Clip]:
        """The clips by content, whatever they are called; the first of those with equal bytes."""
        return {clip.sha256: clip for clip in reversed(self.clips)}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of every clip in order, but for where it lies: equal on every machine that has these clips."""
        state = hashlib.sha256()
        for first in range(0, len(self.clips), ROWS_PER_GROUP):
            rows = self.clips[first : first + ROWS_PER_GROUP]
            state.update(_CLIPS.dump_json(rows, exclude={"__all__": set(WHERE_IT_LIES)})[1:-1])
            state.update(b",")
        return state.hexdigest()


def write_catalog(
    path: Path, clips: Sequence[Clip], rejections: Mapping[str, int] | None = None, specs: Sequence[str] = ()
) -> None:
    """Write the catalog, whole or not at all; equal clips give equal bytes with one version of pyarrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = About(
        digest=Catalog(tuple(clips)).digest, rejections=dict(sorted((rejections or {}).items())), specs=tuple(specs)
    )
    schema = arrow_schema(Clip)
    with (
        appearing(path) as stream,
        pq.ParquetWriter(stream, schema, compression="zstd", store_schema=False, write_page_checksum=True) as writer,
    ):
        for first in range(0, len(clips), ROWS_PER_GROUP):
            rows = clips[first : first + ROWS_PER_GROUP]
            columns = [
                pa.array([getattr(clip, name) for clip in rows], schema.field(name).type) for name in schema.names
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
        writer.add_key_value_metadata({KEY: about.model_dump_json()})


def read_catalog(path: Path) -> Catalog:
    """The catalog at `path`. Raises StoreError if it is missing, damaged or no clip catalog."""
    shared: dict[object, object] = {}
    with _sentences(path):
        file = _open(path)
        about = About.model_validate_json(file.metadata.metadata[KEY])
        batches = file.iter_batches(_ROWS_AT_ONCE, use_threads=False)
        clips = tuple(clip for batch in batches for clip in _read_batch(batch, shared))
    catalog = Catalog(clips, about.rejections, about.specs)
    if catalog.digest != about.digest:  # the pages have checksums, what says how many there are has none
        raise StoreError(f"The clip catalog {path} is damaged: its clips are not those it was made of; {_MAKE_ONE}.")
    return catalog


def _open(path: Path) -> "parquet.ParquetFile":
    import pyarrow as pa
    import pyarrow.parquet as pq

    # In this thread: Arrow's own, if just started when the process ends, can abort it (pyarrow 26.0.1).
    file = pq.ParquetFile(pa.BufferReader(path.read_bytes()), pre_buffer=False, page_checksum_verification=True)
    about = (file.metadata.metadata or {}).get(KEY)
    if about is None:
        raise StoreError(f"{path} is no clip catalog; {_MAKE_ONE}.")
    _check_format(path, about)
    if set(file.schema_arrow.names) != set(Clip.model_fields):
        raise StoreError(f"The clip catalog {path} is damaged: its columns are not those of {FORMAT}; {_MAKE_ONE}.")
    return file


def _check_format(path: Path, about: bytes) -> None:
    """Refuse a catalog of another version, which may have other columns or mean other things by them."""
    found = parse_json_object(about, f"What the clip catalog {path} says of itself").get("format")
    if found != FORMAT:
        raise StoreError(
            f"The clip catalog {path} is of another version of this package ({found}, this one reads {FORMAT}): scan "
            "its datasets again."
        )


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise StoreError(f"The clip catalog {path} is not there; {_MAKE_ONE}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = f"{first['loc'][-1]}: " if first["loc"] else ""
        raise StoreError(f"The clip catalog {path} is damaged: {place}{first['msg'].lower()}; {_MAKE_ONE}.") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise StoreError(f"The clip catalog {path} does not read ({reason}); {_MAKE_ONE}.") from error


def _read_batch(batch: "pyarrow.RecordBatch", shared: dict[object, object]) -> tuple[Clip, ...]:
    """The batch's clips, checked, each text that repeats held once.

    A model that pydantic makes carries a set of its 30 field names, larger than the clip itself; here all carry one.
    """
    names = batch.schema.names
    columns = [_share(batch.column(name).to_pylist(), shared if name in _REPEATING else None) for name in names]
    rows = tuple(dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
    clips = _CLIPS.validate_python(rows, strict=True)
    for clip in clips:
        object.__setattr__(clip, "__pydantic_fields_set__", _FIELDS)
    return clips


def _share(values: list[Any], shared: dict[object, object] | None) -> list[Any]:
    if shared is None:
        return values
    return [
        tuple([shared.setdefault(text, text) for text in value])
        if isinstance(value, list)
        else shared.setdefault(value, value)
        for value in values
    ]
