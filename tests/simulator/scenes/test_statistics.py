"""A set of scenes in numbers, against the records counted one by one."""

import json
import tracemalloc
from math import acos, cos, degrees, radians, sin
from pathlib import Path

import numpy as np
import pytest
from scene_runs import ask, make_world, read_scenes, run_program

from twnm_schemas.errors import StoreError
from twnm_shards.manifests import read_manifest, write_manifest
from twnm_shards.tars import END_OF_ARCHIVE, write_sample
from twnm_sim.scenes.run import plan_scenes, run_scenes
from twnm_sim.scenes.statistics import QUANTILES, summarise_scenes


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    out = tmp_path_factory.mktemp("statistics") / "data"
    run_scenes(plan_scenes(ask(make_world(tmp_path_factory), out, scenes_per_room=2)))
    return out


@pytest.fixture(scope="module")
def scenes(root):
    folders = [folder for folder in sorted((root / "scenes").iterdir()) if folder.is_dir()]
    return [scene for folder in folders for scene in read_scenes(folder)]


def test_what_is_counted_is_what_the_records_hold(root, scenes):
    stats = summarise_scenes(root)
    events = [event for scene in scenes for event in scene.events]
    assert (stats.scenes, stats.events) == (len(scenes), len(events))
    assert stats.hours * 3600.0 == pytest.approx(sum(scene.duration_s for scene in scenes))
    assert stats.counts["split"] == {s: sum(scene.split == s for scene in scenes) for s in stats.counts["split"]}
    assert sum(stats.counts["split"].values()) == len(scenes)
    assert stats.counts["clips"] == {"different clips": len({event.clip_id for event in events})}
    assert stats.counts["rooms"] == {"different rooms": len({scene.room_id for scene in scenes})}
    assert sum(stats.counts["direction"].values()) == len(events)
    for name, values in {
        "class": [event.label for event in events],
        "sources": [str(len(scene.events)) for scene in scenes],
        "origin": [scene.room.origin for scene in scenes],
        "size": [scene.room.size_category for scene in scenes],
        "absorption": [scene.room.absorption_class for scene in scenes],
        "license": [scene.license for scene in scenes],
    }.items():
        assert stats.counts[name] == {value: values.count(value) for value in set(values)}, name
        numbers = list(stats.counts[name].values())
        assert numbers == sorted(numbers, reverse=True)


OF_SCENES = {"loudness": "loudness_lufs", "attenuation": "attenuation_db"}
OF_ROOMS = {"room volume": "volume_m3"}
OF_EVENTS = {
    "distance": "distance_m",
    "elevation": "elevation_deg",
    "lateral angle": "lateral_deg",
    "onset": "onset_s",
    "active": "active_s",
    "audible": "audible_s",
    "over all else": "snr_db",
}


def test_spreads_are_quantiles_of_the_values_and_count_the_nulls(root, scenes):
    told = [scene.model_dump() for scene in scenes]
    events = [event for scene in told for event in scene["events"]]
    values = {
        **{name: [scene[field] for scene in told] for name, field in OF_SCENES.items()},
        **{name: [scene["room"][field] for scene in told] for name, field in OF_ROOMS.items()},
        **{name: [event[field] for event in events] for name, field in OF_EVENTS.items()},
        "t_mid": [scene["room"]["acoustics"]["t_mid_s"] for scene in told],
        "DRR": [event["acoustics"]["broadband"]["drr_db"] for event in events],
        "overlap of two": [overlap["seconds"] for scene in told for overlap in scene["overlaps"]],
    }
    spreads = summarise_scenes(root).spreads
    assert spreads.keys() == {*values, "between two"}
    for name, found in values.items():
        known = [value for value in found if value is not None]
        spread = spreads[name]
        assert (name, spread.values, spread.nulls) == (name, len(known), len(found) - len(known))
        assert spread.quantiles == pytest.approx(np.quantile(known, QUANTILES) if known else ()), name
    assert spreads["over all else"].nulls > 0
    assert spreads["distance"].unit == "m"


def repeat_records(root: Path, times: int, out: Path) -> Path:
    """A folder with the records of one split of the root over and over."""
    source = root / "scenes" / "train"
    manifest = read_manifest(source)
    out.mkdir()
    with (out / "scenes-000000.tar").open("wb") as stream:
        for number, scene in enumerate(read_scenes(source)[:1] * times):
            write_sample(stream, f"scene-{number:06d}", [("json", scene.model_dump_json().encode())])
        stream.write(END_OF_ARCHIVE)
    write_manifest(out, manifest.model_copy(update={"shards": manifest.shards[:1]}))
    return out


def measure_peak(folder: Path) -> int:
    """The most bytes that were in use at once."""
    tracemalloc.start()
    summarise_scenes(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_records_are_not_kept(root, tmp_path):
    few, many = (repeat_records(root, times, tmp_path / f"{times}") for times in (50, 250))
    assert summarise_scenes(many).scenes == 250  # and all that is loaded once is loaded
    record = len(read_scenes(root / "scenes" / "train")[0].model_dump_json())
    assert measure_peak(many) - measure_peak(few) < 200 * record / 10


def test_angles_between_sources_are_those_of_the_sphere(root, scenes):
    angles = []
    for scene in scenes:
        if len(scene.events) == 2:
            a, b = scene.events
            x, y = radians(a.elevation_deg), radians(b.elevation_deg)
            turn = radians(a.azimuth_deg - b.azimuth_deg)
            angles.append(degrees(acos(sin(x) * sin(y) + cos(x) * cos(y) * cos(turn))))
    spread = summarise_scenes(root).spreads["between two"]
    assert spread.values == len(angles) > 0
    assert spread.quantiles == pytest.approx(np.quantile(angles, QUANTILES), abs=1e-4)


def test_one_split_can_be_summed_up_by_itself(root, scenes):
    stats = summarise_scenes(root / "scenes" / "train")
    assert stats.counts["split"] == {"train": sum(scene.split == "train" for scene in scenes)}


def test_the_command_prints_tables_and_json(root, tmp_path):
    tables = run_program("stats", root).stdout
    assert "between two / deg" in tables
    assert "different clips" in tables
    found = json.loads(run_program("stats", root, "--json").stdout)
    assert found["scenes"] == summarise_scenes(root).scenes
    with pytest.raises(StoreError, match="holds no finished scenes; give the folder"):
        summarise_scenes(tmp_path)
