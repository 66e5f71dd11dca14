"""Questions said in other words by a language model; options, programs and keys stay as they are.

A rewording is kept only if it asks for the same: the same sounds and no others, the same sides, distances, numbers,
turns and negations, none of the options given away. Else the wording by rules stays, with the reason in provenance.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from twnm_bench.llm.asking import AskSettings, ask_all
from twnm_bench.llm.meter import Meter
from twnm_bench.llm.ports import Ask, LanguageModel, Reply
from twnm_bench.llm.templates import Prompts
from twnm_schemas.questions import Question

_TONES = ("plain", "conversational", "curious", "formal")
_LONGEST = 2.5  # times the question as the rules word it
# words that say one thing; a question must say exactly those things that it said before
_SAME = {
    "left": "left leftmost leftward",
    "right": "right rightmost rightward",
    "ahead": "ahead front forward forwards",
    "behind": "behind back rear",
    "above": "above over up high height higher overhead",
    "below": "below under down low lower beneath",
    "far": "far",
    "near": "near close",
    "nearer": "nearer closer",
    "farther": "farther further",
    "nearest": "nearest closest",
    "farthest": "farthest furthest",
    "not": "not no none never without absent missing except exception excluding don't doesn't isn't cannot can't",
    "turn": "turn turned turning rotate rotated rotating face faced facing look looked looking",
    "around": "around",
    "mirror": "mirror mirrored flip flipped reversed",
    "swap": "swap swapped swapping exchange exchanged exchanging trade traded change changed switch switched",
    "count": "many count number",
    "order": "order ordered sort sorted list rank ranked sequence",
    "silent": "silent stopped stop gone removed away silenced ceased",
}
_MEANING = {word: meaning for meaning, words in _SAME.items() for word in words.split()}
# what may come and go without changing what is asked
_LOOSE = {"near", "far", "ahead", "around", "above", "order", "count", "turn"}
_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?")


class Reworded(BaseModel):
    """What a model is asked for."""

    question: str = Field(min_length=8, max_length=600)


@dataclass(frozen=True)
class RewordReport:
    """How many were asked for, kept, and why others were not."""

    asked: int
    kept: int
    reasons: dict[str, int]

    @property
    def share(self) -> float:
        """Of the wordings, those that survived verification."""
        return self.kept / self.asked if self.asked else 0.0


def ask_for_wordings(questions: Sequence[Question], names: Iterable[str], prompts: Prompts) -> list[Ask]:
    """The requests, one a question; `names`: all labels there are."""
    known = tuple(sorted(names, key=len, reverse=True))
    return [_ask(question, place, known, prompts) for place, question in enumerate(questions)]


def _ask(question: Question, place: int, known: tuple[str, ...], prompts: Prompts) -> Ask:
    def check(value: Reworded) -> str:
        return find_change(question.question, value.question, question.choices, known)

    prompt = prompts.render(
        "reword_question",
        question=question.question,
        choices=list(question.choices),
        facts=facts_to_keep(question.question, known),
        tone=_TONES[place % len(_TONES)],
    )
    return Ask(f"{question.id} wording", prompt, Reworded, check=check)


def reword_questions(
    questions: Sequence[Question],
    names: Iterable[str],
    model: LanguageModel,
    prompts: Prompts,
    settings: AskSettings,
    meter: Meter,
    on_progress: Callable[[int], None] | None = None,
) -> tuple[tuple[Question, ...], RewordReport]:
    """The questions in the model's words where they are verified, in those of the rules elsewhere.

    Raises TwnmError where asking on makes no sense; the replies up to there are in the cache.
    """
    asks = ask_for_wordings(questions, names, prompts)
    replies = ask_all(asks, model, settings, meter, on_progress)
    done = tuple(_take(question, reply) for question, reply in zip(questions, replies, strict=True))
    reasons: dict[str, int] = {}
    for question in done:
        if reason := question.provenance.fallback:
            reasons[reason] = reasons.get(reason, 0) + 1
    return done, RewordReport(len(done), sum(q.provenance.wording == "llm" for q in done), reasons)


def _take(question: Question, reply: Reply) -> Question:
    provenance = {"model": reply.model, "prompt_sha256": reply.prompt_sha256}
    if isinstance(reply.value, Reworded):
        changed = question.provenance.model_copy(update={**provenance, "wording": "llm"})
        return question.model_copy(update={"question": reply.value.question.strip(), "provenance": changed})
    changed = question.provenance.model_copy(update={**provenance, "fallback": reply.reason})
    return question.model_copy(update={"provenance": changed})


def facts_to_keep(question: str, known: Sequence[str]) -> list[str]:
    """What a rewording must still say, as the prompt lists it."""
    words = [word for word in _WORD.findall(question.lower()) if word in _MEANING or word in _NUMBERS or word.isdigit()]
    return [*find_names(question, known), *dict.fromkeys(words)]


def find_names(text: str, known: Sequence[str]) -> list[str]:
    """The labels in a text, the longest first; a label inside another one does not count."""
    left, found = f" {text.lower()} ", []
    for name in known:
        pattern = rf"(?<![a-z]){re.escape(name.lower())}(?![a-z])"
        if re.search(pattern, left):
            found.append(name)
            left = re.sub(pattern, " ", left)
    return found


def find_change(original: str, reworded: str, choices: Sequence[str], known: Sequence[str]) -> str:
    """What a rewording changes, in one sentence; "" where it asks for the same."""
    text = reworded.strip()
    if not text.endswith(("?", ".")) or len(text) > _LONGEST * len(original) + 40 or "\n" in text:
        return "It must be one or two sentences that end in a question mark."
    names, before = set(find_names(text, known)), set(find_names(original, known))
    if missing := sorted(before - names):
        return f"It no longer names {missing[0]}."
    if added := sorted(names - before):
        return f"It names {added[0]}, which the question does not."
    said, meant = _meanings(text, before), _meanings(original, before)
    if lost := sorted(meant - said - _LOOSE):
        return f"It no longer says '{lost[0]}'."
    if new := sorted(said - meant - _LOOSE):
        return f"It says '{new[0]}', which the question does not."
    for choice in choices:
        if choice.lower() in text.lower() and choice.lower() not in original.lower():
            return f"It repeats the option '{choice}'."
    return _judge_kind(original, text)


def _meanings(text: str, names: Iterable[str]) -> set[str]:
    """What a text says besides the names of sounds: directions, comparisons, numbers, whether something is denied."""
    lower = text.lower()
    for name in sorted(names, key=len, reverse=True):
        lower = lower.replace(name.lower(), " ")
    words = _WORD.findall(lower)
    numbers = {word for word in words if word.replace(".", "").isdigit()} | ({*words} & {*_NUMBERS} - {"one"})
    return {_MEANING[word] for word in words if word in _MEANING} | numbers


_KINDS = (  # what is asked for: how many, where, which sound
    ("count", r"\bhow many\b|\bcount\b|\bnumber of\b"),
    ("place", r"\bwhere\b|\bwhich direction\b|\bdirection\b|\bwhich side\b|\bfrom which\b"),
)


def _judge_kind(original: str, reworded: str) -> str:
    for kind, pattern in _KINDS:
        if bool(re.search(pattern, original.lower())) and not re.search(pattern, reworded.lower()):
            return f"It no longer asks for the {kind}."
    return ""
