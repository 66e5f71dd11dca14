"""What training text must not be made of: the scenes, rooms and clips of benchmarks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from twnm_bench.audit.shelves import look_into_shards
from twnm_bench.audit.splits import gather_training
from twnm_bench.items import read_items
from twnm_schemas.errors import StoreError
from twnm_schemas.scenes import Scene

QUESTIONS = "questions.jsonl"
_WORDS = {"room": "benchmark_room"}


@dataclass(frozen=True)
class Avoided:
    """What benchmarks hold: scenes by id with their fingerprint ("" where only the id is known), and all whose rooms
    and clips are in them, as `kind:name`."""

    scenes: dict[str, str]
    identities: frozenset[str]

    def why_not(self, scene: Scene) -> str:
        """The reason's name for which a scene is refused, "" for none.

        Scenes of two runs may have one name; where a benchmark's own record is at hand, only the same scene is refused.
        """
        there = self.scenes.get(scene.scene_id)
        if there is not None and there in ("", scene.fingerprint):
            return "benchmark_scene"
        shared = sorted(gather_training([scene]).identities & self.identities) if self.identities else []
        return _WORDS.get(shared[0].partition(":")[0], "benchmark_clip") if shared else ""


def find_benchmarks(named: Sequence[Path], out: Path) -> list[Path]:
    """The question files to keep off: those named (a file, or a folder that holds questions.jsonl), else the one of
    OUT/benchmark where there is one. Raises StoreError for a name without questions."""
    if not named:
        usual = out / "benchmark" / QUESTIONS
        return [usual] if usual.is_file() else []
    found = [path / QUESTIONS if path.is_dir() else path for path in named]
    for path in found:
        if not path.is_file():
            raise StoreError(f"{path} is not there; give --benchmark a question file (questions.jsonl).")
    return found


def read_avoided(files: Sequence[Path]) -> Avoided:
    """What the question files and the shards beside them hold. Raises StoreError for what does not read."""
    ids: dict[str, str] = {}
    scenes: list[Scene] = []
    for path in files:
        items = read_items(path)
        known = look_into_shards(items, path.parent).scenes or {}
        ids |= {item.scene_id: "" for item in items if item.scene_id and item.scene_id not in known}
        ids |= {name: scene.fingerprint for name, scene in known.items()}
        scenes += known.values()
    return Avoided(ids, gather_training(scenes).identities if scenes else frozenset())
