"""The classical listener finds sources where the records say they are, from the audio alone.

Measured on 220 scenes of one built-in sound each, of all classes, in 30 rooms (DRR -5 to 16 dB): median error 1.3
degrees of lateral angle, 90 % within 3.4, 95 % within 4.9, none on the wrong side; from 120 stems of scenes of three
median 1.6, 95 % within 7.7. The farthest misses (some 48 degrees) are pure tones of a few kHz, whose waves fit between
the ears more than once: alarm clocks, whistles, smoke alarms.
"""

import numpy as np
import pytest
from small_scenes import ROOMS, write_rooms

from twnm_schemas.constraints import Pairwise
from twnm_schemas.distributions import Constant, Uniform
from twnm_schemas.render import RenderSpec
from twnm_schemas.scenes import AmbienceSpec, Interval, Placement, SceneSpec
from twnm_sim.clips.catalog import Catalog
from twnm_sim.clips.scan import scan_clips
from twnm_sim.hrtf.load import load_hrtf
from twnm_sim.listening import lateral_table, localise_lateral
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.maker import SceneMaker

SCENES, SCENES_OF_THREE, SCENES_IN_NOISE = 220, 40, 40
SPEC = SceneSpec(
    duration_s=1.2,
    sources=Constant(value=1.0),
    onset_s=Uniform(low=0.0, high=0.3),
    placement=Placement(drr_db=Interval(low=-5.0, high=40.0)),
)


@pytest.fixture(scope="module")
def table():
    """KEMAR's own, as the library was rendered with KEMAR."""
    return lateral_table(load_hrtf("kemar", 44100))


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    spec = RenderSpec(room=ROOMS, sources_per_room=6, duration_s=0.4)
    return open_brirs(write_rooms(tmp_path_factory.mktemp("many"), spec, rooms=30, seed=9, fingerprint="many"))


@pytest.fixture(scope="module")
def sounds():
    """A few of every built-in class, whatever their split."""
    found = scan_clips(["builtin:2"]).clips
    return Catalog(tuple(clip.model_copy(update={"split": "train"}) for clip in found))


def open_maker(rooms, sounds, **changes):
    spec = SceneSpec.model_validate({**SPEC.model_dump(), **changes})
    return SceneMaker(Ingredients(spec, rooms, sounds, "open"), seed=1)


class Errors:
    """How far estimates lie from labels, in degrees of lateral angle."""

    def __init__(self, labels, estimates):
        self.labels, self.estimates = np.array(labels), np.array(estimates)
        self.degrees = np.abs(self.labels - self.estimates)
        sideways = np.abs(self.labels) > 15.0
        self.wrong_side = float(np.mean((self.labels * self.estimates)[sideways] < 0.0))

    def __str__(self):
        median, most, nearly_all = np.quantile(self.degrees, (0.5, 0.9, 0.95))
        return (
            f"{len(self.degrees)} sources: median {median:.1f} degrees, 90 % within {most:.1f}, 95 % within "
            f"{nearly_all:.1f}, wrong side {100.0 * self.wrong_side:.1f} %"
        )

    def require(self, median_deg, nearly_all_deg, wrong_side=0.02):
        assert np.median(self.degrees) < median_deg, str(self)
        assert np.quantile(self.degrees, 0.95) < nearly_all_deg, str(self)
        assert self.wrong_side < wrong_side, str(self)


def test_a_single_source_is_heard_in_the_mixture_where_its_record_says(rooms, sounds, table):
    maker = open_maker(rooms, sounds)
    labels, estimates, places = [], [], set()
    for index in range(SCENES):
        made = maker.make(index, "train")
        (event,) = made.scene.events
        labels.append(event.lateral_deg)
        estimates.append(localise_lateral(made.audio_CT, 44100, table).lateral_deg)
        places.add((made.scene.room_id, event.source_index))
    assert len(places) > 80
    assert np.ptp(labels) > 140.0
    Errors(labels, estimates).require(median_deg=2.0, nearly_all_deg=10.0)
    # and what is tested can fail: with the ears swapped most are found on the other side
    assert Errors(labels, -np.array(estimates)).wrong_side > 0.95


def test_each_of_several_sources_is_heard_in_its_stem_where_its_record_says(rooms, sounds, table):
    maker = open_maker(rooms, sounds, sources=Constant(value=3.0), constraints=(Pairwise(degrees=30.0),), audible=False)
    labels, estimates = [], []
    for index in range(SCENES_OF_THREE):
        made = maker.make(index, "train")
        for event, stem_CT in zip(made.scene.events, made.stems_SCT, strict=True):
            labels.append(event.lateral_deg)
            estimates.append(localise_lateral(stem_CT, 44100, table).lateral_deg)
    Errors(labels, estimates).require(median_deg=2.0, nearly_all_deg=10.0)


def test_a_background_does_not_move_what_is_well_above_it(rooms, sounds, table):
    maker = open_maker(rooms, sounds, ambience=AmbienceSpec(snr_db=Constant(value=20.0)))
    labels, estimates = [], []
    for index in range(SCENES_IN_NOISE):
        made = maker.make(index, "train")
        labels.append(made.scene.events[0].lateral_deg)
        estimates.append(localise_lateral(made.audio_CT, 44100, table).lateral_deg)
    Errors(labels, estimates).require(median_deg=3.0, nearly_all_deg=15.0, wrong_side=0.05)
