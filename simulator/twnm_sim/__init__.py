"""Rooms, heads, responses and scenes: everything that makes or measures sound.

Start with `render.brirs.render_brirs` (the physics from top to bottom), `library.run` (how a library of rooms is
rendered to shards) and `scenes` (how clips become scenes in them). `clips` reads datasets, `measured` imports measured
rooms, `hrtf` loads heads, `measure` measures responses, `decay` holds the theory, `listening` is a classical listener
that hears direction and reverberation from audio alone, `cli` is the command `twnm-sim`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twnm_sim.clips.scan import scan_clips
    from twnm_sim.hrtf import Hrtf, load_hrtf
    from twnm_sim.measure import measure_brir
    from twnm_sim.render.brirs import render_brirs
    from twnm_sim.scenes.describe import describe_scene
    from twnm_sim.scenes.maker import SceneMaker, compose_scene
    from twnm_sim.scenes.stream import SceneStream

_MODULES = {
    "SceneMaker": "twnm_sim.scenes.maker",
    "SceneStream": "twnm_sim.scenes.stream",
    "compose_scene": "twnm_sim.scenes.maker",
    "describe_scene": "twnm_sim.scenes.describe",
    "scan_clips": "twnm_sim.clips.scan",
    "Hrtf": "twnm_sim.hrtf",
    "load_hrtf": "twnm_sim.hrtf",
    "measure_brir": "twnm_sim.measure",
    "render_brirs": "twnm_sim.render.brirs",
}

__all__ = [
    "Hrtf",
    "SceneMaker",
    "SceneStream",
    "compose_scene",
    "describe_scene",
    "load_hrtf",
    "measure_brir",
    "render_brirs",
    "scan_clips",
]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that importing the package costs nothing."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
