"""What a text says, found by pattern: places, distances, numbers, counts, comparisons, rooms, and what binds them.

`scan` names the sounds first, then takes the longest patterns before the shorter ones, so that "far to the left" is
never read as "far"; what has been read is masked. A number that no pattern took remains as an unattributed one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from twnm_bench.claims.lexicon import Lexicon
from twnm_bench.claims.numbers import MASK, NUMBER, Make, Table, say
from twnm_bench.claims.patterns_of_amounts import AMOUNTS
from twnm_bench.claims.patterns_of_places import PLACES

_READ = "\x02"  # stands where something has been read


@dataclass(frozen=True)
class Term:
    """Something that a text says: what kind, its value, how it stands there, and where."""

    kind: str
    value: Any
    text: str
    start: int
    end: int


_GENERIC = (
    r"(?:little|bit|few|lot|moment|quarter|half|turn|look|step|hand|distance|good|clear|"
    r"slight|moderate|person|way|place|"
    r"room|small|large|direction|side|circle|row|line|short|long|while|time|medium|single|sound|source|noise|third|"
    r"listener|result|whole|different|similar|sense|space|hint|touch|fair|great|strong|bigger|smaller|kind|sort|pair|"
    r"background|real|noticeable|lively|dry|hall|big|lot|word|point|glance|mixture|scene|"
    r"recording|very|quite|rather)\b"
)
# What cannot be checked, and what turns and binds the rest.
_OTHERS: Table = (
    # what cannot be checked
    (
        r"\b(?:loud(?:er|est|ly)?|quiet(?:er|est|ly)?|faint(?:er|est)|soft(?:er|est)|louder|"
        r"equally loud)\b",
        say("refused", "level_unverifiable"),
    ),
    (
        r"\b(?:moving|moves|approach(?:es|ing)?|passing by|passes|circling|walks (?:away|"
        r"past)|drives|recedes|receding|coming closer|getting (?:closer|nearer|louder))\b",
        say("refused", "movement_unverifiable"),
    ),
    (
        r"\b(?:first|last) to (?:sound|start|begin|stop|end)\b|\b(?:starts?|begins?|stops?|"
        r"ends?) (?:first|last|before|after|earlier|later)\b|\bfollowed by\b",
        say("refused", "order_unverifiable"),
    ),
    (
        r"\b(?:option|answer|choice) \(?[a-d1-4]\b|\((?:a|b|c|d)\)|\b(?:first|second|third|"
        r"fourth|last) (?:option|choice|answer)\b",
        say("refused", "option_letter"),
    ),
    (
        r"\b(?:overlap(?:s|ping)?(?: in time)?|at the same time|simultaneously|at once|sound together)\b",
        say("overlap"),
    ),
    # what turns and binds
    (
        r"\b(?:does|do|did|would|can|could|is|are|was) ?(?:not|n't) (?:fit|match|agree|work|"
        r"apply|right)\b|\b(?:doesn't|don't|cannot|can't) (?:fit|be right|match|be|hold)\b|"
        r"\b(?:is|are) (?:wrong|out|ruled out|excluded|false|off the table|not right)\b|"
        r"\brules? out\b|\bruled out\b|\bcontradict(?:s|ed)?\b|\bnot what\b|\bmistaken\b",
        say("reject"),
    ),
    (
        r"\b(?:not|never|isn't|aren't|wasn't|doesn't|don't|didn't|cannot|can't|won't|neither|"
        r"nor|no|without|hardly|instead of|rather than|except)\b",
        say("not"),
    ),
    (
        r"\b(?:if|suppose|imagine|imagining|were to|would|had (?:they|it|you)|after (?:you )?turn(?:ing)?|"
        r"once (?:you|they|it)|after (?:the|that|this) (?:turn|swap|exchange|change)|then|"
        r"swapped|exchanged|mirrored|with \w+ and \w+ exchanged)\b",
        say("if"),
    ),
    (r"\bthe other(?: one)?\b", say("pronoun", "other")),
    (r"\b(?:which|whose)\b", say("pronoun", "which")),
    (r"\b(?:it|its|it's|that|this|that's|itself)\b", say("pronoun", "it")),
    (r"\b(?:they|them|these|those|they're)\b", say("pronoun", "they")),
    (r"\b(?:start(?:s|ed|ing)?|begin(?:s|ning)?|set(?:s)? in|comes? in|from)\b", say("onset")),
    (r"\b(?:stop(?:s|ped)?|end(?:s|ed)?|until|falls? silent)\b|\bto (?=\x02)", say("offset")),
    (
        rf"\b(?:there (?:is|are|was)|there's|hears?|hearing|heard) (?:also )?(?:an?|some|"
        rf"another) (?!{_GENERIC})[a-z]+",
        say("refused", "unknown_sound"),
    ),
    (rf"\b(?:an?|some|another) (?!{_GENERIC})[a-z]+", say("thing")),
    (
        r"[,;:()–—]| - |\b(?:but|while|whereas|and|because|since|so|though|although|yet|"
        r"with|where|as|or)\b",
        say("break"),
    ),
    (rf"(?<![\w.]){NUMBER}(?:\.\d+)?\b", lambda m: ("number", m[0])),
)  # fmt: skip
_PATTERNS = tuple((re.compile(pattern), make) for pattern, make in (*PLACES, *AMOUNTS, *_OTHERS))
_VENUE = re.compile(
    r"\b(?:in|inside|like) (?:a|an|the) (?:\w+ )?(?:church|cathedral|bathroom|kitchen|"
    r"office|garage|tunnel|cave|forest|"
    r"street|park|factory|theatre|station|school|restaurant|swimming pool|corridor|basement|classroom|studio)\b"
)


def scan(text: str, lexicon: Lexicon) -> list[Term]:
    """Everything that one sentence says, in order."""
    lower = text.lower().replace("’", "'")
    found = [
        Term("sound", mention, lower[a:b], a, b) for mention, a, b in lexicon.find(lower) if not _is_clock(lower, b)
    ]
    venues = list(_match(_VENUE, say("refused", "room_unverifiable"), lower))  # a church is none of its bells
    found = [term for term in found if all(term.end <= v.start or v.end <= term.start for v in venues)] + venues
    masked = lower
    for term in found:
        masked = masked[: term.start] + MASK * (term.end - term.start) + masked[term.end :]
    for pattern, make in _PATTERNS:
        for term in list(_match(pattern, make, masked)):
            found.append(term)
            masked = masked[: term.start] + _READ * (term.end - term.start) + masked[term.end :]
    return sorted((term for term in found if term.kind != "filler"), key=lambda term: term.start)


def _is_clock(text: str, end: int) -> bool:
    return text[end : end + 7].startswith(" o'clock")


def _match(pattern: re.Pattern[str], make: Make, text: str) -> Iterator[Term]:
    for match in pattern.finditer(text):
        if match.end() > match.start():
            kind, value = make(match)
            yield Term(kind, value, match[0], match.start(), match.end())
