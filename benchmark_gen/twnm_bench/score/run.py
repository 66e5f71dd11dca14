"""Scoring from top to bottom: read questions and predictions, judge every answer, count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twnm_bench.items import Item, read_items
from twnm_bench.score.compare import contrast_runs, contrast_tasks
from twnm_bench.score.predictions import Judged, check_complete, check_predictions, judge_run, read_predictions
from twnm_bench.score.result import Comparison, RunScore, Score
from twnm_bench.score.tally import (
    average_accuracies,
    cluster_all,
    count_accuracy,
    count_groups,
    group_areas,
    group_by,
    group_tags,
    group_tasks,
    judge_consistency,
)
from twnm_schemas.answers import LETTERS
from twnm_schemas.errors import SpecError, StoreError
from twnm_shards.files import sha256_of

KeyKind = Literal["true", "mirror"]


@dataclass(frozen=True)
class ScoreRequest:
    """What to score: predictions of one run, and of others to hold it against.

    `key`: "mirror" scores against the choice that is true with left and right exchanged. `only_mirrored`: leave out
    questions without such a choice under either key, so that both accuracies are of the same questions.
    `allow_missing`: count questions without a prediction as wrong.
    """

    benchmark: Path
    predictions: Path
    compare: tuple[Path, ...] = ()
    key: KeyKind = "true"
    only_mirrored: bool = False
    allow_missing: bool = False


def score_files(request: ScoreRequest) -> Score:
    """Score predictions files against a question file.

    Raises StoreError, in one sentence with line or id, for files that do not read, for ids that are unknown, missing
    or given twice, and for questions that cannot be scored; SpecError for a file that is compared with itself.
    """
    names = name_runs((request.predictions, *request.compare))
    items = read_items(request.benchmark)
    _check_items(request.benchmark, items)
    keys = _choose_keys(request, items)
    runs = {path: _judge_file(request, path, items, keys) for path in names}
    own = runs[request.predictions]
    whole = _count_run(request.predictions, own)
    return Score(
        **dict(whole),
        name=names[request.predictions],
        benchmark=str(request.benchmark),
        benchmark_sha256=sha256_of(request.benchmark),
        key=request.key,
        left_out=len(items) - len(own),
        chance=sum(1.0 / len(entry.item.choices) for entry in own) / len(own),
        asa_levels=count_groups(group_by(own, lambda entry: (entry.item.asa_level,))),
        difficulty=count_groups(group_by(own, lambda entry: (entry.item.difficulty,))),
        tags=count_groups(group_tags(own)),
        macro=average_accuracies(own),
        clustered=cluster_all(own),
        consistency=judge_consistency(own),
        compare={names[path]: _compare(path, own, runs[path]) for path in request.compare},
    )


def name_runs(paths: Sequence[Path]) -> dict[Path, str]:
    """A name for each file: as much of the end of its path as tells it from the others, without a suffix if it may.

    Raises SpecError for a file that is given twice.
    """
    files = {path: path.resolve() for path in paths}
    if len(set(files.values())) < len(paths):
        twice = next(path for place, path in enumerate(paths) if path.resolve() in [p.resolve() for p in paths[:place]])
        raise SpecError(f"{twice} is given twice; compare with another file.")
    parts = {path: (*file.parent.parts, file.stem) for path, file in files.items()}
    if len(set(parts.values())) < len(paths):
        parts = {path: file.parts for path, file in files.items()}
    depth = 1
    while len({of_path[-depth:] for of_path in parts.values()}) < len(paths):
        depth += 1
    return {path: "/".join(of_path[-depth:]) for path, of_path in parts.items()}


def _check_items(path: Path, items: Sequence[Item]) -> None:
    """Raise StoreError for a question with more choices than the answer grammar has letters, or a wrong mirror."""
    for item in items:
        if len(item.choices) > len(LETTERS):
            raise StoreError(f"{path}: {item.id} has {len(item.choices)} choices; answers are one of A to D.")
        mirror = item.mirror_index
        if mirror is not None and (type(mirror) is not int or not 0 <= mirror < len(item.choices)):
            raise StoreError(f"{path}: {item.id} has a `mirror_index` of {mirror!r}, which is no place of a choice.")


def _choose_keys(request: ScoreRequest, items: Sequence[Item]) -> dict[str, int]:
    """The place that is right, of every question that is scored."""
    if request.key == "true" and not request.only_mirrored:
        return {item.id: item.key for item in items}
    mirrors = {item.id: (item, item.mirror_index) for item in items if item.mirror_index is not None}
    if not mirrors:
        raise StoreError(f"{request.benchmark} has no question with a `mirror_index`, so none can be scored by it.")
    return {name: mirror if request.key == "mirror" else item.key for name, (item, mirror) in mirrors.items()}


def _judge_file(request: ScoreRequest, path: Path, items: Sequence[Item], keys: Mapping[str, int]) -> list[Judged]:
    predictions = read_predictions(path)
    check_predictions(path, predictions, items)
    judged = judge_run(items, predictions, keys)
    if not request.allow_missing:
        check_complete(path, judged)
    return judged


def _count_run(path: Path, judged: Sequence[Judged]) -> RunScore:
    return RunScore(
        predictions=str(path),
        predictions_sha256=sha256_of(path),
        missing=sum(entry.plain == "missing" for entry in judged),
        overall=count_accuracy(judged),
        areas=count_groups(group_areas(judged)),
        tasks=count_groups(group_tasks(judged)),
    )


def _compare(path: Path, first: Sequence[Judged], second: Sequence[Judged]) -> Comparison:
    return Comparison(
        overall=contrast_runs(first, second), tasks=contrast_tasks(first, second), other=_count_run(path, second)
    )
