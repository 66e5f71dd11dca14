"""`manifest.json`, what a folder of shards says of itself, and `index.parquet`, one row a sample.

pyarrow is imported where it is used: a command that only verifies names need not wait for it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from twnm_schemas.errors import StoreError
from twnm_schemas.manifests import Manifest
from twnm_shards.files import appearing, write_json

if TYPE_CHECKING:
    import pyarrow

MANIFEST_NAME = "manifest.json"
INDEX_NAME = "index.parquet"
ROWS_PER_GROUP = 1 << 16

Cell = str | int | float | bool | None
Row = Mapping[str, Cell]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json`, whole or not at all; the same manifest gives the same bytes."""
    write_json(folder / MANIFEST_NAME, manifest.model_dump(mode="json"))


def read_manifest(folder: Path) -> Manifest:
    """The folder's manifest. Raises StoreError if there is none or it is not valid."""
    path = folder / MANIFEST_NAME
    try:
        return Manifest.model_validate_json(_read_file(path))
    except FileNotFoundError:
        raise StoreError(f"{folder} holds no {MANIFEST_NAME}: it is no finished run") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {_reason(error)}") from error
    except RecursionError:
        raise StoreError(f"{path} is not a valid manifest: it is nested too deeply to be read") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise StoreError(f"{path} is not a valid manifest: {place}: {first['msg'].lower()}") from error


def _read_file(path: Path) -> bytes:
    """What a regular file holds: to open a pipe would wait for whoever writes to it."""
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is no regular file; move it away")
    return path.read_bytes()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return next(iter(str(error).splitlines()), type(error).__name__)


def write_index(folder: Path, rows: Sequence[Row]) -> None:
    """Write `index.parquet`; the columns are those of the first row, in its order.

    A column's type is that of its values (bool, int64, float64 or string; float64 where all are null). No pandas and
    no Arrow metadata is stored, so equal rows give equal bytes with one version of pyarrow. Raises StoreError for
    rows of other columns or a column of mixed types.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema_of(rows)
    columns = [pa.array([row[name] for row in rows], type=schema.field(name).type) for name in schema.names]
    with appearing(folder / INDEX_NAME) as stream:
        pq.write_table(
            pa.Table.from_arrays(columns, schema=schema),
            stream,
            row_group_size=ROWS_PER_GROUP,
            compression="zstd",
            store_schema=False,
        )


def _schema_of(rows: Sequence[Row]) -> "pyarrow.Schema":
    import pyarrow as pa

    names = list(rows[0])
    for row in rows:
        if list(row) != names:
            raise StoreError(f"the index row of {row.get('key')} has other columns than the first: {sorted(row)}")
    types = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
    fields = []
    for name in names:
        found = {type(row[name]) for row in rows} - {type(None)}
        if len(found) > 1 or not found <= types.keys():
            raise StoreError(f"the index column {name} mixes types: {sorted(kind.__name__ for kind in found)}")
        fields.append(pa.field(name, types[found.pop()] if found else pa.float64()))
    return pa.schema(fields)


def read_index(folder: Path, columns: Sequence[str] | None = None) -> list[dict[str, Cell]]:
    """The rows of the folder's index, whole or some columns of it.

    Raises StoreError if it is missing or does not read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / INDEX_NAME
    try:
        # In this thread: Arrow's own, if just started when the process ends, can abort it (pyarrow 26.0.1).
        file = pq.ParquetFile(pa.BufferReader(_read_file(path)), pre_buffer=False)
        rows: list[dict[str, Cell]] = file.read(
            columns=list(columns) if columns else None, use_threads=False
        ).to_pylist()
    except FileNotFoundError:
        raise StoreError(f"{path} is not there") from None
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        raise StoreError(f"{path} does not read: {_reason(error)}") from error
    return rows
