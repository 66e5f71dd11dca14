"""What `verify` finds."""

from typing import Literal, NamedTuple

ProblemName = Literal[
    "missing",
    "truncated",
    "damaged",
    "duplicated",
    "disordered",
    "foreign",
    "leftover",
    "unfinished",
    "invalid",
    "miscounted",
    "mismatched",
]


class Problem(NamedTuple):
    """One thing that is wrong: the file, the sample and the member if it is in one (else ""), its name, a sentence."""

    file: str
    key: str
    member: str
    problem_name: ProblemName
    sentence: str
