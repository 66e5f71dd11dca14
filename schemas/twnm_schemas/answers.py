"""The answer grammar: `<think>...</think><answer>A</answer>`. One parser serves teacher data, rewards and scoring.

The paper's piped spelling, `|<think>| ... |</think>|`, is read too. Text that does not parse is unparsed: it is counted
as wrong and never guessed at.
"""

import re
from typing import NamedTuple

LETTERS = ("A", "B", "C", "D")
# a tag, with its pipes only where both stand: a lone pipe belongs to the text
_TAGS = re.compile(r"(\|\s*)?<(/?)(think|answer)>(?(1)\s*\|)")
_CHOICE = re.compile(r"\(?([A-D])\)?(?:[.:)](?:\s.*)?)?")
_OPTION = re.compile(r"(?<!\S)\(?[A-D][.:)](?!\S)")


class Answer(NamedTuple):
    """A parsed reply: the reasoning (may be empty) and one letter of A to D."""

    think: str
    choice: str


def write_answer(think: str, choice: str) -> str:
    """The reply in the canonical spelling. Raises ValueError for a letter outside A to D or tags inside the text."""
    if choice not in LETTERS:
        raise ValueError(f"an answer is one of {', '.join(LETTERS)}, not {choice!r}")
    if _TAGS.search(think):
        raise ValueError("the reasoning must not hold think or answer tags")
    return f"<think>{think}</think><answer>{choice}</answer>"


def parse_answer(text: str) -> Answer | None:
    """The reply's parts, or None. Exactly one answer block, at most one think block before it, nothing after it.

    Inside the answer block a letter may stand alone or before the option's text ("B", "(B)", "B. a dog"); a block that
    names several options, or runs over several lines, is no answer.
    """
    tags = list(_TAGS.finditer(text))
    names = [tag.group(2) + tag.group(3) for tag in tags]
    if names not in (["think", "/think", "answer", "/answer"], ["answer", "/answer"]):
        return None
    if text[tags[-1].end() :].strip():
        return None
    block = text[tags[-2].end() : tags[-1].start()].strip()
    choice = _CHOICE.fullmatch(block)
    if choice is None or len(_OPTION.findall(block)) > 1:
        return None
    think = text[tags[0].end() : tags[1].start()].strip() if len(tags) == 4 else ""
    return Answer(think=think, choice=choice.group(1))
