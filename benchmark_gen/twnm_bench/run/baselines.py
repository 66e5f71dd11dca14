"""Baselines that hear nothing: what an answer is worth that knows only the text, or not even that."""

from dataclasses import dataclass

from twnm_bench.run.heard import Answers, Heard
from twnm_schemas.answers import LETTERS, write_answer
from twnm_shards.rng import rng_for


def guess_place(seed: int, question_id: str, rotation: int) -> int:
    """A place drawn evenly, the same for the same question whenever it is asked."""
    return int(rng_for(seed, "guess", question_id, rotation).integers(len(LETTERS)))


@dataclass(frozen=True)
class Chance(Answers):
    """A letter drawn evenly."""

    seed: int

    async def answer(self, heard: Heard) -> str:
        """One of four, whatever is asked."""
        return write_answer("", LETTERS[guess_place(self.seed, heard.id, heard.rotation)])


@dataclass(frozen=True)
class Longest(Answers):
    """The option with the most characters; of equals the first shown."""

    async def answer(self, heard: Heard) -> str:
        """What someone says who bets on the most careful wording."""
        lengths = [len(choice) for choice in heard.choices]
        return write_answer("", LETTERS[lengths.index(max(lengths))])
