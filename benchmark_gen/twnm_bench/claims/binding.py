"""Of which sound something is said.

A sentence is cut into clauses at commas and conjunctions, after sounds that are listed together have been joined. What
is said belongs to the sound before it in its clause, else to the one after it; an opening phrase ("On your left, ...")
to the first sound of the next clause; a clause without a sound to what a pronoun or the clauses before it mean. Where
that leaves several candidates, what is said must be true of every one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from twnm_bench.claims.lexicon import Mention
from twnm_bench.claims.terms import Term

_JOINED = re.compile(r"^(?:[\s,]|and|or|nor|plus|as well as|both|the|a|an|more|another|some|no|sounds? of|of)*$")
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n+")


@dataclass(frozen=True)
class Group:
    """Sounds that are named together: everything said of the group is said of each. `start` and `end` in the text."""

    mentions: tuple[Mention, ...]
    start: int
    end: int
    negated: bool = False
    is_definite: bool = False


@dataclass
class Clause:
    """Part of a sentence: what it says, and the groups of sounds that it names."""

    terms: list[Term] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def has(self, *kinds: str) -> bool:
        return any(term.kind in kinds for term in self.terms)

    def is_negated_before(self, term: Term) -> bool:
        """Whether a "not" stands before it with no sound or other place in between."""
        nots = [t for t in self.terms if t.kind == "not" and t.end <= term.start]
        if not nots:
            return False
        last = nots[-1]
        between = [g for g in self.groups if last.end <= g.start and g.end <= term.start]
        others = [t for t in self.terms if last.end <= t.start < term.start and t.kind in ("place", "most", "compare")]
        return not between and not others


def cut_sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def cut_clauses(text: str, terms: Sequence[Term]) -> list[Clause]:
    """The clauses of a sentence whose terms are known."""
    groups = _join_groups(text.lower(), terms)
    inside = [(group.start, group.end) for group in groups]
    clauses = [Clause()]
    rest = iter(groups)
    waiting = next(rest, None)
    for term, following in zip(terms, (*terms, None)[1:], strict=True):
        while waiting is not None and waiting.start <= term.start:
            clauses[-1].groups.append(waiting)
            waiting = next(rest, None)
        if term.kind == "break" and not any(start <= term.start < end for start, end in inside):
            if not _adds_height(term, following):
                clauses.append(Clause())
        elif term.kind not in ("break", "sound"):
            clauses[-1].terms.append(term)
    return [clause for clause in clauses if clause.terms or clause.groups]


def _adds_height(term: Term, following: Term | None) -> bool:
    """ "behind you and above you" is one place."""
    if following is None or following.kind != "place" or following.start > term.end + 1:
        return False
    return term.text == "and" and str(following.value).startswith("height")


def _join_groups(text: str, terms: Sequence[Term]) -> list[Group]:
    """Neighbouring sounds joined, unless places before and after them part them again."""
    groups: list[Group] = []
    sounds = [term for term in terms if term.kind == "sound"]
    for place, term in enumerate(sounds):
        group = _make_group(text, term, terms)
        between = text[groups[-1].end : term.start] if groups else ""
        has_terms = groups and any(
            groups[-1].end <= t.start < term.start and t.kind not in ("break", "sound", "not") for t in terms
        )
        is_listed = _JOINED.match(between) and _is_list(text, between, sounds[place:])
        if groups and not has_terms and is_listed and _may_join(groups[-1], group, between, terms):
            last = groups[-1]
            negated = last.negated and ("or" in between.split() or "nor" in between.split() or group.negated)
            if negated == last.negated and (group.negated == last.negated or negated):
                groups[-1] = replace(last, mentions=(*last.mentions, *group.mentions), end=group.end)
                continue
        groups.append(group)
    return groups


def _is_list(text: str, between: str, rest: Sequence[Term]) -> bool:
    """Whether a comma stands in a list, which a conjunction ends; "if you faced the dog, the bell ..." is none."""
    if "," not in between or re.search(r"\b(?:and|or|nor|plus|as well as)\b", between):
        return True
    for first, second in pairwise(rest):
        gap = text[first.end : second.start]
        if not _JOINED.match(gap):
            return False
        if re.search(r"\b(?:and|or|nor)\b", gap):
            return True
    return False


def _may_join(last: Group, group: Group, between: str, terms: Sequence[Term]) -> bool:
    """Two names in a row are one sound ("the engine idles"); "on the left a dog, and a bell on the right" are two."""
    if not between.strip():
        return last.mentions[-1].sounds == group.mentions[0].sounds or not between
    before = [t for t in terms if t.kind == "place" and t.end <= last.start]
    earlier = [t for t in terms if t.kind == "sound" and t.end <= last.start]
    free = before and (not earlier or max(t.start for t in before) > max(t.end for t in earlier))
    after = next((t for t in terms if t.start >= group.end and t.kind not in ("break", "not")), None)
    return not (free and after is not None and after.kind == "place")


def _make_group(text: str, term: Term, terms: Sequence[Term]) -> Group:
    words = re.split(r"[^a-z']+", text[: term.start].rstrip())[-4:]
    nots = [t for t in terms if t.kind in ("not", "none") and t.end <= term.start and term.start - t.end <= 24]
    is_near = bool(nots) and not any(
        nots[-1].end <= t.start < term.start and t.kind not in ("something",) for t in terms
    )
    return Group(
        (term.value,),
        term.start,
        term.end,
        negated=is_near,
        is_definite=bool(words) and words[-1] in ("the", "that", "this"),
    )


@dataclass
class Memory:
    """What has been named so far. `last`: candidates for a pronoun; `all`: everything named, in order."""

    last: tuple[Group, ...] = ()
    all: list[Group] = field(default_factory=list)

    def note(self, groups: Sequence[Group]) -> None:
        kept = [group for group in groups if not group.negated]
        if kept:
            self.last = tuple(kept)
            self.all += kept


@dataclass(frozen=True)
class Bound:
    """What something is said of: groups of which it must be true.

    `any_sound`: of some sound, whichever; `other`: of the one sound that is in none of the groups; `unknown`: of
    something that no name is known for.
    """

    groups: tuple[Group, ...] = ()
    any_sound: bool = False
    other: bool = False
    unknown: bool = False


def bind(term: Term, place: int, clauses: Sequence[Clause], memory: Memory) -> Bound:
    """What a term of the clause at `place` is said of."""
    clause = clauses[place]
    before = [group for group in clause.groups if group.end <= term.start]
    after = [group for group in clause.groups if group.start >= term.end]
    if before:
        return Bound((before[-1],))
    if after:
        return Bound((after[0],))
    pronouns = [t for t in clause.terms if t.kind == "pronoun"]
    if any(t.value == "other" for t in pronouns):
        return Bound(memory.last, other=True)
    if clause.has("something", "none"):
        return Bound(any_sound=True)
    if clause.has("thing"):
        return Bound(unknown=True)
    if not pronouns and place == 0:
        later = next((clause for clause in clauses[1:] if clause.groups or clause.has("something")), None)
        if later is None:
            return Bound()
        return Bound((later.groups[0],)) if later.groups else Bound(any_sound=True)
    if any(t.value == "which" for t in pronouns):
        return Bound(memory.last[-1:])
    if any(t.value == "they" for t in pronouns) or clause.has("group"):
        return Bound(tuple(memory.all))
    return Bound(memory.last)
