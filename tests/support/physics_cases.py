"""Heads, rooms and positions that the physics tests share."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from twnm_schemas import Listener, Room
from twnm_sim import Hrtf, load_hrtf

FABIAN_358 = Path(__file__).resolve().parents[3] / "shared/data/hrtf/fabian_358.sofa"
SETS = {"kemar": "kemar", "fabian_358": str(FABIAN_358), "spherical-head": "spherical-head"}
HEADS = [(name, rate) for name in ("kemar", "fabian_358") for rate in (44100, 48000)]

# every surface and every band differs, between plaster (0.05) and thick absorbers (0.7)
TABLE = (
    (0.10, 0.15, 0.20, 0.30, 0.30, 0.35, 0.40),
    (0.05, 0.05, 0.30, 0.40, 0.60, 0.70, 0.70),
    (0.30, 0.20, 0.10, 0.10, 0.05, 0.05, 0.05),
    (0.12, 0.11, 0.10, 0.10, 0.10, 0.09, 0.08),
    (0.05, 0.10, 0.25, 0.40, 0.55, 0.60, 0.65),
    (0.60, 0.50, 0.50, 0.40, 0.40, 0.30, 0.20),
)
# as a furnished room has it: alike on the walls, so that it decays within half a second
MILD_TABLE = (
    *(((0.15, 0.20, 0.24, 0.28, 0.32, 0.36, 0.40),) * 2),
    *(((0.30, 0.30, 0.28, 0.28, 0.26, 0.26, 0.26),) * 2),
    (0.25, 0.30, 0.35, 0.40, 0.50, 0.60, 0.60),
    (0.60, 0.50, 0.45, 0.40, 0.35, 0.30, 0.30),
)
TURNED = {"yaw_deg": 37.0, "pitch_deg": 10.0, "roll_deg": -8.0}
UPSIDE = {"yaw_deg": 200.0, "pitch_deg": -35.0, "roll_deg": 120.0}


@lru_cache(maxsize=8)
def open_head(name: str, rate: int) -> Hrtf:
    """A set at a rate; skips the test where the FABIAN subset is not on this machine."""
    if name == "fabian_358" and not FABIAN_358.exists():
        pytest.skip(f"the FABIAN subset is not at {FABIAN_358}")
    return load_hrtf(SETS[name], sample_rate=rate)


def draw_point(room: Room, rng: np.random.Generator, clearance_m: float = 0.5) -> tuple[float, float, float]:
    x, y, z = (float(rng.uniform(clearance_m, side - clearance_m)) for side in room.size_m)
    return x, y, z


def draw_sources(room: Room, listener: Listener, count: int, rng: np.random.Generator, nearest_m: float = 1.0):
    """Positions half a metre from every wall and `nearest_m` from the head."""
    sources: list[tuple[float, float, float]] = []
    while len(sources) < count:
        point = draw_point(room, rng)
        if np.linalg.norm(np.subtract(point, listener.position_m)) >= nearest_m:
            sources.append(point)
    return sources


def draw_scene(room: Room, rng: np.random.Generator, nearest_m: float = 0.3):
    """A listener and a source anywhere legal, the head turned and tilted any way."""
    listener = Listener(
        position_m=draw_point(room, rng, 0.1),
        yaw_deg=float(rng.uniform(0.0, 360.0)),
        pitch_deg=float(rng.uniform(-80.0, 80.0)),
        roll_deg=float(rng.uniform(-180.0, 180.0)),
    )
    while True:
        source = draw_point(room, rng, 0.0)
        if np.linalg.norm(np.subtract(source, listener.position_m)) >= nearest_m:
            return listener, source


# surfaces that differ from each other by octave, each the other way: what one absorbs the next one leaves
UNEVEN_TABLE = [[0.15, 0.6, 0.15, 0.6, 0.15, 0.6, 0.15], [0.6, 0.15, 0.6, 0.15, 0.6, 0.15, 0.6]] * 3
