"""`check_text`: what a text says that is false of a scene, or that cannot be told to be true."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twnm_bench.claims.binding import cut_sentences
from twnm_bench.claims.reading import Claim, Reader
from twnm_bench.facts import World


@dataclass(frozen=True)
class FalseClaim:
    """Something that a text may not say. `reason`: a name to count by; `text`: the words; `sentence`: where."""

    reason: str
    text: str
    sentence: str


def check_text(
    text: str,
    world: World,
    names: Iterable[str] = (),
    *,
    discussed: Sequence[str] = (),
    imagined: World | None = None,
) -> list[FalseClaim]:
    """What is false in an English text about a scene, or cannot be told; nothing where all of it is true.

    `names`: labels that there are elsewhere. `discussed`: options that the text may quote to reject them; what a clause
    rejects ("... does not fit") is not taken as said. `imagined`: the world of sentences that say "if" or "would";
    without one, they may claim nothing.
    """
    claims = read_claims(text, world, names, discussed=discussed, imagined=imagined)
    return [FalseClaim(claim.reason, claim.text, claim.sentence) for claim in claims if claim.verdict is not True]


def say_first(found: Sequence[FalseClaim]) -> str:
    """The first of them as a sentence, "" for none."""
    if not found:
        return ""
    first = found[0]
    return f'"{first.text}" in "{first.sentence}" {_REASONS.get(first.reason, "is not true of the scene")}.'


_REASONS = {
    "absent_sound": "names a sound that is not in the scene",
    "denied_sound": "denies a sound that is in the scene",
    "unbound": "cannot be tied to one sound",
    "not_clear": "is too close to call",
    "number_unattributed": "is a number that belongs to nothing",
    "raw_degrees": "is more exact than anyone hears",
    "hypothetical": "is about a scene that is not there",
    "level_unverifiable": "is about loudness, which is not known",
    "claims_nothing": "says nothing of the scene",
    "option_letter": "names an option by its letter or place",
}


def read_claims(
    text: str,
    world: World,
    names: Iterable[str] = (),
    *,
    discussed: Sequence[str] = (),
    imagined: World | None = None,
) -> list[Claim]:
    """Everything that a text claims, each with its verdict; arguments as for `check_text`."""
    reader = Reader(world, names, bool(discussed), imagined)
    for sentence in cut_sentences(text):
        reader.read(_without_quotes(sentence, discussed) if _REJECTS.search(sentence.lower()) else sentence)
    return reader.claims


_REJECTS = re.compile(
    r"n't|\bnot\b|\bno\b|\bwrong|\brul|\bcontradict|\bcannot\b|\bdrops? out\b|\bfails?\b|\bexclude|\bmistake|\bfalse\b"
)


def _without_quotes(sentence: str, options: Sequence[str]) -> str:
    """The sentence with the options that it quotes left out."""
    for option in sorted(options, key=len, reverse=True):
        bare = re.escape(option.strip().rstrip("."))
        sentence = re.sub(rf"[\"'“‘]{bare}[.,]?[\"'”’]", "<>", sentence, flags=re.IGNORECASE)
    return sentence
