"""What an audit says: records that are written as they are. Nothing in them depends on time, place or machine."""

from collections.abc import Iterable
from typing import Literal

from twnm_schemas.base import Strict

Status = Literal["pass", "fail", "not checked"]


class Figure(Strict):
    """A number that a verdict rests on."""

    name: str
    value: float


class Verdict(Strict):
    """What one gate says: `sentence` is for a person, `offenders` are the ids of the questions to look at."""

    name: str
    title: str
    status: Status
    sentence: str
    figures: tuple[Figure, ...]
    offenders: tuple[str, ...]


class Positions(Strict):
    """Where the keys of one task lie: `counts` by place, and chi-square against equal chances with its limit."""

    task: str
    counts: tuple[int, ...]
    chi_square: float
    limit: float


class Guess(Strict):
    """How a reader who hears nothing does on one task ("all" is every task together).

    `n`: questions it was tried on; `hits` of them have the key among the options it picks, `expected` is what chance
    gives, `accuracy` what a guess among its picks gets. `p`: one-sided, that chance gives so many or more; `holm_p`:
    corrected over the family. `most`: the most hits that pass whatever the others do (Bonferroni, the first step of
    Holm).
    """

    baseline: str
    task: str
    n: int
    hits: int
    expected: float
    accuracy: float
    p: float
    holm_p: float
    most: int
    passed: bool


class TaskCount(Strict):
    """How many questions a task has."""

    task: str
    count: int


class Audit(Strict):
    """All that was found about a set of questions; `passed` where no gate fails."""

    passed: bool
    questions: int
    tasks: tuple[TaskCount, ...]
    verdicts: tuple[Verdict, ...]
    positions: tuple[Positions, ...]
    guesses: tuple[Guess, ...]

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The gates that fail."""
        return tuple(verdict for verdict in self.verdicts if verdict.status == "fail")


def judge(
    name: str,
    title: str,
    fault: str,
    well: str,
    figures: dict[str, float] | None = None,
    offenders: Iterable[str] = (),
) -> Verdict:
    """A verdict: it fails, and says `fault`, where that is not empty; else it passes and says `well`."""
    return Verdict(
        name=name,
        title=title,
        status="fail" if fault else "pass",
        sentence=fault or well,
        figures=tuple(Figure(name=key, value=trim(value)) for key, value in (figures or {}).items()),
        offenders=tuple(dict.fromkeys(offenders)),
    )


def leave_open(name: str, title: str, reason: str) -> Verdict:
    """A verdict that nothing was checked, and why."""
    return Verdict(name=name, title=title, status="not checked", sentence=reason, figures=(), offenders=())


def trim(value: float) -> float:
    """Six significant digits: what is equal on every machine."""
    return float(f"{value:.6g}")


def say_count(count: int, noun: str) -> str:
    """ "1 question", "2 questions"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def say_some(names: Iterable[str], shown: int = 3) -> str:
    """The first few names, and how many more there are."""
    listed = list(dict.fromkeys(names))
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more
