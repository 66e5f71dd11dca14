"""From a RoomSpec to a room with a listener and sources in it. Start with `draw_layout`, the story.

Randomness is addressed (`rng_for(seed, "room", index, "attempt", k, ...)`): what one room draws depends on nothing but
the seed, its index and its own earlier rejections. Nothing is consumed in sequence across rooms, listeners or sources.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from math import dist

import numpy as np
from pydantic import ValidationError

from twnm_schemas import SURFACES, GeometryError, Listener, Room, RoomSpec, SpecError
from twnm_schemas.rooms import (
    AbsorptionSpec,
    FlatAbsorption,
    MaterialAbsorption,
    SurfaceAbsorption,
    TableAbsorption,
    Triple,
)
from twnm_shards.rng import rng_for
from twnm_sim.materials import material_absorption

HEAD_RADIUS_M = 0.1  # a listener keeps this from every wall, a source from the head's centre
NEAR_FIELD_M = 1.0  # nearer sources are flagged: HRIRs are measured at 1 m and more and vary with distance below
ROOM_ATTEMPTS = 100  # rooms drawn at one index before the spec is given up
LISTENER_TRIES = 100  # places drawn for a listener in one room
SOURCE_TRIES = 200  # places drawn for one source in one room

NO_ROOM_FOR_LISTENER = "no_room_for_listener"
NO_ROOM_FOR_SOURCES = "no_room_for_sources"
TOO_NEAR = "source_too_near"

Accept = Callable[[Listener, Triple], str | None]


@dataclass(frozen=True)
class Layout:
    """A room with a listener and sources, and why everything drawn before it at its index was rejected.

    `rejections` names each rejected room and each rejected source position, in the order of drawing; `attempt` is the
    number of rooms rejected before this one.
    """

    room: Room
    listener: Listener
    positions: tuple[Triple, ...]
    rejections: tuple[str, ...]
    attempt: int


def accept_all(listener: Listener, position: Triple) -> None:
    """The `accept` that has no wishes of its own."""


def draw_layout(spec: RoomSpec, sources: int, seed: int, index: int, accept: Accept = accept_all) -> Layout:
    """The room at `index` with its listener and `sources` positions.

    `accept` returns the name of a reason against a position (for instance "outside_hrtf_coverage") or None. A rejected
    position is redrawn at its own address; a room that cannot hold listener and sources is redrawn as a whole. Raises
    SpecError, naming the reason that starves it, when ROOM_ATTEMPTS rooms were rejected.
    """
    rejections: list[str] = []
    for attempt in range(ROOM_ATTEMPTS):
        room = draw_room(spec, seed, index, attempt)
        listener = draw_listener(spec, room, seed, index, attempt)
        if listener is None:
            rejections.append(NO_ROOM_FOR_LISTENER)
            continue
        positions, rejected = draw_positions(spec, room, listener, sources, seed, index, attempt, accept)
        rejections += rejected
        if positions is not None:
            return Layout(room, listener, positions, tuple(rejections), attempt)
        rejections.append(NO_ROOM_FOR_SOURCES)
    raise SpecError(_explain_starvation(spec, index, rejections))


def _explain_starvation(spec: RoomSpec, index: int, rejections: list[str]) -> str:
    counts = Counter(rejections)
    told = ", ".join(f"{name} {count} times" for name, count in counts.most_common())
    return f"Room {index} could not be drawn in {ROOM_ATTEMPTS} attempts ({told}): {_advise(spec, counts)}."


def _advise(spec: RoomSpec, counts: Counter[str]) -> str:
    """Which constraint starves the drawing, and what would feed it."""
    if counts[NO_ROOM_FOR_LISTENER] >= counts[NO_ROOM_FOR_SOURCES]:
        low, high = spec.ear_height_m.bounds()
        return (
            f"a listener with ears at {low:g} to {high:g} m and {spec.listener_clearance_m:g} m from every surface "
            "finds no place; lower listener_clearance_m or change ear_height_m or the sizes"
        )
    positions = Counter({name: n for name, n in counts.items() if name != NO_ROOM_FOR_SOURCES})
    starving = positions.most_common(1)[0][0] if positions else ""
    if starving in ("", NO_ROOM_FOR_LISTENER):
        return (
            f"no place is {spec.source_clearance_m:g} m from every surface; lower source_clearance_m or raise the sizes"
        )
    if starving == TOO_NEAR:
        return f"few places are {spec.nearest_source_m:g} m from the head; lower nearest_source_m or raise the sizes"
    return f"most places are rejected as {starving}; change what rejects them or the sizes"


def draw_room(spec: RoomSpec, seed: int, index: int, attempt: int = 0) -> Room:
    """The shoebox at an index. Raises SpecError where a distribution reaches a size or absorption that cannot be."""
    size_rng = rng_for(seed, "room", index, "attempt", attempt, "size")
    size = spec.sizes[int(size_rng.integers(0, len(spec.sizes)))]
    size_m = (size.x_m.draw(size_rng), size.y_m.draw(size_rng), size.z_m.draw(size_rng))
    absorption_rng = rng_for(seed, "room", index, "attempt", attempt, "absorption")
    absorption = spec.absorptions[int(absorption_rng.integers(0, len(spec.absorptions)))]
    table, materials = draw_absorption(absorption, absorption_rng)
    try:
        return Room(
            size_m=size_m,
            absorption=table,
            size_category=size.name,
            absorption_class=absorption.name,
            materials=materials,
        )
    except ValidationError as error:
        detail = error.errors()[0]
        place = ".".join(str(part) for part in detail["loc"])
        raise SpecError(
            f"The room spec draws a room that cannot be: {place}: {detail['msg']}; narrow the distributions."
        ) from error


Drawn = tuple[tuple[tuple[float, ...], ...], tuple[str, ...]]  # 6 surfaces x 7 octave bands, and six names or none


@singledispatch
def draw_absorption(absorption: AbsorptionSpec, rng: np.random.Generator) -> Drawn:
    """The 6 x 7 absorption table of a spec, and the six materials' names where it has names."""
    raise TypeError(f"no way to draw from a {type(absorption).__name__}")


@draw_absorption.register
def _draw_flat(absorption: FlatAbsorption, rng: np.random.Generator) -> Drawn:
    alpha = absorption.alpha.draw(rng)
    return ((alpha,) * 7,) * len(SURFACES), ()


@draw_absorption.register
def _draw_surfaces(absorption: SurfaceAbsorption, rng: np.random.Generator) -> Drawn:
    return tuple((alpha.draw(rng),) * 7 for alpha in absorption.alphas), ()


@draw_absorption.register
def _draw_table(absorption: TableAbsorption, rng: np.random.Generator) -> Drawn:
    return tuple(tuple(alpha.draw(rng) for alpha in row) for row in absorption.alphas), ()


@draw_absorption.register
def _draw_materials(absorption: MaterialAbsorption, rng: np.random.Generator) -> Drawn:
    walls, floor, ceiling = (
        names[int(rng.integers(0, len(names)))] for names in (absorption.walls, absorption.floor, absorption.ceiling)
    )
    materials = (walls,) * 4 + (floor, ceiling)
    return tuple(material_absorption(name) for name in materials), materials


def draw_listener(spec: RoomSpec, room: Room, seed: int, index: int, attempt: int = 0) -> Listener | None:
    """A head at least `listener_clearance_m` from every surface; None where the room has no such place."""
    pose_rng = rng_for(seed, "room", index, "attempt", attempt, "pose")
    pose = {name: getattr(spec, name).draw(pose_rng) for name in ("yaw_deg", "pitch_deg", "roll_deg")}
    box = _clearance_box(room, max(spec.listener_clearance_m, HEAD_RADIUS_M))
    if box is None:
        return None
    for k in range(LISTENER_TRIES):
        rng = rng_for(seed, "room", index, "attempt", attempt, "listener", "try", k)
        x, y = (float(rng.uniform(low, high)) for low, high in box[:2])
        z = spec.ear_height_m.draw(rng)
        if box[2][0] <= z <= box[2][1]:
            return _make_listener((x, y, z), pose)
    return None


def _make_listener(position_m: Triple, pose: dict[str, float]) -> Listener:
    try:
        return Listener(position_m=position_m, **pose)
    except ValidationError as error:
        detail = error.errors()[0]
        raise SpecError(
            f"The room spec draws a listener that cannot be: {detail['loc'][0]}: {detail['msg']}; narrow it."
        ) from error


def draw_positions(
    spec: RoomSpec,
    room: Room,
    listener: Listener,
    sources: int,
    seed: int,
    index: int,
    attempt: int = 0,
    accept: Accept = accept_all,
) -> tuple[tuple[Triple, ...] | None, tuple[str, ...]]:
    """Positions uniform in the volume that clearance, distance to the head and `accept` leave, and the rejections.

    None in place of the positions where SOURCE_TRIES did not place one of them.
    """
    box = _clearance_box(room, spec.source_clearance_m)
    if box is None:
        return None, ()
    positions: list[Triple] = []
    rejections: list[str] = []
    for j in range(sources):
        for k in range(SOURCE_TRIES):
            rng = rng_for(seed, "room", index, "attempt", attempt, "source", j, "try", k)
            x, y, z = (float(rng.uniform(low, high)) for low, high in box)
            position = (x, y, z)
            reason = _find_fault(spec, listener, position, accept)
            if reason is None:
                positions.append(position)
                break
            rejections.append(reason)
        else:
            return None, tuple(rejections)
    return tuple(positions), tuple(rejections)


def _find_fault(spec: RoomSpec, listener: Listener, position: Triple, accept: Accept) -> str | None:
    if dist(position, listener.position_m) < spec.nearest_source_m:
        return TOO_NEAR
    return accept(listener, position)


def _clearance_box(room: Room, clearance_m: float) -> tuple[tuple[float, float], ...] | None:
    """The (low, high) of each coordinate at least `clearance_m` inside the room; None where nothing is left."""
    if min(room.size_m) <= 2.0 * clearance_m:
        return None
    return tuple((clearance_m, side - clearance_m) for side in room.size_m)


def is_near_field(distance_m: float) -> bool:
    """Whether a source is so near that the HRIRs, measured farther away, are flagged `near_field`."""
    return distance_m < NEAR_FIELD_M


def check_geometry(room: Room, listener: Listener, positions: Sequence[Sequence[float]]) -> None:
    """Raises GeometryError for a listener or a source that cannot be where it is.

    The head is taken as a sphere of 0.1 m (HEAD_RADIUS_M) that must lie inside the room; a source may touch a wall.
    """
    shown = " x ".join(f"{side:g}" for side in room.size_m)
    if not _is_inside(room, listener.position_m, 0.0):
        raise GeometryError(
            f"The listener at {show_position(listener.position_m)} is outside the room of {shown} m; move it in."
        )
    if not _is_inside(room, listener.position_m, HEAD_RADIUS_M):
        raise GeometryError(
            f"The listener at {show_position(listener.position_m)} leaves no space for the head "
            f"in the room of {shown} m; "
            f"keep {HEAD_RADIUS_M:g} m from every wall."
        )
    for index, position in enumerate(positions):
        _check_source(room, listener, index, position, shown)


def _check_source(room: Room, listener: Listener, index: int, position: Sequence[float], shown: str) -> None:
    if len(position) != 3:
        raise GeometryError(f"Source {index} has {len(position)} coordinates; give x, y and z in metres.")
    if not _is_inside(room, position, 0.0):
        raise GeometryError(
            f"Source {index} at {show_position(position)} is outside the room of {shown} m; move it in."
        )
    if dist(position, listener.position_m) < HEAD_RADIUS_M:
        raise GeometryError(
            f"Source {index} at {show_position(position)} is inside the head at {show_position(listener.position_m)}; "
            f"keep {HEAD_RADIUS_M:g} m from its centre."
        )


def _is_inside(room: Room, position: Sequence[float], margin_m: float) -> bool:
    """False for NaN too."""
    return all(margin_m <= value <= side - margin_m for value, side in zip(position, room.size_m, strict=True))


def show_position(position: Sequence[float]) -> str:
    """A position as sentences name it."""
    return "(" + ", ".join(f"{value:g}" for value in position) + ") m"
