"""Times in the words of an option: "about 0.5 seconds", "half a second", "around two seconds"."""

import re

_NUMBERS = {"one": 1.0, "a": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "eight": 8.0}
_PARTS = {"quarter": 0.25, "third": 1.0 / 3.0, "half": 0.5}
_PART = re.compile(r"\b(quarter|third|half)(?: of)? an? second\b")
_AND_PART = re.compile(r"\b(\w+)(?: seconds?)? and an? (quarter|half)(?: seconds?)?\b")
_PLAIN = re.compile(r"(\d+(?:\.\d+)?|\b[a-z]+)[ -]?(?:seconds?|secs?|s)\b")


def read_seconds(text: str) -> float | None:
    """The one time that an option says, or None where it says none or several."""
    said = " ".join(text.lower().split())
    parts = {_PARTS[match[1]] for match in _PART.finditer(said)}
    said = _PART.sub(" ", said)
    sums = {_NUMBERS[match[1]] + _PARTS[match[2]] for match in _AND_PART.finditer(said) if match[1] in _NUMBERS}
    said = _AND_PART.sub(" ", said)
    plain = {_number(match[1]) for match in _PLAIN.finditer(said)} - {None}
    found = parts | sums | plain
    return found.pop() if len(found) == 1 else None


def _number(word: str) -> float | None:
    return float(word) if word[0].isdigit() else _NUMBERS.get(word)
