"""Questions as words, for readers who see nothing else."""

import re

from twnm_bench.items import Item

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def split_words(text: str) -> list[str]:
    """The words of a text in order, without case and punctuation."""
    return _WORD.findall(text.casefold())


def same_text(text: str) -> str:
    """What texts are equal by: their words alone; a text without any is itself."""
    return " ".join(split_words(text)) or text.strip()


def variant_of(item: Item) -> str:
    """What questions that ask for the same thing share: the task and its variant, else the template, else ""."""
    provenance = item.raw.get("provenance")
    variant = provenance.get("variant") if isinstance(provenance, dict) else item.raw.get("variant")
    name = str(variant or item.template)
    return f"{item.task}/{name}" if name else ""


def answer_class(item: Item) -> str:
    """What kind of answer the key is: the item's own word for it, else its text."""
    return str(item.raw.get("answer_class") or same_text(item.choices[item.key]))
