"""The table of positions is what the records say, cached by what the shards are."""

import json
from pathlib import Path

import numpy as np
import pytest
from small_scenes import ROOMS, write_layouts, write_rooms

from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.render import RenderSpec
from twnm_schemas.rooms import Listener, Room
from twnm_shards.tars import END_OF_ARCHIVE, iter_samples, write_sample
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.positions import PositionTable, read_positions


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TWNM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def rewrite(source: Path, target: Path, change) -> Path:
    """A copy of a shard in which `change(record)` has altered every room's JSON."""
    samples = list(iter_samples(source))
    with target.open("wb") as stream:
        for sample in samples:
            members = dict(sample.members)
            record = json.loads(members["json"])
            change(record)
            write_sample(stream, sample.key, {**members, "json": json.dumps(record).encode()}.items())
        stream.write(END_OF_ARCHIVE)
    return target


def test_every_position_is_in_its_place(cache, small_rooms):
    table = read_positions([small_rooms])
    records = [json.loads(dict(sample.members)["json"]) for sample in iter_samples(small_rooms)]
    assert len(table) == len(records) == 6
    for number, record in enumerate(records):
        assert table.room_id_R[number] == record["room_id"]
        assert table.volume_R[number] == pytest.approx(np.prod(record["size_m"]))
        times = [s["acoustics"]["t_mid_s"] for s in record["sources"] if s["acoustics"]["t_mid_s"] is not None]
        assert np.isnan(table.t_mid_R[number]) if not times else table.t_mid_R[number] == np.median(times)
        for place, source in enumerate(record["sources"]):
            assert source["index"] == place
            for name in ("azimuth", "elevation", "lateral"):
                assert getattr(table, f"{name}_RP")[number, place] == source[f"{name}_deg"]
            assert table.distance_RP[number, place] == source["distance_m"]
            assert table.drr_RP[number, place] == source["acoustics"]["broadband"]["drr_db"]
    assert table.usable_RP.all()
    assert table.foa_R.all()


def test_rooms_of_different_sizes_share_a_table(cache, tmp_path):
    """What is not there is not usable."""
    many = write_rooms(tmp_path / "a", RenderSpec(room=ROOMS, sources_per_room=3, duration_s=0.08), 1, seed=1)
    few = write_rooms(
        tmp_path / "b", RenderSpec(room=ROOMS, sources_per_room=1, duration_s=0.08), 2, seed=2, fingerprint="few"
    )
    library = open_brirs([many, few])
    assert library.positions.usable_RP.tolist() == [[True] * 3, [True, False, False], [True, False, False]]
    assert np.isnan(library.positions.distance_RP[1:, 1:]).all()
    assert library.room(2).record.fingerprint == "few"
    assert library.response(2, 0).shape[0] == 2
    with pytest.raises(StoreError, match=r"^room-000001 in .* has no source 1\.$"):
        library.response(2, 1)


def test_what_is_cached_is_read_again_and_a_change_is_seen(cache, small_rooms, tmp_path, monkeypatch):
    copy = tmp_path / "copy.tar"
    copy.write_bytes(small_rooms.read_bytes())
    first = read_positions([copy])
    (kept,) = (cache / "positions").iterdir()
    monkeypatch.setattr("twnm_sim.scenes.positions._build_table", None)  # so that only the cache can answer
    again = read_positions([copy])
    for name in PositionTable.__dataclass_fields__:
        assert np.array_equal(
            getattr(first, name), getattr(again, name), equal_nan=getattr(first, name).dtype.kind == "f"
        )
    monkeypatch.undo()
    monkeypatch.setenv("TWNM_CACHE", str(cache))
    rewrite(small_rooms, copy, lambda record: record.update(split="test"))
    assert set(read_positions([copy]).split_R) == {"test"}
    assert kept.exists()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 and no more", b"\x93NUMPY", b"text"])
def test_a_damaged_cache_is_built_again(cache, small_rooms, damage):
    table = read_positions([small_rooms])
    (kept,) = (cache / "positions").iterdir()
    for content in (damage, kept.read_bytes()[:1000], kept.read_bytes()[:-30]):
        kept.write_bytes(content)
        assert np.array_equal(read_positions([small_rooms]).azimuth_RP, table.azimuth_RP)
        kept.unlink()
        read_positions([small_rooms])


def test_a_cache_that_cannot_be_written_only_costs_time(monkeypatch, tmp_path, small_rooms):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TWNM_CACHE", str(tmp_path / "file"))
    assert len(read_positions([small_rooms])) == 6


def test_null_geometry_of_measured_rooms_is_not_a_number(cache, small_rooms, tmp_path):
    def forget(record):
        record["size_m"] = None
        for source in record["sources"]:
            source["distance_m"] = None
            source["acoustics"]["broadband"]["drr_db"] = None

    table = read_positions([rewrite(small_rooms, tmp_path / "nulls.tar", forget)])
    assert np.isnan(table.volume_R).all()
    assert np.isnan(table.distance_RP).all()
    assert np.isnan(table.drr_RP).all()
    assert np.isfinite(table.azimuth_RP).all()
    assert table.usable_RP.all()


def test_directions_that_the_head_never_measured_are_not_used(cache, small_rooms, tmp_path):
    def flag(record):
        record["sources"][2]["acoustics"]["flags"].append("outside_hrtf_coverage")

    table = read_positions([rewrite(small_rooms, tmp_path / "flags.tar", flag)])
    assert table.usable_RP.tolist() == [[True, True, False, True, True, True]] * 6


def test_records_of_another_version_are_refused_in_a_sentence(cache, small_rooms, tmp_path):
    old = rewrite(small_rooms, tmp_path / "old.tar", lambda record: record.pop("origin"))
    with pytest.raises(
        StoreError, match=r"^.*old\.tar holds a record that does not read \('origin'\): .*; render it again\.$"
    ):
        read_positions([old])
    new = rewrite(small_rooms, tmp_path / "new.tar", lambda record: record.update(invented=1))
    with pytest.raises(StoreError, match=r"^.*new\.tar room-000000\.json is no record of this version \(invented\)"):
        open_brirs(new).room(0)


def test_shards_of_nothing_and_of_no_json_are_refused_in_a_sentence(cache, small_rooms, tmp_path):
    (tmp_path / "empty.tar").write_bytes(END_OF_ARCHIVE)
    with pytest.raises(StoreError, match=r"^The shards hold no rooms; render some"):
        read_positions([tmp_path / "empty.tar"])
    with (tmp_path / "text.tar").open("wb") as stream:
        write_sample(stream, "room-000000", [("json", b"no json")])
        stream.write(END_OF_ARCHIVE)
    with pytest.raises(StoreError, match=r"^.*text\.tar .*json is not JSON; see twnm-shards verify\.$"):
        read_positions([tmp_path / "text.tar"])
    cut = tmp_path / "cut.tar"
    cut.write_bytes(small_rooms.read_bytes()[:100_000])
    with pytest.raises(StoreError, match=r"^.*cut\.tar .*; see twnm-shards verify\.$"):
        read_positions([cut])


def test_one_library_twice_and_two_rates_are_refused(cache, small_rooms, tmp_path):
    copy = tmp_path / "copy.tar"
    copy.write_bytes(small_rooms.read_bytes())
    with pytest.raises(StoreError, match=r"^The shards hold a room more than once; name every library once\.$"):
        open_brirs([small_rooms, copy])
    spec = RenderSpec(room=ROOMS, sources_per_room=1, duration_s=0.08, sample_rate=16000)
    other = write_rooms(tmp_path / "other", spec, 1, fingerprint="other")
    with pytest.raises(SpecError, match=r"^The libraries have different sample rates \(16000, 44100 Hz\); .*\.$"):
        open_brirs([small_rooms, other])


def test_the_librarys_name_is_its_rooms_in_their_order(cache, small_rooms, tmp_path):
    copy = tmp_path / "elsewhere.tar"
    copy.write_bytes(small_rooms.read_bytes())
    assert open_brirs(copy).digest == open_brirs(small_rooms).digest
    other = rewrite(small_rooms, tmp_path / "x.tar", lambda record: record.update(fingerprint="x"))
    both = open_brirs([small_rooms, other]).digest
    assert len({open_brirs(copy).digest, both, open_brirs([other, small_rooms]).digest}) == 3


def test_a_room_laid_out_by_hand_is_where_it_was_put(cache, tmp_path):
    """Ahead, left, behind, and above to the right of a head that looks along +y."""
    head = Listener(position_m=(3.0, 3.0, 1.5), yaw_deg=90.0)
    sources = [(3.0, 5.0, 1.5), (1.0, 3.0, 1.5), (3.0, 1.0, 1.5), (5.0, 3.0, 1.5 + 2.0)]
    room = Room(size_m=(6.0, 6.0, 4.0), absorption=0.9)
    shard = write_layouts(tmp_path / "laid", RenderSpec(duration_s=0.08), [(room, head, sources)])
    table = read_positions([shard])
    assert table.azimuth_RP[0] == pytest.approx([0.0, 90.0, 180.0, 270.0], abs=1e-9)
    assert table.lateral_RP[0] == pytest.approx([0.0, 90.0, 0.0, -45.0], abs=1e-6)
    assert table.elevation_RP[0] == pytest.approx([0.0, 0.0, 0.0, 45.0], abs=1e-6)
    assert table.distance_RP[0] == pytest.approx([2.0, 2.0, 2.0, np.sqrt(8.0)])
