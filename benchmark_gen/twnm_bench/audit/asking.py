"""A language model as a reader: it is given the text of a question alone and asked for a letter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from pydantic import BaseModel

from twnm_bench.llm.asking import AskSettings, ask_all
from twnm_bench.llm.ports import Ask, LanguageModel
from twnm_schemas.errors import SpecError

_SYSTEM = "You answer multiple-choice questions about recordings that you cannot hear."
_PROMPT = """{question}

{options}

You cannot hear the recording. Say which option is most likely right, from the words alone.
Answer as JSON: {{"answer": "X"}} with the letter of the option in place of X."""


class _Chosen(BaseModel):
    answer: str


@dataclass(frozen=True)
class ModelReader:
    """Asks a model all questions at once, as many at a time as it takes; `on_progress` is told how many are done."""

    model: LanguageModel
    on_progress: Callable[[int], None] | None = None

    def answer_all(self, asked: Sequence[tuple[str, Sequence[str]]]) -> list[str | None]:
        """The letters; None where the reply was none. Raises SpecError where no reply at all was a letter."""
        asks = [_word(number, question, choices) for number, (question, choices) in enumerate(asked)]
        replies = ask_all(asks, self.model, AskSettings(temperature=0.0, max_tokens=64), on_progress=self.on_progress)
        letters = [reply.value.answer if isinstance(reply.value, _Chosen) else None for reply in replies]
        if asks and not any(letters):
            raise SpecError(f"{self.model.name} gave no question a letter ({replies[0].fault or replies[0].reason}).")
        return letters


def _word(number: int, question: str, choices: Sequence[str]) -> Ask:
    letters = ascii_uppercase[: len(choices)]
    options = "\n".join(f"{letter}. {choice}" for letter, choice in zip(letters, choices, strict=True))

    def check(reply: _Chosen) -> str:
        return "" if reply.answer in tuple(letters) else f"The answer must be one letter of {', '.join(letters)}."

    prompt = _PROMPT.format(question=question, options=options)
    return Ask(f"audit {number}", prompt, _Chosen, system=_SYSTEM, check=check)
