"""Programs against plain loops over a world's numbers, edits against real geometry, and what is refused."""

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise, permutations
from math import cos, radians, sin

import numpy as np
import pytest
from worlds import NAMES, change, drop, exchange, make_sound, make_world

from twnm_bench.facts import Sound, World, pick, quote
from twnm_bench.programs import (
    OPERATIONS,
    AbsentError,
    ProgramError,
    UnclearError,
    expertise_of,
    judge_claim,
    parse_program,
    run_program,
)
from twnm_schemas.geometry import direction_of, rotation_matrix, to_listener_frame
from twnm_shards.rng import rng_for

_SEEDS = range(40)
_CALLS = ("scene()", 'unique(filter(scene(), label="rain"))', "count(scene())", 'order("rain")')
_VALUES = (*_CALLS, "-1.5", "1", '"rain"', '"side"', '"distance"', '"nearest"')


def _random_world(seed: int, heights: float = 20.0) -> World:
    rng = rng_for(seed, "programs")
    names = [NAMES[int(n)] for n in rng.permutation(len(NAMES))[: 2 + int(rng.integers(4))]]
    return make_world(
        *(
            make_sound(
                name,
                float(rng.uniform(0.0, 360.0)),
                float(np.exp(rng.uniform(-0.5, 2.3))),
                float(rng.uniform(-heights, heights)),
                float(rng.uniform(-9.0, 19.0)),
            )
            for name in names
        ),
        t_mid_s=float(np.exp(rng.uniform(-1.6, 1.7))),
    )


def _value(program: str, world: World) -> object:
    """The value, or the name of why there is none."""
    try:
        return run_program(program, world)
    except UnclearError as reason:
        return f"unclear: {reason}"


def _turned(azimuth: float, left: float) -> float:
    return (azimuth - left + 180.0) % 360.0 - 180.0


def _folded(azimuth: float, elevation: float) -> float:
    """The direction on the horizon, before or behind as it is, with the same angle from the median plane."""
    lateral = float(np.degrees(np.arcsin(cos(radians(elevation)) * sin(radians(azimuth)))))
    return lateral if cos(radians(azimuth)) >= 0.0 else 180.0 - lateral


_UNCLEAR = "unclear: near_sector_edge"
_CENTRES: dict[str, tuple[float, float, tuple[str, ...]]] = {  # the first one's centre, half a width, counter-clockwise
    "sector8": (
        0.0, 22.5, ("front", "front-left", "left", "back-left", "back", "back-right", "right", "front-right")
    ),
    "quarter": (0.0, 45.0, ("ahead", "left", "behind", "right")),
    "diagonal": (45.0, 45.0, ("front-left", "back-left", "back-right", "front-right")),
}  # fmt: skip
_FRONTAL = ("far right", "front-right", "ahead", "front-left", "far left")


def _named(system: str, azimuth: float, guard: float) -> str:
    if system == "sector5":
        turned = _turned(azimuth, 0.0)
        for place, name in enumerate(_FRONTAL):
            low, high = -90.0 + 36.0 * place, -54.0 + 36.0 * place
            low, high = low + guard * (place > 0), high - guard * (place < 4)  # no guard at the outer edges
            if low <= turned <= high:
                return name
        return _UNCLEAR
    first, half, names = _CENTRES[system]
    for place, name in enumerate(names):
        if abs(_turned(azimuth, first + 2.0 * half * place)) <= half - guard:
            return name
    return _UNCLEAR


def _sector(system: str, azimuth: float, elevation: float) -> str:
    """As it is by azimuth, 10 degrees from every edge, and by ear in the same sector."""
    name = _named(system, azimuth, 10.0)
    return name if name == _named(system, _folded(azimuth, elevation), 0.0) else _UNCLEAR


@pytest.mark.parametrize("seed", _SEEDS)
def test_directions_are_read_off_the_azimuth(seed: int) -> None:
    world = _random_world(seed)
    for sound in world.sounds:
        for system in ("sector5", *_CENTRES):
            expected = _sector(system, sound.azimuth_deg, sound.elevation_deg)
            assert _value(f'query({pick(sound.name)}, "{system}")', world) == expected
        lateral = np.degrees(np.arcsin(cos(radians(sound.elevation_deg)) * sin(radians(sound.azimuth_deg))))
        side = "left" if lateral >= 15.0 else "right" if lateral <= -15.0 else "unclear: near_the_middle"
        assert _value(f'query({pick(sound.name)}, "side")', world) == side
        ahead = abs(_turned(sound.azimuth_deg, 0.0)) <= 10.0
        place = "left" if lateral >= 25.0 else "right" if lateral <= -25.0 else "ahead" if ahead else "unclear"
        assert str(_value(f'query({pick(sound.name)}, "place")', world)).split(":")[0] == place


@pytest.mark.parametrize(
    ("elevation", "height"),
    [
        (30.0, "above"),
        (20.1, None),
        (29.9, None),
        (10.1, None),
        (10.0, "level"),
        (-10.0, "level"),
        (-30.0, "below"),
        (80.0, "above"),
    ],
)
def test_heights_have_a_gap_between_them(elevation: float, height: str | None) -> None:
    world = make_world(make_sound("rain", 60.0, elevation=elevation))
    assert _value(f'query({pick("rain")}, "height")', world) == (height or "unclear: height_not_clear")
    if abs(elevation) > 20.0:
        assert _value(f'query({pick("rain")}, "quarter")', world) == "unclear: too_high_or_low"


@pytest.mark.parametrize("seed", _SEEDS)
def test_distances_are_ranked(seed: int) -> None:
    world = _random_world(seed)
    near = sorted(world.sounds, key=lambda sound: sound.distance_m or 0.0)
    told = [_told(a, b, 1.5) for a, b in pairwise(near)]
    assert _value('sort(scene(), "distance")', world) == next(filter(None, told), tuple(s.name for s in near))
    nearest = _told(near[0], near[1], 2.0) or near[0].name
    farthest = _told(near[-2], near[-1], 2.0) or near[-1].name
    assert _value('query(argmin(scene(), "distance"), "label")', world) == nearest
    assert _value('query(argmax(scene(), "distance"), "label")', world) == farthest
    assert _value('winner(scene(), "nearest")', world) == nearest  # drawn at random, they are never all alike
    assert _value('winner(scene(), "farthest")', world) == farthest
    for a, b in permutations(world.sounds, 2):
        first, second = sorted((a, b), key=lambda sound: sound.distance_m or 0.0)
        expected = _told(first, second, 1.5) or a is first
        assert _value(f"nearer(scene(), {quote(a.name)}, {quote(b.name)})", world) == expected


def _told(near: Sound, far: Sound, ratio: float) -> str:
    """Why it is not told that one is nearer; empty where it is: the room must tell it, too, by 1 dB."""
    if (far.distance_m or 0.0) / (near.distance_m or 0.0) < ratio:
        return "unclear: distances_alike"
    return "" if (near.drr_db or 0.0) - (far.drr_db or 0.0) >= 1.0 else "unclear: room_does_not_tell"


@pytest.mark.parametrize(("drr", "is_told"), [(2.0, True), (1.9, True), (2.1, False), (9.0, False)])
def test_the_farther_sound_must_be_less_dry_by_a_decibel(drr: float, is_told: bool) -> None:
    world = make_world(make_sound("rain", 0.0, 1.0, drr=3.0), make_sound("siren", 60.0, 3.0, drr=drr))
    for program, value in (
        ('nearer(scene(), "rain", "siren")', True),
        ('sort(scene(), "distance")', ("rain", "siren")),
        ('winner(scene(), "farthest")', "siren"),
        ('winner(scene(), "nearest")', "rain"),
    ):
        assert _value(program, world) == (value if is_told else "unclear: room_does_not_tell")


def test_a_smaller_ratio_than_that_of_neighbours_is_not_to_be_had() -> None:
    world = make_world(make_sound("rain", 0.0, 1.0), make_sound("siren", 60.0, 1.4))
    assert _value('query(argmin(scene(), "distance", 1.1), "label")', world) == "unclear: distances_alike"
    farther = change(world, "siren", distance=1.5)
    assert _value('query(argmin(scene(), "distance", 1.1), "label")', farther) == "rain"


@pytest.mark.parametrize(("drr", "heard"), [(-10.0, True), (-10.1, False), (20.1, False), (None, False)])
def test_a_distance_is_heard_within_a_range_of_drr(drr: float | None, heard: bool) -> None:
    world = make_world(make_sound("rain", 0.0, 1.0), make_sound("siren", 60.0, 3.0, drr=drr))
    assert judge_claim('nearer(scene(), "rain", "siren")', world) is (True if heard else None)


@pytest.mark.parametrize(("drr", "heard"), [(20.0, True), (20.1, False)])
def test_so_is_that_of_a_near_sound(drr: float, heard: bool) -> None:
    world = make_world(make_sound("rain", 0.0, 1.0, drr=drr), make_sound("siren", 60.0, 3.0))
    assert judge_claim('nearer(scene(), "rain", "siren")', world) is (True if heard else None)


@pytest.mark.parametrize("seed", _SEEDS)
def test_sounds_are_counted(seed: int) -> None:
    world = _random_world(seed)
    assert run_program("count(scene())", world) == len(world.sounds)
    laterals = [sound.lateral_deg for sound in world.sounds]
    left = sum(lateral >= 15.0 for lateral in laterals)
    clear = all(abs(lateral) >= 15.0 for lateral in laterals)
    assert _value('count(filter(scene(), side="left"))', world) == (left if clear else "unclear: near_the_middle")
    assert _value("count(scene())", change(world, world.sounds[0].name, audible=False)) == "unclear: sound_not_audible"


@pytest.mark.parametrize("seed", _SEEDS)
def test_a_cell_holds_what_is_inside_where_the_rest_is_clearly_outside(seed: int) -> None:
    world = _random_world(seed)
    for sector, low, high in (("far left", 54.0, 90.0), ("ahead", -18.0, 18.0), ("front-right", -54.0, -18.0)):
        centre, half = 0.5 * (low + high), 0.5 * (high - low)
        inside, is_clear = [], True
        for sound in world.sounds:
            beyond = abs(_turned(sound.azimuth_deg, centre)) - half
            by_ear = abs(_turned(_folded(sound.azimuth_deg, sound.elevation_deg), centre)) - half
            near_open = sector == "far left" and _turned(sound.azimuth_deg, centre) > 0.0
            if beyond >= 20.0 and by_ear > 0.0:
                continue
            if beyond <= (0.0 if near_open else -10.0) and by_ear <= 0.0:
                inside.append(sound.name)
            else:
                is_clear = False
        value = _value(f'count(filter(scene(), sector5="{sector}"))', world)
        assert value == (len(inside) if is_clear else "unclear: near_sector_edge")


@pytest.mark.parametrize("t_mid", [None, 0.1, 0.21, 0.25, 0.3, 0.35, 0.5, 0.62, 0.7, 0.82, 1.0, 1.4, 1.65, 3.3, 6.0])
def test_a_reverberation_time_is_near_one_value_of_the_grid(t_mid: float | None) -> None:
    near = [g for g in (0.25, 0.5, 1.0, 2.0, 4.0) if t_mid is not None and abs(np.log2(t_mid / g)) <= 0.3]
    world = replace(_random_world(1), t_mid_s=t_mid)
    assert _value("reverberation(scene())", world) == (near[0] if near else "unclear: reverberation_not_clear")


@pytest.mark.parametrize(
    ("at_place_s", "told"), [(None, True), (0.36, True), (0.7, True), (0.35, False), (0.71, False)]
)
def test_a_reverberation_time_must_be_near_its_value_at_every_place(at_place_s: float | None, told: bool) -> None:
    """Not nearer to another one of the grid: by less than half a step, a factor of the square root of two."""
    world = make_world(make_sound("rain", 0.0, t_mid_s=0.5), make_sound("siren", 60.0, t_mid_s=at_place_s))
    assert _value("reverberation(scene())", world) == (0.5 if told else "unclear: reverberation_not_clear")


def test_what_is_there_and_what_is_not() -> None:
    world = make_world(make_sound("dog barking", classes=("dog", "animal")), make_sound("rain", 90.0, audible=False))
    assert judge_claim('has(scene(), label="dog barking")', world) is True
    assert judge_claim('has(scene(), label="Animal")', world) is True
    assert judge_claim('has(scene(), label="cat")', world) is False
    assert judge_claim('has(scene(), label="rain")', world) is False  # there, and not heard
    assert judge_claim('lacks(scene(), label="rain")', world) is False  # nor is it away
    assert judge_claim('lacks(scene(), label="cat")', world) is True


def test_what_is_not_there_or_there_twice_has_no_attribute() -> None:
    world = make_world(make_sound("rain", 60.0), make_sound("rain", -60.0))
    for name in ("rain", "siren"):
        with pytest.raises(AbsentError):
            run_program(f'query({pick(name)}, "side")', world)
        assert judge_claim(f'equals(query({pick(name)}, "side"), "left")', world) is False
    assert judge_claim('equals(query(unique(filter(scene(), side="left")), "label"), "rain")', world) is True


# ---------------------------------------------------------------- edits


def _place(sound: Sound) -> tuple[float, float, float]:
    a, e = radians(sound.azimuth_deg), radians(sound.elevation_deg)
    return cos(e) * cos(a), cos(e) * sin(a), sin(e)


def _sounds_after(program: str, world: World) -> dict[str, Sound]:
    return {sound.name: sound for sound in run_program(program, world).world.sounds}


def _agree(sound: Sound, azimuth: float, elevation: float, lateral: float) -> None:
    assert abs(_turned(sound.azimuth_deg, azimuth)) < 1e-6
    assert 0.0 <= sound.azimuth_deg <= 360.0  # a rounding may reach it
    assert sound.elevation_deg == pytest.approx(elevation, abs=1e-6)
    assert sound.lateral_deg == pytest.approx(lateral, abs=1e-6)


@pytest.mark.parametrize("seed", _SEEDS)
def test_turning_is_a_rotation_of_the_listener(seed: int) -> None:
    world = _random_world(seed, heights=80.0)
    left = float(rng_for(seed, "turn").uniform(-180.0, 180.0))
    after = _sounds_after(f"turn(scene(), {left})", world)
    for sound in world.sounds:
        seen = direction_of(to_listener_frame(rotation_matrix(left), _place(sound)))
        _agree(after[sound.name], seen.azimuth_deg, seen.elevation_deg, seen.lateral_deg)
        assert after[sound.name].distance_m == sound.distance_m


@pytest.mark.parametrize("seed", _SEEDS)
def test_facing_turns_the_head_until_the_sound_is_ahead(seed: int) -> None:
    world = _random_world(seed)
    faced = world.sounds[0]
    after = _sounds_after(f"face(scene(), {quote(faced.name)})", world)
    assert abs(_turned(after[faced.name].azimuth_deg, 0.0)) < 1e-9
    for sound in world.sounds:
        seen = direction_of(to_listener_frame(rotation_matrix(faced.azimuth_deg), _place(sound)))
        _agree(after[sound.name], seen.azimuth_deg, seen.elevation_deg, seen.lateral_deg)


@pytest.mark.parametrize("seed", _SEEDS)
def test_swapping_exchanges_all_that_depends_on_the_place(seed: int) -> None:
    world = _random_world(seed)
    a, b = (sound.name for sound in world.sounds[:2])
    assert _sounds_after(f"swap(scene(), {quote(a)}, {quote(b)})", world) == {
        sound.name: sound for sound in exchange(world, a, b).sounds
    }


@pytest.mark.parametrize("seed", _SEEDS)
def test_mirroring_reflects_in_the_median_plane(seed: int) -> None:
    world = _random_world(seed, heights=80.0)
    for name, sound in _sounds_after("mirror(scene())", world).items():
        x, y, z = _place(world.named(name)[0])
        seen = direction_of((x, -y, z))
        _agree(sound, seen.azimuth_deg, seen.elevation_deg, seen.lateral_deg)


@pytest.mark.parametrize("seed", _SEEDS)
def test_removing_leaves_the_others_as_they_were(seed: int) -> None:
    world = _random_world(seed)
    gone = world.sounds[0].name
    assert run_program(f"remove(scene(), {quote(gone)})", world).world == drop(world, gone)
    assert run_program(f"count(remove(scene(), {quote(gone)}))", world) == len(world.sounds) - 1
    with pytest.raises(AbsentError):
        run_program('remove(scene(), "no such sound")', world)


@pytest.mark.parametrize("seed", _SEEDS)
def test_two_edits_are_done_in_turn(seed: int) -> None:
    world = _random_world(seed)
    a, b = (sound.name for sound in world.sounds[:2])
    program = f'query(unique(filter(turn(swap(scene(), {quote(a)}, {quote(b)}), -90), label={quote(a)})), "quarter")'
    at = world.named(b)[0]
    assert _value(program, world) == _sector("quarter", at.azimuth_deg + 90.0, at.elevation_deg)


def test_an_edit_of_some_sounds_keeps_to_these() -> None:
    world = make_world(make_sound("rain", 60.0), make_sound("siren", -60.0))
    group = run_program('mirror(filter(scene(), side="left"))', world)
    assert [(sound.name, sound.azimuth_deg) for sound in group.sounds] == [("rain", 300.0)]
    with pytest.raises(AbsentError):
        run_program('remove(filter(scene(), side="left"), "siren")', world)


def test_a_program_leaves_the_world_as_it_was() -> None:
    world = _random_world(3)
    before = make_world(*world.sounds, t_mid_s=world.t_mid_s)
    run_program("count(mirror(turn(scene(), 90)))", world)
    assert world == before


# ---------------------------------------------------------------- judging, traces, expertise


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("all_of(equals(1, 1), equals(2, 2))", True),
        ("all_of(equals(1, 1), equals(1, 2))", False),
        ("negated(equals(1, 2))", True),
        ('equals(sort(scene(), "distance"), order("rain", "siren"))', True),
        ('equals(sort(scene(), "distance"), order("siren", "rain"))', False),
        ('equals(winner(scene(), "nearest"), "rain")', True),
        ("equals(reverberation(scene()), 0.5)", True),
        ("equals(turn(scene(), 90), turn(scene(), -270))", True),
    ],
)
def test_claims_are_judged(claim: str, verdict: bool) -> None:
    world = make_world(make_sound("rain", 60.0, 1.0), make_sound("siren", -90.0, 3.0))
    assert judge_claim(claim, world) is verdict


def test_a_trace_tells_every_step() -> None:
    world = make_world(make_sound("rain", 72.0), make_sound("siren", -72.0))
    trace: list[str] = []
    run_program(f'equals(query({pick("rain")}, "sector5"), "far left")', world, trace)
    assert trace == [
        'filter(label="rain") -> rain',
        "unique() -> rain",
        'query("sector5") -> far left',
        'equals("far left") -> true',
    ]


@pytest.mark.parametrize(
    ("programs", "expertise"),
    [
        (("count(scene())",), {"count"}),
        (("reverberation(scene())",), {"reverberation"}),
        ((f'query({pick("rain")}, "sector5")',), {"semantic", "direction"}),
        (('sort(scene(), "distance")',), {"distance"}),
        (('count(filter(scene(), side="left"))', 'has(scene(), label="rain")'), {"count", "direction", "semantic"}),
        (
            ('query(argmin(remove(scene(), "rain"), "distance", 1.5), "sector5")',),
            {"semantic", "distance", "direction"},
        ),
        (("room_kind(scene())",), {"reverberation"}),
    ],
)
def test_expertise_is_what_the_operations_ask_for(programs: tuple[str, ...], expertise: set[str]) -> None:
    assert expertise_of(programs) == expertise


# ---------------------------------------------------------------- what is no program


@pytest.mark.parametrize(
    "text",
    [
        "scene().world",
        "scene().__class__.__mro__",
        "scene",
        "__import__('os').system('true')",
        "open('/etc/passwd')",
        "(lambda: 1)()",
        "count(lambda: 1)",
        "[scene() for _ in (1,)]",
        "count(*(scene(),))",
        "count(**{'group': scene()})",
        "filter(scene(), **{'label': 'rain'})",
        'filter(scene(), label=f"{scene()}")',
        'filter(scene(), label=b"rain")',
        "equals(1j, 1)",
        "equals(None, 1)",
        "equals(True, 1)",
        "equals(..., 1)",
        "equals(-True, 1)",
        "equals(not 1, 1)",
        "equals(~1, 1)",
        "equals(1 + 1, 2)",
        "equals(1 if 1 else 2, 1)",
        "equals((1, 2), 1)",
        "equals({'a': 1}, 1)",
        "equals(x := 1, 1)",
        "scene()[0]",
        "scene() or scene()",
        "1 < 2",
        "await scene()",
        "yield",
        "count(scene()); count(scene())",
        "import os",
        "x = 1",
        "",
        " ",
        "count(scene()",
        "count(scene())\n)",
        'equals("a\x00b", 1)',
        'equals(-"a", 1)',
        "equals(--1, 1)",
        "turn(scene(), 1e999)",
        "turn(scene(), -1e999)",
        'count(filter(scene(), label="a", label="rain"))',
        "count(scene(1))",
        "count(scene(scene()))",
        'count(scene(label="rain"))',
        "nosuch(scene())",
        "_remove(scene(), 'rain')",
        "negated(" * 30 + "equals(1, 1)" + ")" * 30,
        "negated(" * 5000 + "equals(1, 1)" + ")" * 5000,
        "-" * 20000 + "1",
        "(" * 100000,
        "9" * 5000,
        "a" + ".b" * 2500,
    ],
    ids=lambda text: repr(text[:40]),
)
def test_what_is_no_nest_of_calls_is_refused(text: str) -> None:
    with pytest.raises(ProgramError):
        parse_program(text)
    with pytest.raises(ProgramError):
        judge_claim(text, _random_world(1))


@pytest.mark.parametrize(
    "text",
    [
        'query(unique(filter(scene(), label="rain")), "colour")',
        'argmax(scene(), "height")',
        'filter(scene(), sector5="upstairs")',
        'filter(scene(), colour="red")',
        "count(scene(), scene())",
        "has(scene())",
        'turn(scene(), "left")',
        "nearer(scene())",
    ],
)
def test_an_operation_that_cannot_be_done_is_no_program(text: str) -> None:
    with pytest.raises(ProgramError):
        run_program(text, make_world(make_sound("rain", 60.0)))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("unique(1)", ProgramError),
        ('count("rain")', ProgramError),
        ('query(scene(), "label")', ProgramError),
        ("filter(unique(scene()), label=1)", ProgramError),
        ("filter(scene(), group=scene())", ProgramError),
        ('remove("rain", "rain")', ProgramError),
        ('winner(scene(), "widest")', ProgramError),
        ("winner(scene(), 1)", ProgramError),
        pytest.param("turn(scene(), " + "9" * 400 + ")", ProgramError, id="turn(scene(), 999...)"),
        ('winner(filter(scene(), label="nothing"), "nearest")', AbsentError),
        ('nearer(scene(), "rain", "nothing")', AbsentError),
    ],
)
def test_a_nonsensical_program_ends_in_a_known_error(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run_program(text, make_world(make_sound("rain", 60.0)))


@pytest.mark.parametrize("first", [*_CALLS, "1"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_is_put_together_ends_in_a_value_or_a_known_error(operation: str, first: str) -> None:
    """Every operation of every kind of value, alone and with every kind of second and third argument."""
    world = make_world(make_sound("rain", 60.0, 1.0), make_sound("siren", -60.0, 3.0))
    rest = ["", *(f", {value}" for value in _VALUES), *(f", {one}, {two}" for one in _VALUES for two in _VALUES)]
    rest += [f", {name}={value}" for name in ("label", "sector5", "side", "what", "group") for value in _VALUES]
    for arguments in rest:
        with suppress(ProgramError, AbsentError, UnclearError):
            run_program(f"{operation}({first}{arguments})", world)


def test_names_are_quoted_whatever_is_in_them() -> None:
    for name in ('a "loud" bang', "back\\slash", "referee's whistle", "größe", "a, b) or c("):
        world = make_world(make_sound(name, 60.0))
        assert run_program(f'query({pick(name)}, "side")', world) == "left"
