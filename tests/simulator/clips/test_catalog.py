"""The catalog file: what was written is read, damage is seen, and its digest tells clips and not machines."""

import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clip_files import make_clip
from hypothesis import given, settings
from hypothesis import strategies as st

from twnm_schemas.clips import Clip
from twnm_schemas.errors import StoreError
from twnm_shards.arrow import arrow_schema
from twnm_sim.clips.catalog import KEY, Catalog, read_catalog, write_catalog

CLIPS = (
    make_clip("a:1", uploader="nfrae", labels=("bark", "dog"), audioset_ids=("/m/05tny_", ""), ancestors=("animal",)),
    make_clip("b:ü/2.wav", member="EN/x.mp3", offset=512, dnsmos=3.25, language="en", speaker="s", caption="雨"),
    make_clip("c:3", path="", labels=(), audioset_ids=(), label=""),
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "clips.parquet"
    write_catalog(path, CLIPS, {"silent": 2, "clipped": 1}, ["folder:a", "builtin"])
    return path


def test_what_was_written_is_read(written: Path) -> None:
    catalog = read_catalog(written)
    assert catalog.clips == CLIPS
    assert catalog.rejections == {"silent": 2, "clipped": 1}
    assert catalog.specs == ("folder:a", "builtin")
    assert catalog.by_id["b:ü/2.wav"] is catalog.clips[1]
    assert catalog.digest == Catalog(CLIPS).digest


def test_a_clip_that_was_read_is_as_good_as_one_that_was_made(written: Path) -> None:
    clip = read_catalog(written).clips[0]
    assert type(clip.labels) is tuple
    assert clip.model_dump() == CLIPS[0].model_dump()
    assert clip.model_copy(update={"split": "test"}).split == "test"
    assert pickle.loads(pickle.dumps(clip)) == CLIPS[0]
    with pytest.raises(ValueError, match="frozen"):
        clip.split = "test"  # type: ignore[misc]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
FLOATS = st.floats(0.0, 1e6)


@given(
    st.lists(
        st.builds(
            make_clip,
            clip_id=st.integers(0, 10**9).map(lambda i: f"s:{i}"),
            caption=TEXT,
            labels=st.lists(TEXT, max_size=3).map(tuple),
            offset=st.none() | st.integers(0, 2**40),
            dnsmos=st.none() | FLOATS,
            level_dbfs=st.floats(-200.0, 10.0),
            duration_s=st.floats(0.01, 1e5),
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=40)
def test_any_clips_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, clips: list[Clip]) -> None:
    path = tmp_path_factory.mktemp("catalog") / "c.parquet"
    write_catalog(path, clips)
    assert read_catalog(path).clips == tuple(clips)


def test_equal_clips_give_equal_bytes(written: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.parquet"
    write_catalog(again, list(CLIPS), {"clipped": 1, "silent": 2}, ("folder:a", "builtin"))
    assert again.read_bytes() == written.read_bytes()


def test_the_columns_are_those_of_the_record(written: Path) -> None:
    assert pq.read_schema(written).names == arrow_schema(Clip).names
    assert pq.read_table(written).to_pylist()[1]["offset"] == 512


CHANGES: dict[str, Any] = {
    **{name: "other" for name, info in Clip.model_fields.items() if info.annotation is str},
    **{name: 9.5 for name, info in Clip.model_fields.items() if info.annotation is float},
    **dict.fromkeys(("labels", "audioset_ids", "ancestors"), ("other",)),
    "sample_rate": 8000,
    "channels": 2,
    "offset": 1024,
    "dnsmos": 2.0,
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_digest_is_of_all_but_where_a_clip_lies(name: str) -> None:
    changed = CLIPS[0].model_copy(update={name: CHANGES[name]})
    assert changed != CLIPS[0]
    same = Catalog((changed, *CLIPS[1:])).digest == Catalog(CLIPS).digest
    assert same is (name in {"path", "member", "offset"})


def test_every_field_is_tried_and_the_order_matters() -> None:
    assert CHANGES.keys() == Clip.model_fields.keys()
    assert Catalog(CLIPS[::-1]).digest != Catalog(CLIPS).digest
    assert Catalog(CLIPS[:2]).digest != Catalog(CLIPS).digest


def test_the_digest_does_not_depend_on_how_it_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Catalog(CLIPS).digest
    monkeypatch.setattr("twnm_sim.clips.catalog.ROWS_PER_GROUP", 2)
    assert Catalog(CLIPS).digest == whole


def sentence_of(path: Path) -> str:
    """What reading says, or "" if it gives the clips that were written."""
    try:
        assert read_catalog(path).clips == CLIPS
    except StoreError as error:
        return str(error)
    return ""


def test_damage_anywhere_is_one_sentence_or_harmless(written: Path) -> None:
    data = written.read_bytes()
    sentences = []
    for place in range(0, len(data), 7):
        written.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        sentences.append(sentence_of(written))
    refused = [sentence for sentence in sentences if sentence]
    assert len(refused) > len(sentences) / 3
    assert all(str(written) in sentence and "\n" not in sentence for sentence in refused)
    written.write_bytes(data[: len(data) // 2])
    assert "does not read" in sentence_of(written)


def test_what_is_no_catalog_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"none\.parquet is not there; make one with twnm-sim clips scan\."):
        read_catalog(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("clip_id,label\n")
    with pytest.raises(StoreError, match="does not read"):
        read_catalog(tmp_path / "text.parquet")
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(StoreError, match="does not read"):
        read_catalog(tmp_path / "folder.parquet")
    pq.write_table(pa.table({"clip_id": ["a:1"]}), tmp_path / "foreign.parquet")
    with pytest.raises(StoreError, match=r"foreign\.parquet is no clip catalog; make one with"):
        read_catalog(tmp_path / "foreign.parquet")


def test_a_catalog_of_another_version_is_to_be_scanned_again(written: Path) -> None:
    table = pq.read_table(written).drop_columns("caption_license")
    about = json.loads(table.schema.metadata[KEY]) | {"format": "twnm-clips-1"}
    pq.write_table(table.replace_schema_metadata({KEY: json.dumps(about)}), written)
    assert sentence_of(written) == (
        f"The clip catalog {written} is of another version of this package (twnm-clips-1, this one reads twnm-clips-2)"
        ": scan its datasets again."
    )


def test_a_catalog_that_lost_a_column_is_damaged(written: Path) -> None:
    pq.write_table(pq.read_table(written).drop_columns("caption_license"), written)
    assert "is damaged: its columns are not those of twnm-clips-2" in sentence_of(written)


def test_a_row_that_cannot_be_a_clip_is_damage(tmp_path: Path) -> None:
    bad = CLIPS[0].model_copy(update={"duration_s": -1.0})
    write_catalog(tmp_path / "a.parquet", [bad])
    with pytest.raises(StoreError, match="is damaged: duration_s: input should be greater than 0"):
        read_catalog(tmp_path / "a.parquet")


def test_a_failure_leaves_the_catalog_that_was_there(written: Path) -> None:
    before = written.read_bytes()
    with pytest.raises(OverflowError):
        write_catalog(written, [CLIPS[0].model_copy(update={"sample_rate": 2**70})])
    assert written.read_bytes() == before
    assert [path.name for path in written.parent.iterdir()] == [written.name]
