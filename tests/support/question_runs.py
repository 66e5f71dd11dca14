"""A small library of test rooms that questions can be asked in, rendered for real once a session, and runs of the
generator on it with the package's own sounds."""

from functools import cache
from pathlib import Path

import pytest

from twnm_bench.generate.run import GenerateRequest
from twnm_schemas.questions import Task
from twnm_schemas.render import RenderSpec
from twnm_sim.library.run import Request, plan_run, run_plan

RATE = 16000
ROOMS, POSITIONS = 24, 16
QUOTAS: dict[Task, int] = {"sound_location_binding": 5, "source_counting": 4, "attribute_binding": 4}


def make_library(folders: pytest.TempPathFactory) -> Path:
    """The root of the library of this session; nobody may change it."""
    return _render(folders.getbasetemp() / "question rooms")


@cache
def _render(root: Path) -> Path:
    spec = RenderSpec(sample_rate=RATE, sources_per_room=POSITIONS)
    run_plan(plan_run(Request(spec, ROOMS, 0, root, "100", workers=1, mode="continue", split="test")))
    return root


def ask_for(rooms: Path, out: Path, **changes: object) -> GenerateRequest:
    """A request for a few questions."""
    settings: dict[str, object] = {"quotas": QUOTAS, "library": (str(rooms),), "out": out, "difficulty": "mixed"}
    return GenerateRequest(**{**settings, **changes})  # type: ignore[arg-type]
