"""What a score holds: the records of `score.json`. Shares and bounds lie between 0 and 1."""

from typing import Literal

from twnm_schemas.base import Strict

IntervalMethod = Literal["cluster_robust", "wilson", "wilson_of_scenes", "none"]


class Accuracy(Strict):
    """How many of a group of questions are right: `ci95` is Wilson's interval, `unparsed` are among the wrong ones."""

    n: int
    correct: int
    accuracy: float
    ci95: tuple[float, float]
    unparsed: int


class Clustered(Strict):
    """The interval that allows for questions about one scene being right or wrong together.

    `method`: "cluster_robust", with scenes as clusters; "wilson" where every scene has one question;
    "wilson_of_scenes" where all are right or all are wrong, which leaves no residuals: each scene counts once; "none"
    where a single scene holds right and wrong ones, and `ci95` is null.
    """

    ci95: tuple[float, float] | None
    method: IntervalMethod
    scenes: int


class ClusteredIntervals(Strict):
    """The scene-clustered intervals of the groups that stand under the same names in the score."""

    overall: Clustered
    areas: dict[str, Clustered]
    tasks: dict[str, Clustered]


class Macro(Strict):
    """Accuracies averaged with equal weights: over all tasks, over areas, and over the tasks of each area.

    `areas` is null where no question names one.
    """

    tasks: float
    areas: float | None
    within_areas: dict[str, float]


class Share(Strict):
    """How many of `n` groups of predictions are right in every member, with Wilson's interval."""

    n: int
    correct: int
    share: float
    ci95: tuple[float, float]


class Consistency(Strict):
    """Whether a model stays right; each is null where there is nothing to judge it by.

    `rotations`: questions whose choices were shown in every rotation, right in all of them. `pairs`: questions that
    share a "pair:..." tag, all of them right as their choices stand.
    """

    rotations: Share | None
    pairs: Share | None


class Contrast(Strict):
    """This run (first) against another (second) over the same `n` questions.

    `h`: Cohen's, positive where this run is better. `mcnemar_p`: exact and two-sided, from `only_first` and
    `only_second`, the questions that one run alone has right.
    """

    h: float
    mcnemar_p: float
    n: int
    only_first: int
    only_second: int


class TaskContrast(Contrast):
    """The same within a task; `holm_p` is `mcnemar_p` adjusted over the tasks of this comparison."""

    holm_p: float


class RunScore(Strict):
    """One predictions file. `missing`: questions without a prediction, counted as wrong."""

    predictions: str
    predictions_sha256: str
    missing: int
    overall: Accuracy
    areas: dict[str, Accuracy]
    tasks: dict[str, Accuracy]


class Comparison(Strict):
    """This run against another: both together, and the other's own score."""

    overall: Contrast
    tasks: dict[str, TaskContrast]
    other: RunScore


class Score(RunScore):
    """How a run did: what `twnm-bench score --json` writes.

    `key`: "true", or "mirror" where answers were held against what is true with left and right exchanged. `left_out`:
    questions that have no such choice. `chance`: the accuracy of guessing. `tags`: those without a colon. `compare`: by
    the other run's name.
    """

    name: str
    benchmark: str
    benchmark_sha256: str
    key: Literal["true", "mirror"]
    left_out: int
    chance: float
    asa_levels: dict[str, Accuracy]
    difficulty: dict[str, Accuracy]
    tags: dict[str, Accuracy]
    macro: Macro
    clustered: ClusteredIntervals
    consistency: Consistency
    compare: dict[str, Comparison]
