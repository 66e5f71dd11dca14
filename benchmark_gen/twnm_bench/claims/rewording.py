"""Whether a question said in other words still asks the same, and gives nothing away.

A rewording keeps every name, number, side, turn, comparison and negation of the original, says nothing of the kind that
the original does not say, and does not state the right option.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from twnm_bench.claims.numbers import read_number

_NAMES = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
# What a question says that must stay: each pattern with the name by which it is compared.
_MARKS: tuple[tuple[str, str], ...] = (
    (r"\bleft\b(?! (?:over|out)\b)", "left"),
    (r"(?<!all )\bright\b(?! (?:now|away|option|answer|one|description|summary|place|around))", "right"),
    (
        r"\bright around\b|\baround completely\b|\bby 180 degrees\b|\ball the way (?:a)?round\b|"
        r"\bhalf a turn\b",
        "half turn",
    ),
    (r"\b(?:nearest|closest)\b", "nearest"),
    (r"\b(?:farthest|furthest|most distant)\b", "farthest"),
    (r"\b(?:nearer|closer)\b", "nearer"),
    (r"\b(?:farther|further)\b(?! (?:question|detail))", "farther"),
    (
        r"\b(?:not|n't|never|no|missing|absent|without|lacks?|lacking|exception|except|do(?:es)?n't|"
        r"isn't|aren't)\b",
        "not",
    ),
    (r"\b(?:above|overhead|high up)\b", "above"),
    (r"\b(?:below|beneath|underneath)\b", "below"),
    (r"\b(?:ahead|in front)\b", "ahead"),
    (r"\bfront\b(?! of)", "front"),
    (r"\b(?:behind|at (?:your|the) back)\b", "behind"),
    (r"\bfar (?:to|left|right|off)\b", "far"),
    (
        r"\b(?:swap(?:s|ped|ping)?|exchang(?:e|es|ed|ing)|chang(?:e|es|ed|ing) places|trad(?:e|"
        r"es|ed|ing) places|switch(?:es|ed|ing)?)\b",
        "swap",
    ),
    (r"\b(?:mirror(?:ed|s)?|flip(?:ped)?|left and right exchanged)\b", "mirror"),
    (r"\b(?:turn(?:s|ed|ing)?|rotat(?:e|es|ed|ing)|fac(?:e|es|ed|ing))\b", "turn"),
)  # fmt: skip
_NUMBER = re.compile(
    r"(?<![\w.])(\d+(?:[.,]\d+)?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?![:'])"
)
_CHANGES = frozenset({"swap", "mirror", "turn", "half turn"})
_NOT_REVEALING = 4  # characters: a shorter key text ("Two") may be part of any question


def _tidy(text: str) -> str:
    return " ".join(_NAMES.findall(text.lower().replace("’", "'")))


def _marks(text: str, hidden: Iterable[str]) -> Counter[str]:
    """What a question says that must stay, names of sounds left out."""
    lower = text.lower().replace("’", "'")
    for name in sorted(hidden, key=len, reverse=True):
        lower = re.sub(rf"\b{re.escape(name.lower())}\b", " ", lower)
    found: Counter[str] = Counter()
    for pattern, mark in _MARKS:
        found[mark] += len(re.findall(pattern, lower))
    return +found


def _numbers(text: str) -> Counter[float]:
    return Counter(read_number(word) for word in _NUMBER.findall(text.lower()))


def check_rewording(
    original: str,
    reworded: str,
    facts: Mapping[str, str] | Sequence[str],
    choices: Sequence[str],
    key: str,
    names: Iterable[str] = (),
) -> str:
    """What is wrong with a rewording, in one sentence; "" where it asks the same.

    `facts`: what the wording was filled with (slots), or a list of what must still be said; `names`: labels, of which
    none may be named that the original does not name.
    """
    told = list(facts.values()) if isinstance(facts, Mapping) else list(facts)
    labels = [_bare(fact) for fact in told]
    if not reworded.strip().endswith("?") and original.strip().endswith("?"):
        return "It does not end in a question mark."
    said = f" {_tidy(reworded)} "
    for label in labels:
        if label and not _says(said, label):
            return f'It no longer says "{label}".'
    hidden = [label for label in labels if label and not _marks(label, ())]  # the names of sounds
    if fault := _compare_marks(_marks(original, hidden), _marks(reworded, hidden)):
        return fault
    before, after = _numbers(original), _numbers(reworded)
    if set(after) - set(before):
        return f"It adds the number {min(set(after) - set(before)):g}."
    if set(before) - set(after):
        return f"It no longer says the number {min(set(before) - set(after)):g}."
    return _find_added(f" {_tidy(original)} ", said, choices, key, names)


def _bare(fact: str) -> str:
    """What of a slot must stay word for word: "the sound of a dog" is a dog."""
    return (
        re.sub(r"^(?:the )?sounds? of ", "", fact.lower()).removeprefix("the ").removeprefix("an ").removeprefix("a ")
    )


def _says(said: str, label: str) -> bool:
    """Whether a text says a label, or each of its words in another order ("a barking dog")."""
    tidy = _tidy(label)
    if f" {tidy} " in said or f" {tidy}s " in said:
        return True
    words = [word for word in tidy.split() if word not in ("a", "an", "the", "on", "of", "to", "at", "your")]
    return bool(words) and all(f" {word}" in said for word in words)


def _compare_marks(before: Counter[str], after: Counter[str]) -> str:
    lost = [mark for mark in before if mark not in after and not _is_said_otherwise(mark, after)]
    if lost:
        return f'It no longer says "{lost[0]}".'
    added = [mark for mark in after if mark not in before and not _is_said_otherwise(mark, before)]
    if added:
        return f'It adds "{added[0]}".'
    return ""


def _is_said_otherwise(mark: str, marks: Counter[str]) -> bool:
    """Turning right around needs no second word for turning."""
    return mark == "turn" and "half turn" in marks


def _find_added(before: str, said: str, choices: Sequence[str], key: str, names: Iterable[str]) -> str:
    for choice in choices:
        tidy = f" {_tidy(choice)} "
        if len(tidy.strip()) >= _NOT_REVEALING and tidy in said and tidy not in before:
            return "It states the right option." if choice == key else f'It adds "{choice}".'
    for name in names:
        tidy = _tidy(name)
        if tidy and f" {tidy} " in said and f" {tidy} " not in before:
            return f'It adds the sound "{name}".'
    return ""
