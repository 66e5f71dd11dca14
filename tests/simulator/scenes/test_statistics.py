"""A set of scenes in numbers, against the records counted one by one."""

import json
from math import acos, cos, degrees, radians, sin

import numpy as np
import pytest
from scene_runs import ask, make_world, read_scenes, run_program

from twnm_schemas.errors import StoreError
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
    labels = [event.label for event in events]
    assert stats.counts["class"] == {label: labels.count(label) for label in set(labels)}


def test_spreads_are_quantiles_of_the_values_and_count_the_nulls(root, scenes):
    stats = summarise_scenes(root)
    events = [event for scene in scenes for event in scene.events]
    distance = stats.spreads["distance"]
    assert (distance.unit, distance.values, distance.nulls) == ("m", len(events), 0)
    assert distance.quantiles == pytest.approx(np.quantile([event.distance_m for event in events], QUANTILES))
    ratio = stats.spreads["over all else"]
    assert ratio.nulls == sum(event.snr_db is None for event in events) > 0
    assert ratio.values + ratio.nulls == len(events)


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
