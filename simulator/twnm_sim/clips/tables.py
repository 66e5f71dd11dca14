"""The tables that datasets publish: CSV and JSON, read as they are, and refused by name where they are not that."""

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twnm_schemas.errors import StoreError

_LONGEST_FIELD = 1 << 24  # csv's own limit is 131,072 characters; captions and tags may be longer


def read_table(
    path: Path, columns: Sequence[str], encoding: str = "utf-8-sig", optional: Sequence[str] | None = None
) -> Iterator[dict[str, str]]:
    """The rows of a CSV file with a header, each with at least these columns; with `optional`, with no others but them.

    Raises StoreError, naming the file, for one that is not there, lacks a column or has one too many (which is named),
    holds a row that is too short or too long (its line is named), or is not text in this encoding.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open(encoding=encoding, newline="") as stream:
            reader = csv.DictReader(stream)
            _check_header(path, reader.fieldnames or (), columns)
            if optional is not None:
                _check_foreign(path, reader.fieldnames or (), columns, optional)
            for row in reader:
                if None in row or None in row.values():
                    raise StoreError(f"Line {reader.line_num} of {path} has another number of fields than its header.")
                yield row
    except FileNotFoundError:
        raise StoreError(f"{path} is not there.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise StoreError(f"{path} is not a CSV file that can be read: {error}.") from error


def _check_header(path: Path, present: Sequence[str], columns: Sequence[str]) -> None:
    for column in columns:
        if column not in present:
            there = ", ".join(present) or "none"
            raise StoreError(f"{path} has no column '{column}'; its columns are {there}.")


def _check_foreign(path: Path, present: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> None:
    for column in present:
        if column not in (*columns, *optional):
            raise StoreError(
                f"{path} has a column '{column}', which nothing reads; leave it out, or name it as one of "
                f"{', '.join(optional)}."
            )


def read_json_object(path: Path) -> dict[str, Any]:
    """A JSON file that holds one object. Raises StoreError, naming the file, where it does not."""
    try:
        return parse_json_object(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise StoreError(f"{path} is not there.") from None


def parse_json_object(data: bytes, place: str) -> dict[str, Any]:
    """One JSON object from bytes; `place` says in the sentence where they lie. Raises StoreError where it is none."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{place} is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise StoreError(f"{place} is JSON, but no object with named fields.")
    return value


def text_in(record: Mapping[str, Any], field: str, place: str) -> str:
    """The text of a field, "" where it is null. Raises StoreError where it is no text or not there, naming `place`."""
    value = _value_in(record, field, place)
    if value is not None and not isinstance(value, str):
        raise StoreError(f"{place} has no text in the field '{field}'.")
    return value or ""


def number_in(record: Mapping[str, Any], field: str, place: str) -> float | None:
    """The number of a field, None where it is null or not finite. Raises as `text_in`."""
    value = _value_in(record, field, place)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise StoreError(f"{place} has no number in the field '{field}'.")
    return value if value is None else _finite(value)


def _value_in(record: Mapping[str, Any], field: str, place: str) -> Any:
    if field not in record:
        raise StoreError(f"{place} has no field '{field}'.")
    return record[field]


def _finite(value: int | float) -> float | None:
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer that no float holds
        return None


def read_text(path: Path) -> str:
    """A text in UTF-8, or, where it is not that, in ISO 8859-1, which any bytes are."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("iso-8859-1")
