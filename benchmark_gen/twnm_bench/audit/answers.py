"""How answers are spread over the questions, and whether each task has as many as it should."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from twnm_bench.audit.keys import count_tasks
from twnm_bench.audit.verdicts import Verdict, judge, leave_open, say_count, say_some
from twnm_bench.audit.words import answer_class, variant_of
from twnm_bench.items import Item

MOST_OVER_SECOND = 1.1


def judge_answers(items: Sequence[Item]) -> Verdict:
    """Within a variant no answer is given more than 1.1 times as often as the second most common.

    In whole questions: at most max(ceil(1.1 x second), second + 1). Rejecting what is asked too often for the same
    answer is how CLEVR was made (Johnson et al. 2017, section 3); the factor is ours.
    """
    name, title = "answer_distribution", "No answer is the usual one"
    variants = [variant_of(item) for item in items]
    if not all(variants):
        return leave_open(name, title, "Not every question names its variant or template.")
    groups: dict[str, Counter[str]] = {}
    for item, variant in zip(items, variants, strict=True):
        groups.setdefault(variant, Counter())[answer_class(item)] += 1
    usual = {variant: told for variant, counts in groups.items() if (told := _find_usual(counts))}
    first = next(iter(usual.items()), ("", ("", 0, 0)))
    return judge(
        name,
        title,
        f"In {say_some(usual)} one answer is too common: in {first[0]} {first[1][0]!r} is the key "
        f"{say_count(first[1][1], 'time')}, the second most common {first[1][2]}."
        if usual
        else "",
        f"In none of {say_count(len(groups), 'variant')} is one answer more common than the second by over a tenth.",
        {"variants": len(groups), "unbalanced": len(usual)},
        (
            item.id
            for item, variant in zip(items, variants, strict=True)
            if variant in usual and usual[variant][0] == answer_class(item)
        ),
    )


def _find_usual(counts: Counter[str]) -> tuple[str, int, int] | None:
    """The answer that is too common, how often it and the second are given; None where there is none."""
    (answer, most), (_, second) = [*counts.most_common(2), ("", 0)][:2]
    return (answer, most, second) if most > most_allowed(second) else None


def most_allowed(second: int) -> int:
    """How often the most common answer may be given."""
    # 1.1 x 10 is over 11 in binary; a rounding is no question more
    return max(math.ceil(MOST_OVER_SECOND * second - 1e-9), second + 1)


def judge_quotas(items: Sequence[Item], quotas: Mapping[str, int]) -> Verdict:
    """Each task that has a quota has exactly so many questions; offenders are those of tasks that have too many."""
    name, title = "quotas", "Every task has its number of questions"
    counts = {row.task: row.count for row in count_tasks(items)}
    if not quotas:
        told = ", ".join(f"{task} {count}" for task, count in counts.items())
        return leave_open(name, title, f"No quotas are given; there are {told}.")
    wrong = [task for task in quotas if counts.get(task, 0) != quotas[task]]
    told = ", ".join(f"{task} has {counts.get(task, 0)} and should have {quotas[task]}" for task in wrong)
    return judge(
        name,
        title,
        f"{told}." if wrong else "",
        f"Each of {say_count(len(quotas), 'task')} has exactly its quota.",
        {"tasks": len(quotas), "wrong": len(wrong)},
        (item.id for item in items if item.task in wrong and counts[item.task] > quotas[item.task]),
    )
