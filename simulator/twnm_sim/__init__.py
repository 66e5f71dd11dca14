"""Rooms, heads and responses: everything that makes or measures sound.

Start with `render.brirs.render_brirs` (the physics from top to bottom) and `library.run` (how a library of rooms is
rendered to shards). `hrtf` loads heads, `measure` measures responses, `decay` holds the theory, `listening` is a
classical listener that hears direction and reverberation from audio alone, `cli` is the command `twnm-sim`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twnm_sim.hrtf import Hrtf, load_hrtf
    from twnm_sim.measure import measure_brir
    from twnm_sim.render.brirs import render_brirs

_MODULES = {
    "Hrtf": "twnm_sim.hrtf",
    "load_hrtf": "twnm_sim.hrtf",
    "measure_brir": "twnm_sim.measure",
    "render_brirs": "twnm_sim.render.brirs",
}

__all__ = ["Hrtf", "load_hrtf", "measure_brir", "render_brirs"]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that importing the package costs nothing."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
