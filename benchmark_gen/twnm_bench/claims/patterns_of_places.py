"""How English says where something is."""

import re
from typing import Any

from twnm_bench.claims.numbers import MASK, NUMBER, SMALL, Make, Table, read_number, say
from twnm_bench.claims.truths import azimuth_of_hours

_YOUR = r"(?:your |the |my |our )?"
_LR = r"(left|right)"
_SLIGHTLY = r"(?:slightly|a (?:little|bit|touch)|just|somewhat)"
_TO = rf"(?:to |on |off to |towards |at |over to )?{_YOUR}"


def _clock(match: re.Match[str]) -> tuple[str, Any]:
    hours = [
        read_number(hour) + (float(minutes) / 60.0 if minutes else 0.0)
        for hour, minutes in ((match["h1"], match["m1"]), (match["h2"], match["m2"]))
        if hour
    ]
    if any(hour > 12.99 for hour in hours):
        return "refused", "number_unattributed"
    centre, half = azimuth_of_hours(hours)
    return "place", f"azimuth {centre:g} {half:g}"


def _degrees(match: re.Match[str]) -> tuple[str, Any]:
    if re.search(r"[.,]", match["n"]):
        return "refused", "raw_degrees"
    side = match["s1"] or match["s2"]
    if side is None:
        return "refused", "number_unattributed"
    value = read_number(match["n"])
    return "place", f"azimuth {value if side == 'left' else -value:g} 15"


def _place(template: str, group: int = 1) -> Make:
    return lambda match: ("place", template.format(match[group]))


# Each pattern with what it says; the first that matches a place in the text wins, so longer ones stand before shorter.
PLACES: Table = (
    (r"\b(?:i would|i'd|one would|you would) (?:say|guess|estimate|put|call|describe)\b", say("filler")),
    (
        r"\b(?:would|'d) (?:have to|need to|like|want)\b|\bif (?:you ask me|i hear (?:it )?right|"
        r"you listen|anything)\b",
        say("filler"),
    ),
    (
        r"\bo'?clock hand\b|\b(?:the|a) right (?:answer|option|one|choice|description|summary|"
        r"order|place)\b",
        say("filler"),
    ),
    (r"\bright angles?\b|\bas far as (?:i|you|the|my|your)\b", say("filler")),
    (
        r"(?<!your )(?<!the )(?<!my )\bright (?=behind|in front|ahead|above|next|beside|"
        r"now|here|there|away|around|before|after|at|below|by)|\ball right\b",
        say("filler"),
    ),
    (
        r"\b(?:sounds?|sources|others|ones?) (?:that (?:are|is) )?left\b(?! of| side|-hand|"
        r",? right)|\bleft over\b|\bleft out\b",
        say("filler"),
    ),
    (
        rf"\b(?:between )?(?P<h1>\d{{1,2}}|{'|'.join(SMALL)})(?::(?P<m1>\d\d))?(?: o'?clock)?(?: (?:and|"
        rf"to|or) (?P<h2>\d{{1,2}}|{'|'.join(SMALL)})(?::(?P<m2>\d\d))?) ?o'?clock\b",
        _clock,
    ),
    (rf"\b(?P<h1>\d{{1,2}}|{'|'.join(SMALL)})(?::(?P<m1>\d\d))? ?o'?clock\b(?P<h2>)(?P<m2>)", _clock),
    (r"\b(?P<h1>\d{1,2}):(?P<m1>\d\d)\b(?P<h2>)(?P<m2>)", _clock),
    (
        rf"(?P<n>(?:\d+[.,]\d+|{NUMBER}))(?:-| )?(?:°|degrees?\b|deg\b)(?: (?:{_TO}(?P<s1>left|"
        rf"right)\b|(?P<s2>left|right)\b))?(?: of you)?",
        _degrees,
    ),
    (
        rf"\b(?:straight |dead |directly )?(?:ahead|in front)(?: of you| of me)?,? (?:and |"
        rf"but )?{_SLIGHTLY}(?: off)? {_TO}{_LR}\b",
        _place("ahead, slightly {}"),
    ),
    (
        rf"\b(?:straight |directly )?(?:behind(?: you| me)?|at your back),? (?:and |but )?"
        rf"{_SLIGHTLY}(?: off)? {_TO}{_LR}\b",
        _place("behind, slightly {}"),
    ),
    (
        rf"\b(?:ahead|in front|forward)(?: of (?:you|me))?,? ?(?:and |but )?(?:to |on |off to |"
        rf"towards ){_YOUR}{_LR}(?: side)?\b",
        _place("front {}"),
    ),
    (rf"\bfront(?:-| |, | and ){_LR}(?:-hand side| side)?\b", _place("front {}")),
    (rf"\b{_LR}(?:-| )(?:hand )?front\b|\b(?:forward|ahead) {_LR}\b", lambda m: ("place", f"front {m[1] or m[2]}")),
    (
        rf"\b(?:behind|at your back)(?: you| me)?,? ?(?:and |but )?"
        rf"(?:to |on |off to |towards ){_YOUR}{_LR}(?: side)?\b",
        _place("back {}"),
    ),
    (
        rf"\b(?:back|rear)(?:-| |, | and ){_LR}(?:-hand side| side)?\b|\b{_LR} (?:rear|back)\b",
        lambda m: ("place", f"back {m[1] or m[2]}"),
    ),
    (
        rf"\b(?:far|hard|well|directly|completely|all the way|due|fully|exactly|right) (?:out |"
        rf"over |off )?(?:to |on |from |at )?{_YOUR}{_LR}(?:-hand side| side)?(?: of you)?\b",
        _place("far {}"),
    ),
    (rf"\b{_SLIGHTLY}(?: off)? {_TO}{_LR}(?: of you|-hand side)?\b", _place("slightly {}")),
    (rf"\b(?:to the |on the )?{_LR} of (?=(?:the |a |an )?{MASK})", lambda m: ("relative", m[1])),
    (
        r"\b(?:behind|in front of|next to|beside|above|below|between|near|opposite|beyond) (?:it\b|"
        rf"them\b|(?=(?:the |a |an |both )?{MASK}))",
        say("refused", "relative_place"),
    ),
    (
        r"\b(?:on |at )?(?:opposite|different|either) sides\b|\bthe other side\b|\beach side\b|"
        r"\bboth sides\b",
        say("sides", "opposite"),
    ),
    (r"\b(?:on )?the same side\b", say("sides", "same")),
    (
        r"\b(?:straight|directly|dead|exactly) (?:ahead|in front|forward)(?: of (?:you|me))?\b",
        say("place", "straight ahead"),
    ),
    (
        r"\b(?:straight|directly|exactly) (?:behind|at your back|in back)(?: (?:of )?(?:you|"
        r"me))?\b",
        say("place", "straight behind"),
    ),
    (
        r"\bin front(?: of (?:you|me))?\b|\bahead(?: of (?:you|me))?\b|\b(?:from|at|to) (?:the|"
        r"your) front\b|\bbefore you\b|\bfacing you\b|\bfrontal\b",
        say("place", "ahead"),
    ),
    (
        r"\bbehind(?: (?:you|me|your back))?\b|\bat (?:your|the|my) back\b|\b(?:from|at|"
        r"in|to) the (?:back|rear)\b|\bto your rear\b|\bbackwards?\b",
        say("place", "behind"),
    ),
    (
        r"\b(?:(?:directly|high|slightly|almost|well|straight) )*(?:above(?: (?:you|me|ear level|"
        r"your head|your ears))?|overhead|over (?:your|my) head|high up)\b",
        say("place", "height above"),
    ),
    (
        r"\b(?:(?:directly|slightly|almost|well|straight) )*(?:below(?: (?:you|me|ear level|"
        r"your ears))?|beneath(?: you)?|underneath(?: you)?|under (?:you|your feet)|low down|"
        r"underfoot|at your feet)\b",
        say("place", "height below"),
    ),
    (
        r"\b(?:at|around|about|near) ear (?:level|height)\b|\blevel with (?:you|your ears)\b|"
        r"\bat (?:the height of your ears|head height)\b",
        say("place", "height level"),
    ),
    (r"\b(?:in|near) the (?:middle|centre|center)\b|\bcentral(?:ly)?\b", say("place", "middle")),
    (r"\b(?:leftwards?|rightwards?)\b", lambda m: ("place", m[0][:5].rstrip("w") if m[0][0] == "r" else "left")),
    (rf"\b{_LR}(?:(?:-| )hand side|-hand| side| ear| half)?(?: of (?:you|me))?\b", _place("{}")),
)  # fmt: skip
