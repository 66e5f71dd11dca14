"""Reading a text sentence after sentence, and judging what each says of the scene."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from twnm_bench.claims.binding import Bound, Clause, Group, Memory, bind, cut_clauses
from twnm_bench.claims.lexicon import Lexicon
from twnm_bench.claims.numbers import read_number
from twnm_bench.claims.terms import Term, scan
from twnm_bench.claims.truths import (
    Verdict,
    are_equally_far,
    begins_at,
    compare,
    ends_at,
    is_at,
    is_distance_word,
    is_far,
    is_most,
    is_reverberant,
    is_room,
    lasts,
)
from twnm_bench.facts import Sound, World

Kind = Literal["sound", "direction", "distance", "count", "reverberation", "time", "other"]
_KINDS: dict[str, Kind] = {
    "place": "direction",
    "sides": "direction",
    "relative": "direction",
    "metres": "distance",
    "distance": "distance",
    "compare": "distance",
    "factor": "distance",
    "equal": "distance",
    "most": "distance",
    "count": "count",
    "some": "count",
    "group": "count",
    "reverb": "reverberation",
    "room": "reverberation",
    "seconds": "reverberation",
}
_SPATIAL = frozenset(_KINDS) | {"refused", "number"}
_FACTOR_OFF = 0.25
_RELATIVE_DEG = 20.0
_TOGETHER_S = 0.1
_TIME_OFF_S = 0.3


@dataclass(frozen=True)
class Claim:
    """Something that a text says of the scene. `verdict` None: it cannot be told; `reason` "" where it is true."""

    kind: Kind
    text: str
    verdict: Verdict
    reason: str
    sentence: str


class Reader:
    """Reads sentence after sentence and remembers what was named; `claims` holds what was said."""

    def __init__(self, world: World, names: Iterable[str], may_reject: bool, imagined: World | None) -> None:
        self.claims: list[Claim] = []
        self._world, self._imagined, self._may_reject = world, imagined, may_reject
        self._lexicon = Lexicon(world, names)
        self._memory = Memory()
        self._here = world
        self._sentence = ""

    def read(self, sentence: str) -> None:
        """Note every claim of a sentence."""
        self._sentence = sentence
        terms = scan(sentence, self._lexicon)
        self._here = self._world
        if any(term.kind == "if" for term in terms):
            self._here = self._imagined or self._world
            if self._imagined is None and any(term.kind in _SPATIAL for term in terms):
                self._note("other", "if", None, "hypothetical")
                return
        clauses = cut_clauses(sentence, terms)
        has_decay = any(term.kind in ("decay", "reverb") for term in terms)
        for place, clause in enumerate(clauses):
            rejects = self._may_reject and clause.has("reject")
            if not rejects:
                self._read_groups(clause)
            for term in clause.terms:
                if not rejects or term.value == "option_letter":
                    self._read_term(term, place, clauses, has_decay)
            self._memory.note([g for g in clause.groups if not (g.negated and g.is_definite)])

    def _note(self, kind: Kind, text: str, verdict: Verdict, reason: str) -> None:
        self.claims.append(Claim(kind, text, verdict, "" if verdict else reason, self._sentence))

    def _judge(self, kind: Kind, term: Term, verdict: Verdict, clause: Clause, wrong: str) -> None:
        """Note a verdict, turned round where the clause denies it."""
        if clause.is_negated_before(term) and verdict is not None:
            verdict = not verdict
        self._note(kind, term.text, verdict, "not_clear" if verdict is None else wrong)

    # ------------------------------------------------------------ sounds

    def _read_groups(self, clause: Clause) -> None:
        for group in clause.groups:
            for mention in group.mentions:
                if group.negated and group.is_definite:
                    continue  # "not the dog": it is another one that is meant
                self._read_mention(mention.absent, self._members(Group((mention,), 0, 0)), group, clause)

    def _read_mention(self, absent: str, sounds: list[Sound], group: Group, clause: Clause) -> None:
        text = absent or ", ".join(sound.name for sound in sounds)
        if not group.negated:
            heard: Verdict = False if absent else any(sound.is_audible for sound in sounds) or None
            self._note("sound", text, heard, "absent_sound" if absent else "not_clear")
        elif not absent:
            places = [t for t in clause.terms if t.kind == "place" and t.start >= group.end]
            if places:
                told = [is_at(sound, term.value) for term in places for sound in sounds]
                self._note("sound", text, not any(told) if None not in told else None, "denied_sound")
            else:
                self._note("sound", text, not sounds, "denied_sound")

    def _members(self, group: Group) -> list[Sound]:
        wanted = {index for mention in group.mentions for index in mention.sounds}
        return [sound for sound in self._here.sounds if sound.index in wanted]

    # ------------------------------------------------------------ everything else

    def _read_term(self, term: Term, place: int, clauses: Sequence[Clause], has_decay: bool) -> None:
        clause = clauses[place]
        if term.kind == "refused":
            self._note("other", term.text, None, str(term.value))
        elif term.kind == "number":
            self._read_number(term, clause)
        elif term.kind == "reverb":
            self._judge("reverberation", term, is_reverberant(self._here, term.value), clause, "wrong_room")
        elif term.kind == "room":
            self._judge("reverberation", term, is_room(self._here, term.value), clause, "wrong_room")
        elif term.kind == "seconds":
            self._read_seconds(term, place, clauses, has_decay)
        elif term.kind in ("count", "none", "some"):
            self._read_count(term, place, clauses)
        elif term.kind == "group":
            self._read_group_count(term, clauses)
        elif term.kind == "overlap":
            self._read_overlap(term, clause)
        elif term.kind == "sides":
            self._read_sides(term, place, clauses)
        elif term.kind in ("compare", "factor", "equal", "relative"):
            self._read_comparison(term, place, clauses)
        elif term.kind in ("place", "metres", "distance", "most"):
            self._read_attribute(term, place, clauses)

    def _read_attribute(self, term: Term, place: int, clauses: Sequence[Clause]) -> None:
        """A place or a distance of a sound."""
        clause = clauses[place]
        if term.kind == "place" and (clause.has("count", "none", "some") and not clause.groups):
            return  # read with the count
        kind, wrong = _KINDS[term.kind], "wrong_direction" if term.kind == "place" else "wrong_distance"
        bound = bind(term, place, clauses, self._memory)
        if bound.any_sound:
            told = [self._tell(term, sound, clause) for sound in self._here.sounds]
            self._judge(kind, term, True if True in told else None if None in told else False, clause, wrong)
            return
        groups = [group for group in bound.groups if not group.negated]
        if bound.groups and not groups:
            return  # read with the denied sound
        verdict = self._tell_groups(term, bound, groups, clause)
        if verdict == "unbound":
            self._note(kind, term.text, None, "unbound")
        else:
            self._judge(kind, term, verdict, clause, wrong)  # type: ignore[arg-type]

    def _tell_groups(self, term: Term, bound: Bound, groups: list[Group], clause: Clause) -> Verdict | str:
        sounds = self._sounds_of(bound, groups)
        if not sounds:
            return "unbound"
        told = [self._tell(term, sound, clause) for sound in sounds]
        return False if False in told else None if None in told else True

    def _sounds_of(self, bound: Bound, groups: Sequence[Group]) -> list[Sound]:
        """The sounds of which all must be true; none where it is not clear which are meant."""
        named = [sound for group in groups for sound in self._members(group)]
        if bound.unknown:
            return []
        if bound.other:
            others = [sound for sound in self._here.sounds if sound not in named]
            return others if len(self._here.sounds) == 2 and len(others) == 1 else []
        if not named and not groups and len(self._here.sounds) == 1:
            return list(self._here.sounds)
        return named

    def _tell(self, term: Term, sound: Sound, clause: Clause) -> Verdict:
        if term.kind == "place":
            return is_at(sound, term.value)
        if term.kind == "metres":
            return is_far(sound, *term.value)
        if term.kind == "distance":
            return is_distance_word(sound, term.value)
        places = [t.value for t in clause.terms if t.kind == "place"]
        among = [s for s in self._here.sounds if s is sound or all(is_at(s, where) is not False for where in places)]
        whole = is_most(sound, term.value, self._here.sounds)
        return whole if whole or not places else is_most(sound, term.value, among)

    def _read_comparison(self, term: Term, place: int, clauses: Sequence[Clause]) -> None:
        clause = clauses[place]
        before = [g for g in clause.groups if g.end <= term.start and not g.negated]
        after = [g for g in clause.groups if g.start >= term.end and not g.negated]
        bound = bind(term, place, clauses, self._memory) if not before else Bound((before[-1],))
        firsts = (
            self._sounds_of(bound, list(bound.groups))
            if before or not after
            else self._sounds_of(Bound(self._memory.last), list(self._memory.last))
        )
        seconds = [s for g in after for s in self._members(g)]
        if term.kind == "equal" and not after:
            firsts = firsts or (list(self._here.sounds) if clause.has("group", "count", "pronoun") else [])
            self._judge("distance", term, are_equally_far(firsts), clause, "wrong_comparison")
            return
        if not before and after and term.kind == "compare" and not term.value[1]:
            firsts, seconds = seconds, []
        if not seconds and term.kind == "compare" and len(firsts) == 1 and len(self._here.sounds) == 2:
            seconds = [s for s in self._here.sounds if s is not firsts[0]]
        firsts = [s for s in firsts if s not in seconds]
        if not firsts or not seconds:
            self._note(_KINDS[term.kind], term.text, None, "unbound")
            return
        told = [_compare(term, a, b) for a in firsts for b in seconds]
        verdict = False if False in told else None if None in told else True
        self._judge(_KINDS[term.kind], term, verdict, clause, "wrong_comparison")

    def _read_number(self, term: Term, clause: Clause) -> None:
        """So many of a label, as in "two dogs"; any other number belongs to nothing."""
        after = [g for g in clause.groups if 0 <= g.start - term.end <= 1]
        counted = clause.groups and after and not after[0].mentions[0].absent
        if term.text == "one" and not counted:
            return  # a pronoun, or "one of them"
        if not counted:
            self._note("other", term.text, None, "number_unattributed")
            return
        there = len(self._members(Group((after[0].mentions[0],), 0, 0)))
        self._judge("count", term, there == read_number(term.text), clause, "wrong_count")

    def _read_seconds(self, term: Term, place: int, clauses: Sequence[Clause], has_decay: bool) -> None:
        clause = clauses[place]
        if has_decay:
            self._judge("reverberation", term, lasts(self._here, term.value), clause, "wrong_room")
            return
        if clause.has("overlap"):
            self._judge("time", term, self._overlap_lasts(clause, term.value), clause, "wrong_time")
            return
        bound = bind(term, place, clauses, self._memory)
        sounds = self._sounds_of(bound, list(bound.groups))
        marks = [t.kind for t in clause.terms if t.kind in ("onset", "offset") and t.end <= term.start]
        if not sounds or not marks:
            self._note("other", term.text, None, "number_unattributed")
            return
        judge = begins_at if marks[-1] == "onset" else ends_at
        self._judge("time", term, all(judge(sound, term.value) for sound in sounds), clause, "wrong_time")

    def _overlap_lasts(self, clause: Clause, seconds: float) -> Verdict:
        """Whether two sounds are heard together for so long; None for more or fewer than two."""
        sounds = [s for g in clause.groups for s in self._members(g)] or list(self._here.sounds)
        if len(sounds) != 2:
            return None
        first, second = sounds
        together = min(first.offset_s, second.offset_s) - max(first.onset_s, second.onset_s)
        return abs(together - seconds) <= _TIME_OFF_S

    def _read_count(self, term: Term, place: int, clauses: Sequence[Clause]) -> None:
        """How many there are, all in all or in a place that the same clause names."""
        clause = clauses[place]
        if clause.groups and term.kind == "none":
            return
        places = [t for t in clause.terms if t.kind == "place" and t.start >= term.end]
        places = places or ([t for t in clause.terms if t.kind == "place"] if not clause.groups else [])
        if term.kind == "some" and not places:  # "two of them, the dog and the bell, are on the left"
            places = [t for later in clauses[place:] for t in later.terms if t.kind == "place"]
            if not places:
                self._read_group_count(term, clauses)
                return
        sounds = list(self._here.sounds)
        low, high = (0, 0) if term.kind == "none" else term.value
        if term.kind == "none" and not places:
            named = {index for group in self._memory.all for mention in group.mentions for index in mention.sounds}
            everything = named >= {sound.index for sound in sounds}
            self._note("count", term.text, everything if term.value else None, "wrong_count")
            return
        if not all(sound.is_audible for sound in sounds):
            self._note("count", term.text, None, "not_clear")
            return
        told = [[is_at(sound, where.value) for sound in sounds] for where in places[:1]]
        if told and None in told[0]:
            self._note("count", term.text, None, "not_clear")
            return
        there = sum(map(bool, told[0])) if told else len(sounds)
        self._judge("count", term, low <= there <= high, clause, "wrong_count")

    def _read_group_count(self, term: Term, clauses: Sequence[Clause]) -> None:
        """ "the two", "all three", "both": all there are, or those just named."""
        low, high = term.value
        named = {i for g in self._memory.all for m in g.mentions for i in m.sounds}
        here = {i for clause in clauses for g in clause.groups for m in g.mentions for i in m.sounds}
        lists = [len(g.mentions) for clause in clauses for g in clause.groups]
        is_right = any(low <= count <= high for count in (len(self._here.sounds), len(named), len(here), *lists))
        self._note("count", term.text, is_right, "wrong_count")

    def _read_overlap(self, term: Term, clause: Clause) -> None:
        named = [s for g in clause.groups for s in self._members(g)]
        sounds = named if len(named) > 1 else list(self._here.sounds)
        pairs = [(a, b) for place, a in enumerate(sounds) for b in sounds[:place]]
        together = [min(a.offset_s, b.offset_s) - max(a.onset_s, b.onset_s) >= _TOGETHER_S for a, b in pairs]
        self._judge("time", term, all(together) if pairs else None, clause, "wrong_time")

    def _read_sides(self, term: Term, place: int, clauses: Sequence[Clause]) -> None:
        clause = clauses[place]
        named = [s for g in clause.groups for s in self._members(g)]
        named = named or [s for later in clauses for g in later.groups for s in self._members(g)]
        named = named or list(self._here.sounds)
        if len(named) != 2:
            self._note("direction", term.text, None, "unbound")
            return
        told = [[is_at(sound, side) for sound in named] for side in ("left", "right")]
        if any(None in row for row in told):
            verdict: Verdict = None
        else:
            is_same = any(all(row) for row in told)
            verdict = is_same if term.value == "same" else not is_same and all(map(any, told))
        self._judge("direction", term, verdict, clause, "wrong_direction")


def _compare(term: Term, first: Sound, second: Sound) -> Verdict:
    if term.kind == "compare":
        return compare(first, second) if term.value[0] == "nearer" else compare(second, first)
    if term.kind == "equal":
        return are_equally_far((first, second))
    if term.kind == "relative":
        turn = (first.azimuth_deg - second.azimuth_deg + 180.0) % 360.0 - 180.0
        is_behind = any(90.0 < sound.azimuth_deg < 270.0 for sound in (first, second))
        if is_behind or abs(turn) < _RELATIVE_DEG:
            return None
        return bool((turn > 0.0) == (term.value == "left"))
    if first.distance_m is None or second.distance_m is None:
        return None
    ratio = first.distance_m / second.distance_m / float(term.value)
    return 1.0 / (1.0 + _FACTOR_OFF) <= ratio <= 1.0 + _FACTOR_OFF
