"""From judged questions to the numbers of a score: accuracies by group, intervals, averages, consistency."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from twnm_bench.score.predictions import Judged
from twnm_bench.score.result import Accuracy, Clustered, ClusteredIntervals, Consistency, Macro, Share
from twnm_bench.score.statistics import cluster_robust_interval, wilson_interval
from twnm_schemas.questions import AREAS, ASA_LEVELS, TASKS

Groups = dict[str, list[Judged]]
_ORDER: dict[str, int] = {
    name: place for place, name in enumerate((*AREAS, *TASKS, *ASA_LEVELS.values(), "core", "hard"))
}


def group_by(judged: Iterable[Judged], names_of: Callable[[Judged], Iterable[str]]) -> Groups:
    """The questions by name, ours in the order of the tables, others by the alphabet; an empty name makes no group."""
    groups: defaultdict[str, list[Judged]] = defaultdict(list)
    for entry in judged:
        for name in names_of(entry):
            if name:
                groups[name].append(entry)
    return {name: groups[name] for name in sorted(groups, key=lambda name: (_ORDER.get(name, len(_ORDER)), name))}


def group_areas(judged: Iterable[Judged]) -> Groups:
    """The questions by area."""
    return group_by(judged, lambda entry: (entry.item.area,))


def group_tasks(judged: Iterable[Judged]) -> Groups:
    """The questions by task."""
    return group_by(judged, lambda entry: (entry.item.task,))


def group_tags(judged: Iterable[Judged]) -> Groups:
    """The questions by tag, without those that name something ("pair:000012")."""
    return group_by(judged, lambda entry: {tag for tag in entry.item.tags if ":" not in tag})


def count_accuracy(judged: Sequence[Judged]) -> Accuracy:
    """The accuracy of a group that is not empty."""
    n, correct = len(judged), sum(entry.right for entry in judged)
    return Accuracy(
        n=n,
        correct=correct,
        accuracy=correct / n,
        ci95=wilson_interval(correct, n),
        unparsed=sum(entry.plain == "unparsed" for entry in judged),
    )


def count_groups(groups: Groups) -> dict[str, Accuracy]:
    """The accuracy of each group."""
    return {name: count_accuracy(judged) for name, judged in groups.items()}


def cluster_accuracy(judged: Sequence[Judged]) -> Clustered:
    """The scene-clustered interval of a group.

    The two scenes of a contrast pair, which share room, clips and options, count as one; a question that names no scene
    is a scene of its own.
    """
    scenes: defaultdict[str, list[bool]] = defaultdict(list)
    for entry in judged:
        pair = next(iter(sorted(entry.item.pairs)), "")
        scenes[pair or entry.item.scene_id or f"question {entry.item.id}"].append(entry.right)
    clusters = [(sum(rights), len(rights)) for rights in scenes.values()]
    n, right = len(judged), sum(entry.right for entry in judged)
    if len(clusters) == n:
        return Clustered(ci95=wilson_interval(right, n), method="wilson", scenes=n)
    if right in (0, n):
        whole = len(clusters) if right else 0
        return Clustered(ci95=wilson_interval(whole, len(clusters)), method="wilson_of_scenes", scenes=len(clusters))
    if len(clusters) == 1:
        return Clustered(ci95=None, method="none", scenes=1)
    return Clustered(ci95=cluster_robust_interval(clusters), method="cluster_robust", scenes=len(clusters))


def cluster_all(judged: Sequence[Judged]) -> ClusteredIntervals:
    """The scene-clustered intervals of everything, of each area and of each task."""
    return ClusteredIntervals(
        overall=cluster_accuracy(judged),
        areas={name: cluster_accuracy(group) for name, group in group_areas(judged).items()},
        tasks={name: cluster_accuracy(group) for name, group in group_tasks(judged).items()},
    )


def average_accuracies(judged: Sequence[Judged]) -> Macro:
    """The macro averages."""
    areas = group_areas(judged)
    return Macro(
        tasks=_mean_accuracy(count_groups(group_tasks(judged))),
        areas=_mean_accuracy(count_groups(areas)) if areas else None,
        within_areas={name: _mean_accuracy(count_groups(group_tasks(group))) for name, group in areas.items()},
    )


def _mean_accuracy(accuracies: Mapping[str, Accuracy]) -> float:
    return sum(accuracy.accuracy for accuracy in accuracies.values()) / len(accuracies)


def judge_consistency(judged: Sequence[Judged]) -> Consistency:
    """Whether the same question, or its contrast, is answered right again.

    Rotations: right under every order shown, as in CircularEval of Liu et al. (2023), MMBench, arXiv 2307.06281; only
    questions with a prediction for every rotation count.
    """
    rotated = [entry.outcomes for entry in judged if "missing" not in entry.outcomes]
    pairs = group_by(judged, lambda entry: entry.item.pairs)
    return Consistency(
        rotations=_count_share([set(outcomes) == {"right"} for outcomes in rotated]),
        pairs=_count_share([all(entry.right for entry in group) for group in pairs.values() if len(group) > 1]),
    )


def _count_share(rights: Sequence[bool]) -> Share | None:
    if not rights:
        return None
    n, correct = len(rights), sum(rights)
    return Share(n=n, correct=correct, share=correct / n, ci95=wilson_interval(correct, n))
