"""Questions said in other words by a language model; options, programs and keys stay as they are.

A rewording is kept only if it asks for the same: the same sounds and no others, the same sides, distances, numbers,
turns and negations, none of the options given away. Else the wording by rules stays, with the reason in provenance.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from twnm_bench.claims.rewording import check_rewording
from twnm_bench.llm.asking import AskSettings, ask_all
from twnm_bench.llm.meter import Meter
from twnm_bench.llm.ports import Ask, LanguageModel, Reply
from twnm_bench.llm.templates import Prompts
from twnm_schemas.questions import Question

_TONES = ("plain", "conversational", "curious", "formal")
_LONGEST = 2.5  # times the question as the rules word it
_WHICH = r"\b(?:which|what|name|identify|pick)\b"
_KINDS = (  # what is asked for, how one knows that a question asks for it, and what asks for it in other words
    ("count", r"\bhow many\b|\bcount\b|\bnumber of\b", r"\bhow many\b|\bcount\b|\bnumber of\b"),
    ("place", r"\bwhere\b|\bdirection\b|\bwhich side\b", r"\bwhere\b|\bdirection\b|\bwhich side\b"),
    ("time", r"\bhow long\b|\breverberation time\b|\brt60\b", r"\b(?:how (?:long|many seconds)|time|rt60|seconds)\b"),
    (
        "sound",
        r"\b(?:which|what)(?: (?:of|one|the|these|two|three|four|different))* sounds?\b|\bthese (?:four )?sounds\b",
        _WHICH,
    ),
    (
        "room",
        r"\b(?:which|what)(?: (?:kind|sort|of|these))* rooms?\b|\bdescribe the room\b|\bacoustics\b",
        r"\b(?:rooms?|spaces?|acoustics)\b",
    ),
    (
        "order",
        r"\border(?:ed)?\b|\bwhich list\b",
        r"\b(?:order(?:ed)?|rank(?:ed|ing)?|sequence|list|arranged)\b",
    ),
    (
        "description",
        r"\b(?:which|these)(?: four)? (?:descriptions?|summary|summaries|statements?)\b",
        r"\b(?:descriptions?|describes?|summary|summaries|summarises?|statements?|accounts?)\b",
    ),
    ("same", r"", r"\b(?:what|which|where|how|name|identify|pick|or)\b"),
)


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
        return find_change(question, value.question, known)

    prompt = prompts.render(
        "reword_question",
        question=question.question,
        choices=list(question.choices),
        facts=find_names(question.question, known),
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


def find_names(text: str, known: Sequence[str]) -> list[str]:
    """The labels in a text, the longest first; a label inside another one does not count."""
    left, found = f" {text.lower()} ", []
    for name in known:
        pattern = rf"(?<![a-z]){re.escape(name.lower())}(?![a-z])"
        if re.search(pattern, left):
            found.append(name)
            left = re.sub(pattern, " ", left)
    return found


def find_change(question: Question, reworded: str, known: Sequence[str]) -> str:
    """What a rewording changes, in one sentence; "" where it asks for the same."""
    original, text = question.question, reworded.strip()
    if re.match(r"\W*(question|answer|reworded)\b", text.lower()):
        return "It must be the question alone, without a heading."
    if not text.endswith(("?", ".")) or len(text) > _LONGEST * len(original) + 40 or "\n" in text:
        return "It must be one or two sentences that end in a question mark."
    for kind, asks, asks_again in _KINDS:
        if re.search(asks, original.lower()) and not re.search(asks_again, text.lower()):
            return f"It no longer asks for the {kind}."
    key = question.choices[question.answer_index]
    return check_rewording(original, text, find_names(original, known), question.choices, key, known)
