"""The programs that decide: small expressions over a scene, run by this interpreter and by nothing else.

`query(unique(filter(scene(), label="rain")), "sector5")` is the direction of the rain. A program is a nest of calls of
the operations below with constants; Python's own parser reads it and everything else is refused. Where the scene does
not tell clearly enough (an edge of a sector, two distances alike) a program has no value and `UnclearError` names why;
where it asks for a sound that there is not, `AbsentError`.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import asin, cos, degrees, radians, sin
from typing import Any

from twnm_bench.directions import (
    GUARD_DEG,
    OUTSIDE_DEG,
    PLACE_SIDE_DEG,
    SIDE_DEG,
    SYSTEMS,
    clear_height,
    clear_side,
    fold_azimuth,
    get_sector,
    hear_sector,
)
from twnm_bench.facts import (
    EQUAL_DRR_DB,
    EQUAL_RATIO,
    NEIGHBOUR_RATIO,
    WINNER_RATIO,
    Sound,
    World,
    grid_value,
    is_clearly_nearer,
    mirror_world,
    read_world,
    tells_distance,
)
from twnm_schemas.errors import SpecError
from twnm_schemas.geometry import azimuth_difference
from twnm_schemas.scenes import Scene

EQUAL = "equal"
_DEEPEST = 24
_HALF_WAY = 2.0**0.5  # from one value of the reverberation grid to the next, as a factor


class ProgramError(SpecError):
    """A program that cannot be run at all."""


class UnclearError(Exception):
    """The scene does not tell clearly; the message is the reason's name."""


class AbsentError(Exception):
    """What is asked about is not in the scene, or there is more than one of it."""


@dataclass(frozen=True)
class Group:
    """Some sounds of a world."""

    world: World
    sounds: tuple[Sound, ...]

    def names(self) -> tuple[str, ...]:
        return tuple(sound.name for sound in self.sounds)


@dataclass(frozen=True)
class One:
    """One sound of a world."""

    world: World
    sound: Sound


# ---------------------------------------------------------------- choosing sounds


def _filter(group: Group, **wanted: Any) -> Group:
    """Those that fit; `label` is a name, or a broader class where no sound has that name."""
    kept = group.sounds
    for what, value in wanted.items():
        if what == "label":
            named = tuple(sound for sound in kept if sound.name == value)
            kept = named or tuple(sound for sound in kept if str(value).lower() in sound.classes)
        elif what in SYSTEMS:
            kept = tuple(sound for sound in kept if _is_within(sound, what, str(value)))
        else:
            kept = tuple(sound for sound in kept if _attribute(sound, what) == value)
    return Group(group.world, kept)


def _is_within(sound: Sound, system: str, name: str) -> bool:
    """Whether a sound is clearly inside a sector or clearly outside. Raises UnclearError in between."""
    try:
        sector = get_sector(system, name)
    except KeyError:
        raise ProgramError(f"There is no direction '{name}' in {system}.") from None
    margin = sector.margin_deg(sound.azimuth_deg)
    by_ear = sector.margin_deg(fold_azimuth(sound.azimuth_deg, sound.lateral_deg))
    if margin <= -OUTSIDE_DEG and by_ear < 0.0:
        return False
    if margin < GUARD_DEG or by_ear < 0.0 or not sound.is_level:
        raise UnclearError("near_sector_edge")
    return True


def _unique(group: Group) -> One:
    if len(group.sounds) != 1:
        raise AbsentError(f"{len(group.sounds)} sounds")
    return One(group.world, group.sounds[0])


def _argmax(group: Group, what: str, ratio: float = WINNER_RATIO) -> One:
    return _extreme(group, what, ratio, farthest=True)


def _argmin(group: Group, what: str, ratio: float = WINNER_RATIO) -> One:
    return _extreme(group, what, ratio, farthest=False)


def _extreme(group: Group, what: str, least: float = WINNER_RATIO, *, farthest: bool) -> One:
    """The winner; the next one must be `least` times as far, or as near."""
    ranked = _rank(group, what)
    if not ranked:
        raise AbsentError("no sounds")
    if len(ranked) > 1:
        near, far = ranked[-2:] if farthest else ranked[:2]
        _require_told(near, far, max(least, NEIGHBOUR_RATIO))
    return One(group.world, ranked[-1 if farthest else 0])


def _rank(group: Group, what: str) -> list[Sound]:
    """The sounds, nearest first. Raises UnclearError where a distance is not heard."""
    if what != "distance":
        raise ProgramError(f"'{what}' is nothing that sounds are ranked by; there is: distance.")
    if not all(map(tells_distance, group.sounds)):
        raise UnclearError("distance_not_heard")
    return sorted(group.sounds, key=lambda sound: sound.distance_m or 0.0)


def _ratio(first: Sound, second: Sound) -> float:
    """How many times the farther of two is as far as the nearer."""
    assert first.distance_m is not None
    assert second.distance_m is not None
    ratio = first.distance_m / second.distance_m
    return max(ratio, 1.0 / ratio) + 1e-9  # a rounding does not decide what is exactly at the margin


def _require_told(near: Sound, far: Sound, ratio: float) -> None:
    """Raises UnclearError where two distances are alike, or the room does not tell which is the shorter."""
    if _ratio(near, far) < ratio:
        raise UnclearError("distances_alike")
    if not is_clearly_nearer(near, far, ratio):
        raise UnclearError("room_does_not_tell")


# ---------------------------------------------------------------- asking


def _query(one: One, what: str) -> Any:
    if what == "label":
        return one.sound.name
    return _attribute(one.sound, what)


def _attribute(sound: Sound, what: str) -> str:
    """A quantised attribute of a sound. Raises UnclearError within its margin."""
    if what in SYSTEMS:
        if not sound.is_level:
            raise UnclearError("too_high_or_low")
        sector = hear_sector(what, sound.azimuth_deg, sound.lateral_deg)
        if sector is None:
            raise UnclearError("near_sector_edge")
        return sector.name
    if what == "side":
        if side := clear_side(sound.lateral_deg, SIDE_DEG):
            return side
        raise UnclearError("near_the_middle")
    if what == "place":
        return _find_place(sound)
    if what == "height":
        if height := clear_height(sound.elevation_deg):
            return height
        raise UnclearError("height_not_clear")
    raise ProgramError(f"'{what}' is nothing that can be asked of a sound.")


def _find_place(sound: Sound) -> str:
    """ "left", "ahead" or "right", clearly apart."""
    if not sound.is_level:
        raise UnclearError("too_high_or_low")
    if abs(sound.lateral_deg) >= PLACE_SIDE_DEG:
        return "left" if sound.lateral_deg > 0.0 else "right"
    if abs(azimuth_difference(sound.azimuth_deg, 0.0)) <= GUARD_DEG:
        return "ahead"
    raise UnclearError("places_not_clear")


def _count(group: Group) -> int:
    if not all(sound.is_audible for sound in group.sounds):
        raise UnclearError("sound_not_audible")
    return len(group.sounds)


def _sort(group: Group, what: str) -> tuple[str, ...]:
    ranked = _rank(group, what)
    for nearer, farther in pairwise(ranked):
        _require_told(nearer, farther, NEIGHBOUR_RATIO)
    return tuple(sound.name for sound in ranked)


def _winner(group: Group, which: str) -> str:
    """The name of the "nearest" or "farthest" sound, or "equal" where all are equally far, by distance and DRR."""
    if which not in ("nearest", "farthest"):
        raise ProgramError(f"'{which}' is no winner; there are: nearest, farthest.")
    ranked = _rank(group, "distance")
    if not ranked:
        raise AbsentError("no sounds")
    ratios = [sound.drr_db for sound in ranked if sound.drr_db is not None]
    if _ratio(ranked[0], ranked[-1]) <= EQUAL_RATIO + 1e-9 and max(ratios) - min(ratios) <= EQUAL_DRR_DB:
        return EQUAL
    return _extreme(group, "distance", farthest=which == "farthest").sound.name


def _reverberation(group: Group) -> float:
    """The grid value of the room; at no sound's place another one may be nearer."""
    value = grid_value(group.world.t_mid_s)
    times_s = [sound.t_mid_s for sound in group.world.sounds if sound.t_mid_s is not None]
    if value is None or not all(value / _HALF_WAY < t < value * _HALF_WAY for t in times_s):
        raise UnclearError("reverberation_not_clear")
    return value


def _room_kind(group: Group) -> str:
    """Size and walls in one word pair: "small hard"."""
    walls = {"high_reverberation": "hard", "low_reverberation": "soft"}.get(group.world.absorption_class)
    if walls is None or group.world.size_category not in ("small", "large"):
        raise UnclearError("room_between_kinds")
    return f"{group.world.size_category} {walls}"


def _has(group: Group, label: str) -> bool:
    return any(sound.is_audible for sound in _filter(group, label=label).sounds)


def _lacks(group: Group, label: str) -> bool:
    return not _filter(group, label=label).sounds


def _nearer(group: Group, first: str, second: str) -> bool:
    pair = [_unique(_filter(group, label=name)).sound for name in (first, second)]
    ranked = _rank(Group(group.world, tuple(pair)), "distance")
    _require_told(ranked[0], ranked[1], NEIGHBOUR_RATIO)
    return ranked[0] is pair[0]


# ---------------------------------------------------------------- what if


def _edited(group: Group, edit: Callable[[Sound], Sound]) -> Group:
    world = replace(group.world, sounds=tuple(map(edit, group.world.sounds)))
    kept = {sound.index for sound in group.sounds}
    return Group(world, tuple(sound for sound in world.sounds if sound.index in kept))


def _turn(group: Group, left_deg: float) -> Group:
    """The head turned to the left by so much (negative: to the right); it stays upright."""

    def edit(sound: Sound) -> Sound:
        azimuth_deg = (sound.azimuth_deg - left_deg) % 360.0
        return _at_azimuth(sound, 0.0 if azimuth_deg >= 360.0 else azimuth_deg)  # -1e-17 % 360 rounds to 360

    return _edited(group, edit)


def _at_azimuth(sound: Sound, azimuth_deg: float) -> Sound:
    lateral = degrees(asin(cos(radians(sound.elevation_deg)) * sin(radians(azimuth_deg))))
    return replace(sound, azimuth_deg=azimuth_deg, lateral_deg=lateral)


def _face(group: Group, label: str) -> Group:
    """The head turned to face the sound of that name."""
    return _turn(group, azimuth_difference(_unique(_filter(group, label=label)).sound.azimuth_deg, 0.0))


def _remove(group: Group, label: str) -> Group:
    gone = {sound.index for sound in _filter(group, label=label).sounds}
    if not gone:
        raise AbsentError(label)
    world = replace(group.world, sounds=tuple(s for s in group.world.sounds if s.index not in gone))
    return Group(world, tuple(sound for sound in group.sounds if sound.index not in gone))


def _swap(group: Group, first: str, second: str) -> Group:
    """The two sounds at each other's places; what depends on the place goes with it."""
    a, b = (_unique(_filter(group, label=name)).sound for name in (first, second))
    places = {a.index: b, b.index: a}

    def edit(sound: Sound) -> Sound:
        at = places.get(sound.index)
        if at is None:
            return sound
        return replace(
            sound,
            azimuth_deg=at.azimuth_deg,
            elevation_deg=at.elevation_deg,
            lateral_deg=at.lateral_deg,
            distance_m=at.distance_m,
            drr_db=at.drr_db,
            t_mid_s=at.t_mid_s,
        )

    return _edited(group, edit)


def _mirror(group: Group) -> Group:
    """Left and right exchanged."""
    kept = {sound.index for sound in group.sounds}
    world = mirror_world(group.world)
    return Group(world, tuple(sound for sound in world.sounds if sound.index in kept))


# ---------------------------------------------------------------- judging


def _equals(first: Any, second: Any) -> bool:
    return bool(first == second)


def _all_of(*parts: bool) -> bool:
    return all(parts)


def _negated(part: bool) -> bool:
    return not part


def _order(*names: str) -> tuple[str, ...]:
    return names


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "filter": _filter,
    "unique": _unique,
    "argmax": _argmax,
    "argmin": _argmin,
    "query": _query,
    "count": _count,
    "sort": _sort,
    "winner": _winner,
    "reverberation": _reverberation,
    "room_kind": _room_kind,
    "has": _has,
    "lacks": _lacks,
    "nearer": _nearer,
    "turn": _turn,
    "face": _face,
    "remove": _remove,
    "swap": _swap,
    "mirror": _mirror,
    "equals": _equals,
    "all_of": _all_of,
    "negated": _negated,
    "order": _order,
}
OPERATIONS = ("scene", *_OPERATIONS)
_CONSTANTS = (str, int, float)


@lru_cache(maxsize=1 << 14)
def parse_program(text: str) -> ast.expr:
    """The program's tree. Raises ProgramError for anything but calls of the operations with constants."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ProgramError(f"The program {text[:80]!r} does not parse.") from None
    _check(tree, text, 0)
    return tree


def _check(node: ast.expr, text: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ProgramError(f"The program {text[:80]!r} is nested too deeply.")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OPERATIONS:
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            _check(argument, text, depth + 1)
        names = [keyword.arg for keyword in node.keywords]
        is_bare = not (node.args or node.keywords)
        if all(names) and len(set(names)) == len(names) and (node.func.id != "scene" or is_bare):
            return
    if _is_negative(node):
        return
    if isinstance(node, ast.Constant) and type(node.value) in _CONSTANTS and node.value != float("inf"):
        return
    raise ProgramError(f"The program {text[:80]!r} holds a {type(node).__name__}, which is no operation.")


def _is_negative(node: ast.expr) -> bool:
    """Whether it is a number with a minus before it."""
    if not (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)):
        return False
    value = node.operand.value if isinstance(node.operand, ast.Constant) else None
    return type(value) in (int, float) and value != float("inf")


def run_program(text: str, world: World, trace: list[str] | None = None) -> Any:
    """The value of a program on a world; `trace` is told every step.

    Raises UnclearError, AbsentError, ProgramError.
    """
    return _run(parse_program(text), world, trace)


def _run(node: ast.expr, world: World, trace: list[str] | None) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp):
        assert isinstance(node.operand, ast.Constant)
        return -node.operand.value  # type: ignore[operator]
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    if node.func.id == "scene":
        return Group(world, world.sounds)
    arguments = [_run(argument, world, trace) for argument in node.args]
    named = {str(keyword.arg): _run(keyword.value, world, trace) for keyword in node.keywords}
    try:
        value = _OPERATIONS[node.func.id](*arguments, **named)
    except (TypeError, AttributeError, ValueError, IndexError, OverflowError) as error:
        raise ProgramError(f"{node.func.id}(...) cannot be run: {error}.") from None
    if trace is not None:
        trace.append(f"{_say_call(node)} -> {_say_value(value)}")
    return value


def _say_call(node: ast.Call) -> str:
    """The call with what is nested in it left out."""
    assert isinstance(node.func, ast.Name)
    shown = [ast.unparse(a) for a in node.args if not isinstance(a, ast.Call)]
    shown += [f"{k.arg}={ast.unparse(k.value)}" for k in node.keywords]
    return f"{node.func.id}({', '.join(shown)})".replace("'", '"')


def _say_value(value: Any) -> str:
    if isinstance(value, Group):
        return ", ".join(value.names()) or "nothing"
    if isinstance(value, One):
        return value.sound.name
    if isinstance(value, tuple):
        return " < ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def judge_claim(claim: str, world: World) -> bool | None:
    """Whether a claim is true; None where the scene does not tell. A claim about what is not there is false."""
    try:
        return bool(run_program(claim, world))
    except AbsentError:
        return False
    except UnclearError:
        return None


def judge_claims(claims: Sequence[str], scene: Scene) -> list[bool | None]:
    """Whether each claim is true of the scene; None where the scene does not tell."""
    world = read_world(scene)
    return [judge_claim(claim, world) for claim in claims]


# ---------------------------------------------------------------- what expertise a program asks for

_EXPERTISE = {  # by operation or by what is asked
    "label": "semantic",
    "has": "semantic",
    "lacks": "semantic",
    "swap": "semantic direction",
    "face": "semantic direction",
    "remove": "semantic",
    "turn": "direction",
    "mirror": "direction",
    "sector5": "direction",
    "sector8": "direction",
    "quarter": "direction",
    "diagonal": "direction",
    "side": "direction",
    "place": "direction",
    "height": "direction",
    "distance": "distance",
    "nearer": "semantic distance",
    "winner": "distance",
    "reverberation": "reverberation",
    "room_kind": "reverberation",
    "count": "count",
}


def expertise_of(programs: Sequence[str]) -> frozenset[str]:
    """Which of `ROUTER_NAMES` the operations of some programs ask for together."""
    found: set[str] = set()
    for text in programs:
        for node in ast.walk(parse_program(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found.update(_EXPERTISE.get(node.func.id, "").split())
                found.update(word for k in node.keywords for word in _EXPERTISE.get(str(k.arg), "").split())
                constants = (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))
                if node.func.id in ("query", "argmax", "argmin", "sort"):
                    found.update(word for c in constants for word in _EXPERTISE.get(c, "").split())
    return frozenset(found)
