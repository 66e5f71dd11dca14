from math import dist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twnm_schemas import GeometryError, Listener, Room, RoomSpec, SpecError
from twnm_schemas.distributions import Choice, Constant, Uniform
from twnm_schemas.rooms import FlatAbsorption, MaterialAbsorption, SizeSpec, SurfaceAbsorption, TableAbsorption
from twnm_sim.materials import material_absorption
from twnm_sim.rooms import (
    LISTENER_TRIES,
    NO_ROOM_FOR_LISTENER,
    NO_ROOM_FOR_SOURCES,
    ROOM_ATTEMPTS,
    TOO_NEAR,
    check_geometry,
    draw_layout,
    draw_listener,
    draw_positions,
    draw_room,
    is_near_field,
)

DEFAULT = RoomSpec()
RANGES = {
    "small": ((3, 5), (4, 6), (2.5, 3.5)),
    "medium": ((8, 12), (10, 15), (3, 5)),
    "large": ((20, 30), (25, 35), (10, 15)),
}
ALPHAS = {"high_reverberation": (0.05, 0.25), "medium_reverberation": (0.25, 0.5), "low_reverberation": (0.5, 0.95)}


def cube(*sides, **settings_):
    """A spec of one size, each side constant."""
    x, y, z = (Constant(value=side) for side in sides)
    return RoomSpec(sizes=(SizeSpec(name="custom", x_m=x, y_m=y, z_m=z),), **settings_)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**63), index=st.integers(0, 10**6))
def test_rooms_follow_appendix_a(seed, index):
    room = draw_room(DEFAULT, seed, index)
    for side, (low, high) in zip(room.size_m, RANGES[room.size_category], strict=True):
        assert low <= side <= high
    alphas = {alpha for row in room.absorption for alpha in row}
    assert len(alphas) == 1
    low, high = ALPHAS[room.absorption_class]
    assert low <= alphas.pop() <= high
    assert room.materials == ()


def test_categories_and_ranges_are_evenly_filled():
    rooms = [draw_room(DEFAULT, 3, i) for i in range(900)]
    pairs = [(room.size_category, room.absorption_class) for room in rooms]
    counts = [pairs.count((size, absorption)) for size in RANGES for absorption in ALPHAS]
    assert sum(counts) == 900
    assert min(counts) > 65  # 100 expected each, standard deviation 9.4
    assert max(counts) < 140
    places = [
        (side - low) / (high - low)
        for room in rooms
        for side, (low, high) in zip(room.size_m, RANGES[room.size_category], strict=True)
    ]
    assert np.mean(places) == pytest.approx(0.5, abs=0.025)
    assert np.var(places) == pytest.approx(1.0 / 12.0, abs=0.01)


def test_clearances_hold_for_a_thousand_draws():
    for index in range(1000):
        layout = draw_layout(DEFAULT, 3, 11, index)
        x, y, z = layout.listener.position_m
        sides = layout.room.size_m
        assert 1.1 <= z <= 1.8
        assert 0.0 <= layout.listener.yaw_deg < 360.0
        assert (layout.listener.pitch_deg, layout.listener.roll_deg) == (0.0, 0.0)
        assert all(0.5 <= value <= side - 0.5 for value, side in zip((x, y, z), sides, strict=True))
        for position in layout.positions:
            assert all(0.5 <= value <= side - 0.5 for value, side in zip(position, sides, strict=True))
            assert dist(position, layout.listener.position_m) >= 1.0
        check_geometry(layout.room, layout.listener, layout.positions)


def test_sources_are_uniform_in_the_volume():
    """In each coordinate, and by volume: the share within a ball around the head is the ball's share."""
    spec = cube(12.0, 10.0, 8.0, nearest_source_m=0.15, ear_height_m=Constant(value=4.0))
    room, listener = draw_room(spec, 5, 0), Listener(position_m=(6.0, 5.0, 4.0))
    positions, _ = draw_positions(spec, room, listener, 3000, 5, 0)
    scaled = (np.array(positions) - 0.5) / (np.array(room.size_m) - 1.0)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.5, atol=0.025)
    np.testing.assert_allclose(scaled.var(axis=0), 1.0 / 12.0, atol=0.006)
    near = np.mean(np.linalg.norm(np.array(positions) - listener.position_m, axis=1) < 3.0)
    assert near == pytest.approx(4.0 / 3.0 * np.pi * 27.0 / (11.0 * 9.0 * 7.0), abs=0.02)


def test_draws_do_not_depend_on_order_or_on_their_neighbours():
    forward = [draw_layout(DEFAULT, 5, 7, i) for i in range(12)]
    backward = [draw_layout(DEFAULT, 5, 7, i) for i in reversed(range(12))][::-1]
    assert forward == backward
    assert len({layout.room.size_m for layout in forward}) == 12
    more = [draw_layout(DEFAULT, 9, 7, i) for i in range(12)]
    assert [layout.positions[:5] for layout in more] == [layout.positions for layout in forward]
    assert draw_layout(DEFAULT, 5, 8, 0) != forward[0]


def test_rejecting_one_source_moves_no_other():
    plain = draw_layout(DEFAULT, 8, 1, 0)
    victim = plain.positions[3]
    layout = draw_layout(DEFAULT, 8, 1, 0, lambda _, position: "taken" if position == victim else None)
    assert layout.rejections.count("taken") == 1
    assert layout.positions[3] != victim
    assert layout.positions[:3] + layout.positions[4:] == plain.positions[:3] + plain.positions[4:]


def test_accept_sees_the_listener_and_its_word_is_final():
    def only_ahead(listener, position):
        assert listener.position_m != position
        return None if position[0] > listener.position_m[0] else "behind"

    layout = draw_layout(DEFAULT, 10, 4, 2, only_ahead)
    assert all(position[0] > layout.listener.position_m[0] for position in layout.positions)
    assert set(layout.rejections) <= {"behind", TOO_NEAR}
    assert "behind" in layout.rejections


def test_sources_too_near_are_counted_and_redrawn():
    layout = draw_layout(cube(4.0, 4.0, 3.0, nearest_source_m=1.4), 30, 2, 0)
    assert layout.rejections.count(TOO_NEAR) > 3
    assert all(dist(position, layout.listener.position_m) >= 1.4 for position in layout.positions)


def test_a_room_that_cannot_hold_its_listener_is_redrawn_at_its_own_address():
    spec = cube(4.0, 4.0, 3.0).model_copy(
        update={
            "sizes": (
                SizeSpec(
                    name="custom", x_m=Choice(values=(0.8, 4.0)), y_m=Constant(value=4.0), z_m=Constant(value=3.0)
                ),
            )
        }
    )
    layouts = [draw_layout(spec, 2, 0, i) for i in range(30)]
    assert any(layout.attempt > 0 for layout in layouts)
    for index, layout in enumerate(layouts):
        assert layout.room.size_m[0] == 4.0
        assert layout.rejections.count(NO_ROOM_FOR_LISTENER) == layout.attempt
        assert layout.room == draw_room(spec, 0, index, layout.attempt)


def test_a_room_that_cannot_hold_its_sources_is_redrawn_and_named():
    spec = RoomSpec(
        sizes=(
            SizeSpec(name="custom", x_m=Choice(values=(1.2, 5.0)), y_m=Constant(value=1.2), z_m=Constant(value=2.6)),
        ),
        nearest_source_m=1.5,
    )
    layouts = [draw_layout(spec, 1, 0, i) for i in range(12)]
    assert all(layout.room.size_m[0] == 5.0 for layout in layouts)
    assert any(NO_ROOM_FOR_SOURCES in layout.rejections for layout in layouts)


def test_a_listener_taller_than_the_room_is_refused_by_what_starves_it():
    with pytest.raises(SpecError, match=rf"{ROOM_ATTEMPTS} attempts \(no_room_for_listener 100 times\).*ear_height_m"):
        draw_layout(cube(4.0, 4.0, 1.5), 1, 0, 0)
    low = cube(4.0, 4.0, 3.0, ear_height_m=Uniform(low=0.1, high=0.45))
    assert draw_listener(low, draw_room(low, 0, 0), 0, 0) is None
    assert LISTENER_TRIES > 1


@pytest.mark.parametrize(
    ("spec", "accept", "told"),
    [
        (cube(2.0, 2.0, 2.5, nearest_source_m=3.0), lambda *_: None, "lower nearest_source_m"),
        (cube(4.0, 4.0, 3.0, source_clearance_m=1.6), lambda *_: None, "lower source_clearance_m"),
        (cube(4.0, 4.0, 3.0), lambda *_: "outside_hrtf_coverage", "rejected as outside_hrtf_coverage"),
    ],
)
def test_a_spec_that_starves_is_refused_by_the_constraint(spec, accept, told):
    with pytest.raises(SpecError, match=told):
        draw_layout(spec, 1, 0, 0, accept)


def test_absorption_by_surface_and_by_table():
    rising = tuple(Constant(value=0.1 * (k + 1)) for k in range(6))
    room = draw_room(RoomSpec(absorptions=(SurfaceAbsorption(alphas=rising),)), 0, 0)
    assert [set(row) for row in room.absorption] == [{0.1 * (k + 1)} for k in range(6)]
    table = TableAbsorption(alphas=((Uniform(low=0.0, high=1.0),) * 7,) * 6)
    drawn = draw_room(RoomSpec(absorptions=(table,)), 0, 0).absorption
    assert len({alpha for row in drawn for alpha in row}) == 42


def test_materials_are_drawn_by_name_one_for_the_walls_the_floor_and_the_ceiling():
    materials = MaterialAbsorption(
        walls=("brickwork", "plywood_thin"), floor=("carpet_thin",), ceiling=("ceiling_melamine_foam",)
    )
    spec = RoomSpec(absorptions=(materials,))
    rooms = [draw_room(spec, 0, i) for i in range(20)]
    assert {room.materials[0] for room in rooms} == {"brickwork", "plywood_thin"}
    for room in rooms:
        walls = room.materials[0]
        assert room.materials == (walls,) * 4 + ("carpet_thin", "ceiling_melamine_foam")
        assert room.absorption == tuple(material_absorption(name) for name in room.materials)


def test_the_listener_turns_as_its_spec_says():
    spec = cube(5.0, 5.0, 3.0, pitch_deg=Uniform(low=-30.0, high=30.0), roll_deg=Constant(value=-12.0))
    listeners = [draw_listener(spec, draw_room(spec, 0, i), 0, i) for i in range(20)]
    assert all(-30.0 <= listener.pitch_deg <= 30.0 for listener in listeners)
    assert len({listener.pitch_deg for listener in listeners}) == 20
    assert {listener.roll_deg for listener in listeners} == {-12.0}


def test_specs_that_draw_what_cannot_be_are_refused_in_one_sentence():
    with pytest.raises(SpecError, match="cannot be: absorption"):
        draw_room(RoomSpec(absorptions=(FlatAbsorption(alpha=Constant(value=1.5)),)), 0, 0)
    with pytest.raises(SpecError, match="cannot be: size_m"):
        draw_room(cube(0.2, 4.0, 3.0), 0, 0)
    steep = cube(4.0, 4.0, 3.0, pitch_deg=Constant(value=120.0))
    with pytest.raises(SpecError, match="pitch_deg"):
        draw_listener(steep, draw_room(steep, 0, 0), 0, 0)


ROOM = Room(size_m=(5.0, 4.0, 3.0), absorption=0.3)
HEAD = Listener(position_m=(2.0, 2.0, 1.6))


def test_legal_places_pass_up_to_the_walls_and_the_head():
    check_geometry(ROOM, HEAD, [(3.7, 1.2, 1.4), (0.0, 0.0, 0.0), (5.0, 4.0, 3.0), (2.1001, 2.0, 1.6)])


@pytest.mark.parametrize(
    ("listener", "position", "told"),
    [
        ((2.0, 2.0, 1.6), (5.1, 1.0, 1.0), r"Source 0 at \(5.1, 1, 1\) m is outside the room of 5 x 4 x 3 m"),
        ((2.0, 2.0, 1.6), (1.0, 1.0, -0.1), "outside the room"),
        ((2.0, 2.0, 1.6), (1.0, float("nan"), 1.0), "outside the room"),
        ((2.0, 2.0, 1.6), (2.05, 2.0, 1.6), "inside the head"),
        ((2.0, 2.0, 1.6), (2.0, 2.0, 1.6), "inside the head"),
        ((2.0, 2.0, 1.6), (2.0, 2.0), "Source 0 has 2 coordinates"),
        ((2.0, 2.0, 3.6), (1.0, 1.0, 1.0), "listener at .* is outside the room"),
        ((0.05, 2.0, 1.6), (1.0, 1.0, 1.0), "leaves no space for the head"),
    ],
)
def test_places_that_cannot_be_are_refused(listener, position, told):
    with pytest.raises(GeometryError, match=told):
        check_geometry(ROOM, Listener(position_m=listener), [position])


def test_near_field_is_below_a_metre():
    assert is_near_field(0.999)
    assert not is_near_field(1.0)
