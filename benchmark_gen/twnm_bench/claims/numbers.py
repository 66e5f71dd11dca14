"""Numbers as English says them, and the small parts that every pattern of a text is made of."""

import re
from collections.abc import Callable
from typing import Any

SMALL = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: float(value) for value, word in enumerate(SMALL, 1)}
_WORDS |= {"thirteen": 13.0, "fourteen": 14.0, "fifteen": 15.0, "sixteen": 16.0, "eighteen": 18.0, "hundred": 100.0}
_WORDS |= {word: 10.0 * value for value, word in enumerate(_TENS, 2)}
NUMBER = rf"(?:\d+(?:[.,]\d+)?|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
QUANTITY = (
    rf"(?:{NUMBER} and a half|{NUMBER} and a quarter|{NUMBER}|half an?|a quarter of an?|three quarters of an?|"
    r"a couple of|a few|an?)"
)
MASK = "\x01"  # stands where a sound is named
Make = Callable[[re.Match[str]], tuple[str, Any]]
Table = tuple[tuple[str, Make], ...]


def say(kind: str, value: Any = None) -> Make:
    """What makes of any match a term of this kind and value."""
    return lambda match: (kind, value)


def read_number(text: str) -> float:
    """A number in words or digits."""
    return _WORDS[text] if text in _WORDS else float(text.replace(",", "."))


def read_quantity(text: str) -> tuple[float, float]:
    """How much is meant, from and to: "two and a half", "a few"."""
    known = {"half a": 0.5, "half an": 0.5, "a couple of": 2.0, "a": 1.0, "an": 1.0}
    if text == "a few":
        return 2.0, 5.0
    if text.startswith(("a quarter", "three quarters")):
        value = 0.25 if text.startswith("a quarter") else 0.75
    elif text in known:
        value = known[text]
    else:
        head, _, tail = text.partition(" and a ")
        value = read_number(head) + {"half": 0.5, "quarter": 0.25, "": 0.0}[tail]
    return value, value
