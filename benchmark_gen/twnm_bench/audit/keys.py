"""Where the keys lie, and what gives them away: the gates on places, lengths and words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from twnm_bench.audit.chance import EVERY_TASK, FAMILY_WISE, Try, chi_square_limit
from twnm_bench.audit.readers import LONGEST
from twnm_bench.audit.verdicts import Guess, Positions, TaskCount, Verdict, judge, say_count, say_some, trim
from twnm_bench.items import Item

MOST_LENGTH_RATIO = 1.5
_ROUNDING = 1e-9


def count_tasks(items: Iterable[Item]) -> tuple[TaskCount, ...]:
    """How many questions each task has, by name."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item.task] = counts.get(item.task, 0) + 1
    return tuple(TaskCount(task=task, count=counts[task]) for task in sorted(counts))


def count_positions(items: Sequence[Item]) -> tuple[Positions, ...]:
    """Where the keys of each task lie, against equal chances for every option that an item has.

    Pearson's chi-square over places, degrees of freedom one less than places: 7.81 is the 95 % limit for four.
    """
    return tuple(_count_task(row.task, [item for item in items if item.task == row.task]) for row in count_tasks(items))


def _count_task(task: str, items: Sequence[Item]) -> Positions:
    places = range(max(len(item.choices) for item in items))
    counts = tuple(sum(item.key == place for item in items) for place in places)
    expected = [sum(1.0 / len(item.choices) for item in items if len(item.choices) > place) for place in places]
    chi_square = sum((count - mean) ** 2 / mean for count, mean in zip(counts, expected, strict=True))
    return Positions(
        task=task, counts=counts, chi_square=trim(chi_square), limit=trim(chi_square_limit(len(places) - 1))
    )


def judge_positions(items: Sequence[Item], positions: Sequence[Positions]) -> Verdict:
    """The key lies at every place equally often within each task; offenders have it at the fullest place."""
    unfair = [row for row in positions if row.chi_square >= row.limit]
    full = {row.task: row.counts.index(max(row.counts)) for row in unfair}
    spread = max(max(row.counts) - min(row.counts) for row in positions)
    worst = max(positions, key=lambda row: row.chi_square / row.limit)
    counts = "-".join(map(str, worst.counts))
    return judge(
        "key_position",
        "Every place holds the key equally often",
        f"In {say_some(row.task for row in unfair)} the key's place gives it away: {counts} times from the first place "
        f"to the last in {worst.task}, chi-square {worst.chi_square:.3g} where {worst.limit:.3g} is the limit."
        if unfair
        else "",
        f"Within every task the keys are spread evenly: the places differ by {spread} at most, "
        f"chi-square at most {worst.chi_square:.3g}.",
        {"chi_square": worst.chi_square, "limit": worst.limit, "largest_difference": spread},
        (item.id for item in items if full.get(item.task) == item.key),
    )


def judge_longest(guesses: Sequence[Guess], tries: Sequence[Try]) -> Verdict:
    """The longest option is the key no more often than by chance (`chance.weigh_guesses` over the tasks alone)."""
    unfair = [guess for guess in guesses if not guess.passed]
    return judge(
        "longest_option",
        "The longest option is not the key",
        f"The longest option is the key too often in {_say_guesses(unfair)}." if unfair else "",
        "The longest option is the key no more often than chance has it.",
        _tell_worst(guesses),
        _find_given_away(guesses, {LONGEST: tries}),
    )


def judge_lengths(items: Sequence[Item]) -> Verdict:
    """Within an item the longest option has at most 1.5 times the characters of the shortest."""
    ratios = {item.id: _length_ratio(item) for item in items}
    uneven = [name for name, ratio in ratios.items() if ratio > MOST_LENGTH_RATIO + _ROUNDING]
    worst = max(ratios, key=lambda name: ratios[name])
    return judge(
        "option_lengths",
        "Options are about equally long",
        f"The options of {say_count(len(uneven), 'question')} differ too much in length, by {ratios[worst]:.3g} in "
        f"{worst}; {MOST_LENGTH_RATIO:g} is the limit."
        if uneven
        else "",
        f"The longest option of a question is at most {ratios[worst]:.3g} times as long as its shortest.",
        {"largest_ratio": ratios[worst], "limit": MOST_LENGTH_RATIO},
        uneven,
    )


def _length_ratio(item: Item) -> float:
    lengths = [len(choice.strip()) for choice in item.choices]
    return max(lengths) / max(1, min(lengths))


def judge_text(guesses: Sequence[Guess], tries: Mapping[str, Sequence[Try]]) -> Verdict:
    """No reader of the text alone beats chance; offenders are what such a reader has right."""
    unfair = [guess for guess in guesses if not guess.passed]
    names = ", ".join(dict.fromkeys(guess.baseline for guess in guesses))
    return judge(
        "text_only",
        "The text alone tells nothing",
        f"The text gives keys away: {_say_guesses(unfair)}." if unfair else "",
        f"No reader of the text alone beats chance ({names or 'none could be tried on so few questions'}; "
        f"{say_count(len(guesses), 'test')}, Holm at {FAMILY_WISE:.0%}).",
        {"tests": len(guesses), **_tell_worst(guesses)},
        _find_given_away(guesses, tries),
    )


def _say_guesses(guesses: Sequence[Guess]) -> str:
    told = [
        f"{guess.baseline} has {guess.hits} of {guess.n} in {_say_task(guess.task)} (at most {guess.most} pass)"
        for guess in sorted(guesses, key=lambda guess: guess.holm_p)
    ]
    return say_some(told)


def _say_task(task: str) -> str:
    return "all questions" if task == EVERY_TASK else task


def _tell_worst(guesses: Sequence[Guess]) -> dict[str, float]:
    if not guesses:
        return {}
    worst = min(guesses, key=lambda guess: guess.holm_p)
    return {"hits": worst.hits, "n": worst.n, "most": worst.most, "holm_p": worst.holm_p}


def _find_given_away(guesses: Sequence[Guess], tries: Mapping[str, Sequence[Try]]) -> Iterator[str]:
    """What an unfair reader has right: in the tasks that fail, or everywhere where no single one does."""
    for name, told in tries.items():
        unfair = {guess.task for guess in guesses if guess.baseline == name and not guess.passed}
        tasks = unfair - {EVERY_TASK}
        for one in told if unfair else ():
            if one.hit and one.chance < 1 and (not tasks or one.item.task in tasks):
                yield one.item.id
