"""One run against another over the same questions."""

from collections.abc import Sequence

from twnm_bench.score.predictions import Judged
from twnm_bench.score.result import Contrast, TaskContrast
from twnm_bench.score.statistics import cohens_h, holm_adjust, mcnemar_exact
from twnm_bench.score.tally import group_tasks


def contrast_runs(first: Sequence[Judged], second: Sequence[Judged]) -> Contrast:
    """Effect size and exact test of two runs; both hold the same questions in the same order, one at least."""
    n = len(first)
    only_first = sum(a.right and not b.right for a, b in zip(first, second, strict=True))
    only_second = sum(b.right and not a.right for a, b in zip(first, second, strict=True))
    return Contrast(
        h=cohens_h(sum(entry.right for entry in first) / n, sum(entry.right for entry in second) / n),
        mcnemar_p=mcnemar_exact(only_first, only_second),
        n=n,
        only_first=only_first,
        only_second=only_second,
    )


def contrast_tasks(first: Sequence[Judged], second: Sequence[Judged]) -> dict[str, TaskContrast]:
    """The same by task, with the p-values adjusted over the tasks."""
    others = group_tasks(second)
    contrasts = {task: contrast_runs(group, others[task]) for task, group in group_tasks(first).items()}
    adjusted = holm_adjust({task: contrast.mcnemar_p for task, contrast in contrasts.items()})
    return {task: TaskContrast(**contrast.model_dump(), holm_p=adjusted[task]) for task, contrast in contrasts.items()}
