"""How fast questions are asked, audited and scored. A program, not a test; it prints Markdown.

    python tests/performance/bench_questions.py [--rooms 60] [--questions 1000] [--folder DIR]

Rooms of the test split are rendered, a set is generated, and then timed on one core: the questions from its stored
scenes, the audit with every reader, the score of one run.
"""

import argparse
import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from twnm_bench.audit.run import audit_items
from twnm_bench.audit.shelves import look_into_shards
from twnm_bench.generate.outputs import write_questions
from twnm_bench.generate.run import GeneratePlan, GenerateRequest, ask_questions, plan_generate, run_generate
from twnm_bench.generate.slots import deal_quotas
from twnm_bench.items import read_items
from twnm_bench.score.run import ScoreRequest, score_files
from twnm_schemas.render import RenderSpec
from twnm_sim.library.run import Request, count_cores, plan_run, run_plan


def make_set(folder: Path, rooms: int, questions: int) -> tuple[GeneratePlan, float]:
    """A finished set in the folder, and the seconds that its making took."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(parents=True)
    spec = RenderSpec(sources_per_room=30)
    run_plan(plan_run(Request(spec, rooms, 0, folder, "1GB", workers=count_cores(), mode="continue", split="test")))
    request = GenerateRequest(
        deal_quotas(questions), folder, library=(str(folder),), difficulty="mixed", workers=count_cores()
    )
    begun = time.perf_counter()
    plan = plan_generate(request)
    made = run_generate(plan)
    write_questions(made.root, made.questions)
    return plan, time.perf_counter() - begun


def clock(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def audit(root: Path) -> None:
    """Every gate over the set as it lies there."""
    items = read_items(root / "questions.jsonl")
    shelves = look_into_shards(items, root)
    audit_items(items, shelves.scenes, members=shelves.members)


def score(root: Path, predictions: Path) -> None:
    """The score of one run."""
    score_files(ScoreRequest(root / "questions.jsonl", predictions))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=60)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        plan, made_s = make_set(options.folder or Path(temporary), options.rooms, options.questions)
        predictions = plan.root.parent / "predictions.jsonl"
        items = read_items(plan.root / "questions.jsonl")
        predictions.write_text("".join(json.dumps({"id": item.id, "answer": "A"}) + "\n" for item in items))
        figures = {
            f"scenes drawn and composed, {count_cores()} workers": made_s,
            "questions from the stored scenes (target 10)": clock(lambda: ask_questions(plan)),
            "audit, every gate and reader (target 30)": clock(lambda: audit(plan.root)),
            "score of one run (target 2)": clock(lambda: score(plan.root, predictions)),
        }
    print(f"| {options.questions} questions, mixed | s |\n|---|---|")
    for name, seconds in figures.items():
        print(f"| {name} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
