"""Rooms and specs: what is expanded, what is refused, and Appendix A as the default."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from twnm_schemas import Atmosphere, Listener, RenderSpec, Room, RoomSpec, Strict

SIZE = (5.0, 4.0, 3.0)
TABLE = [[0.01 * (7 * surface + band) for band in range(7)] for surface in range(6)]


def test_one_number_is_every_surface_and_band() -> None:
    assert Room(size_m=SIZE, absorption=0.3).absorption == ((0.3,) * 7,) * 6
    assert Room(size_m=SIZE, absorption=1).absorption == ((1.0,) * 7,) * 6


def test_six_numbers_are_one_for_each_surface() -> None:
    room = Room.model_validate({"size_m": SIZE, "absorption": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]})
    assert room.absorption == tuple((alpha,) * 7 for alpha in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6))


def test_a_table_stays_as_it_is() -> None:
    room = Room.model_validate({"size_m": SIZE, "absorption": TABLE})
    assert room.absorption == tuple(map(tuple, TABLE))
    assert Room.model_validate(room.model_dump()) == room


def test_numpy_arrays_are_read_too() -> None:
    room = Room(size_m=SIZE, absorption=np.array(TABLE))
    assert room.absorption == tuple(map(tuple, TABLE))
    assert Room(size_m=SIZE, absorption=np.float32(0.5)).absorption[0][0] == 0.5


def test_numbers_and_rows_may_be_mixed() -> None:
    room = Room.model_validate({"size_m": SIZE, "absorption": [0.1, 0.1, 0.1, 0.1, TABLE[4], 0.1]})
    assert room.absorption[4] == tuple(TABLE[4])
    assert room.absorption[5] == (0.1,) * 7


@pytest.mark.parametrize(
    "absorption",
    [
        [0.1] * 5,
        [0.1] * 7,
        [],
        [[0.1] * 6] * 6,
        [[0.1] * 7] * 5,
        [[0.1] * 7] * 7,
        [[]] * 6,
        -0.01,
        1.01,
        [0.1, 0.1, 0.1, 0.1, 0.1, 1.5],
        [[0.1] * 6 + [-1.0]] * 6,
        float("nan"),
        "brick",
        ["brick"] * 6,
        [["brick"] * 7] * 6,
        None,
        [None] * 6,
        {"west": 0.1},
        True,
        [True] * 6,
    ],
    ids=str,
)
def test_absorption_of_a_wrong_shape_or_size_is_refused(absorption: Any) -> None:
    with pytest.raises(ValidationError):
        Room.model_validate({"size_m": SIZE, "absorption": absorption})


@pytest.mark.parametrize(
    ("size", "words"),
    [((0.4, 4.0, 3.0), "head"), ((5.0, 4.0, 0.0), "head"), ((5.0, -4.0, 3.0), "head"), ((201.0, 4.0, 3.0), "200")],
)
def test_a_room_that_cannot_be_is_refused_with_its_reason(size: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Room.model_validate({"size_m": size, "absorption": 0.3})


def test_a_room_knows_its_volume_and_surfaces() -> None:
    room = Room.model_validate({"size_m": (2.0, 3.0, 4.0), "absorption": 0.3})
    assert room.volume_m3 == 24.0
    assert room.surface_areas_m2 == (12.0, 12.0, 8.0, 8.0, 6.0, 6.0)  # west, east, south, north, floor, ceiling


def test_records_are_strict() -> None:
    with pytest.raises(ValidationError, match="colour"):
        Listener.model_validate({"position_m": (1, 1, 1), "colour": "red"})
    with pytest.raises(ValidationError, match="frozen"):
        Listener(position_m=(1.0, 1.0, 1.0)).yaw_deg = 3.0  # type: ignore[misc]
    with pytest.raises(ValidationError, match="finite"):
        Listener(position_m=(1.0, float("inf"), 1.0))


def test_the_defaults_are_appendix_a() -> None:
    spec = RoomSpec()
    assert {size.name: (size.x_m.bounds(), size.y_m.bounds(), size.z_m.bounds()) for size in spec.sizes} == {
        "small": ((3, 5), (4, 6), (2.5, 3.5)),
        "medium": ((8, 12), (10, 15), (3, 5)),
        "large": ((20, 30), (25, 35), (10, 15)),
    }
    drawn = [absorption.model_dump() for absorption in spec.absorptions]
    assert {entry["name"]: (entry["alpha"]["low"], entry["alpha"]["high"]) for entry in drawn} == {
        "high_reverberation": (0.05, 0.25),
        "medium_reverberation": (0.25, 0.5),
        "low_reverberation": (0.5, 0.95),
    }
    assert (spec.listener_clearance_m, spec.source_clearance_m, spec.nearest_source_m) == (0.5, 0.5, 1.0)
    assert (RenderSpec().sources_per_room, RenderSpec().sample_rate, RenderSpec().hrtf) == (30, 44100, "kemar")


@pytest.mark.parametrize(
    "absorption",
    [
        {"kind": "flat", "alpha": {"kind": "constant", "value": 0.2}},
        {"kind": "surfaces", "alphas": [{"kind": "constant", "value": 0.2}] * 6},
        {"kind": "table", "alphas": [[{"kind": "uniform", "low": 0.1, "high": 0.2}] * 7] * 6},
        {"kind": "materials", "walls": ["brickwork"], "floor": ["carpet_thin"], "ceiling": ["hard_surface"]},
    ],
)
def test_every_kind_of_absorption_can_be_asked_for_and_read_back(absorption: dict[str, Any]) -> None:
    spec = RoomSpec.model_validate({"absorptions": [absorption]})
    assert spec.absorptions[0].kind == absorption["kind"]
    assert RoomSpec.model_validate_json(spec.model_dump_json()) == spec


@pytest.mark.parametrize(
    "settings", [{"outputs": ()}, {"outputs": ("stereo",)}, {"sample_rate": 44000}, {"duration_s": 6.0}]
)
def test_a_recipe_that_cannot_be_rendered_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RenderSpec.model_validate(settings)


def test_sound_travels_faster_in_warm_air() -> None:
    assert Atmosphere().speed_of_sound == 343.0
    assert Atmosphere(temperature_c=0.0).speed_of_sound == pytest.approx(331.3)
    assert Atmosphere(temperature_c=20.0).speed_of_sound == pytest.approx(343.2, abs=0.05)


def test_a_spec_can_be_hashed_and_compared() -> None:
    specs: set[Strict] = {RoomSpec(), RoomSpec(), RenderSpec()}
    assert len(specs) == 2
