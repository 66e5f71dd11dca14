"""Manifests and indexes: the same content, the same bytes, the same types back."""

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twnm_schemas.base import name_values
from twnm_schemas.errors import StoreError
from twnm_schemas.manifests import Count, Manifest, ShardEntry
from twnm_shards.manifests import read_index, read_manifest, write_index, write_manifest

MANIFEST = Manifest(
    kind="brirs",
    samples=1,
    shards=(ShardEntry(name="brirs-000000.tar", samples=1, bytes=10, sha256="0" * 64),),
    index_sha256="1" * 64,
    rejections=(Count(reason="silent", count=2),),
    settings={"b": {"c": [1.0, None]}, "a": "ü"},
    versions=name_values({"twnm": "0.1.0"}),
    seed=7,
    fingerprint="f",
)
ROWS = [
    {"key": "room-000000", "shard": "brirs-000000.tar", "offset": 0, "t_mid_s": None, "flat": True, "none": None},
    {"key": "room-000001", "shard": "brirs-000000.tar", "offset": 9, "t_mid_s": 0.1, "flat": False, "none": None},
]


def test_manifest_reads_back_and_its_bytes_repeat(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    text = (tmp_path / "manifest.json").read_text()
    assert read_manifest(tmp_path) == MANIFEST
    assert text.startswith('{\n "conventions": "twnm-1",\n "fingerprint"')
    assert text.endswith("}\n")
    write_manifest(tmp_path, read_manifest(tmp_path))
    assert (tmp_path / "manifest.json").read_text() == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "the whole: invalid json"), ('{"kind": "brirs"}', "samples: field required"), ("\xff", "invalid json")],
)
def test_damaged_manifest_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(StoreError, match=sentence):
        read_manifest(tmp_path)


def test_missing_manifest_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"{tmp_path} holds no manifest.json"):
        read_manifest(tmp_path)


def test_index_keeps_types_order_and_bytes(tmp_path: Path) -> None:
    write_index(tmp_path, ROWS)
    data = (tmp_path / "index.parquet").read_bytes()
    assert read_index(tmp_path) == ROWS
    file = pq.ParquetFile(tmp_path / "index.parquet")
    types = {field.name: str(field.type) for field in file.schema_arrow}
    assert types == {
        "key": "string", "shard": "string", "offset": "int64", "t_mid_s": "double", "flat": "bool", "none": "double",
    }  # fmt: skip
    assert file.schema_arrow.metadata is None
    assert file.metadata.metadata is None
    write_index(tmp_path, ROWS)
    assert (tmp_path / "index.parquet").read_bytes() == data


def test_mixed_types_and_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="column t_mid_s mixes types"):
        write_index(tmp_path, [{**ROWS[0], "t_mid_s": 1}, ROWS[1]])
    with pytest.raises(StoreError, match="row of room-000001 has other columns"):
        write_index(tmp_path, [ROWS[0], {"key": "room-000001"}])
    assert not list(tmp_path.iterdir())


def test_damaged_index_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "index.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(StoreError, match=r"index\.parquet does not read"):
        read_index(tmp_path)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_regular_file_is_one_sentence(tmp_path: Path, make: Callable[[Path], None]) -> None:
    for name, read in (("manifest.json", read_manifest), ("index.parquet", read_index)):
        make(tmp_path / name)
        with pytest.raises(StoreError, match=f"{name} is no regular file"):
            read(tmp_path)


def test_deeply_nested_manifest_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"settings": ' + "[" * 200_000)
    with pytest.raises(StoreError, match="is not a valid manifest"):
        read_manifest(tmp_path)


def test_index_whose_text_is_not_text_is_one_sentence(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    pq.write_table(pa.table({"key": broken}), tmp_path / "index.parquet")
    with pytest.raises(StoreError, match=r"index\.parquet does not read"):
        read_index(tmp_path)
