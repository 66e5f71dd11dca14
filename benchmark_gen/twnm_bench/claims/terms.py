"""What a text says, found by pattern: places, distances, numbers, counts, comparisons, rooms, and what binds them.

`scan` names the sounds first, then takes the longest patterns before the shorter ones, so that "far to the left" is
never read as "far"; what has been read is masked. A number that no pattern took remains as an unattributed one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from twnm_bench.claims.lexicon import Lexicon
from twnm_bench.claims.truths import azimuth_of_hours

_SMALL = "one two three four five six seven eight nine ten eleven twelve".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: float(value) for value, word in enumerate(_SMALL, 1)}
_WORDS |= {"thirteen": 13.0, "fourteen": 14.0, "fifteen": 15.0, "sixteen": 16.0, "eighteen": 18.0, "hundred": 100.0}
_WORDS |= {word: 10.0 * value for value, word in enumerate(_TENS, 2)}
_NUMBER = rf"(?:\d+(?:[.,]\d+)?|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_QUANTITY = (
    rf"(?:{_NUMBER} and a half|{_NUMBER} and a quarter|{_NUMBER}|half an?|a quarter of an?|three quarters of an?|"
    r"a couple of|a few|an?)"
)
_YOUR = r"(?:your |the |my |our )?"
_LR = r"(left|right)"
_SLIGHTLY = r"(?:slightly|a (?:little|bit|touch)|just|somewhat)"
_TO = rf"(?:to |on |off to |towards |at |over to )?{_YOUR}"
MASK = "\x01"


@dataclass(frozen=True)
class Term:
    """Something that a text says: what kind, its value, how it stands there, and where."""

    kind: str
    value: Any
    text: str
    start: int
    end: int


Make = Callable[[re.Match[str]], tuple[str, Any]]


def _say(kind: str, value: Any = None) -> Make:
    return lambda match: (kind, value)


def read_number(text: str) -> float:
    """A number in words or digits."""
    return _WORDS[text] if text in _WORDS else float(text.replace(",", "."))


def read_quantity(text: str) -> tuple[float, float]:
    """How much is meant, from and to: "two and a half", "a few"."""
    known = {"half a": 0.5, "half an": 0.5, "a couple of": 2.0, "a": 1.0, "an": 1.0}
    if text == "a few":
        return 2.0, 5.0
    if text.startswith(("a quarter", "three quarters")):
        value = 0.25 if text.startswith("a quarter") else 0.75
    elif text in known:
        value = known[text]
    else:
        head, _, tail = text.partition(" and a ")
        value = read_number(head) + {"half": 0.5, "quarter": 0.25, "": 0.0}[tail]
    return value, value


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


def _metres(match: re.Match[str]) -> tuple[str, Any]:
    unit = match["unit"][0:2]
    factor = 0.01 if unit in ("cm", "ce") else 0.3048 if unit in ("fe", "fo", "ft") else 1.0
    low, high = read_quantity(match["q"])
    if match["q2"]:
        high = read_quantity(match["q2"])[1]
    return "metres", (low * factor, high * factor)


def _seconds(match: re.Match[str]) -> tuple[str, Any]:
    factor = 0.001 if match["unit"].startswith(("ms", "mi")) else 1.0
    return "seconds", read_quantity(match["q"])[0] * factor


def _place(template: str, group: int = 1) -> Make:
    return lambda match: ("place", template.format(match[group]))


def _count(match: re.Match[str]) -> tuple[str, Any]:
    words = {"both": (2, 2), "a pair of": (2, 2), "a couple of": (2, 2), "several": (3, 99), "a few": (2, 5)}
    words |= {"many": (4, 99), "a single": (1, 1), "only one": (1, 1), "just one": (1, 1), "no": (0, 0)}
    text = match["n"]
    if text not in words and read_number(text) % 1.0:
        return "refused", "number_unattributed"
    return "count", words.get(text) or (int(read_number(text)), int(read_number(text)))


def _reverb_amount(match: re.Match[str]) -> tuple[str, Any]:
    return "reverb", _AMOUNTS[match["a"]]


_AMOUNTS = {
    word: name
    for name, words in {
        "dry": "hardly any|barely any|almost no|next to no|no|without any|without|scarcely any|very little|little to no",
        "short": "short|quick|fast|brief|little",
        "slight": "slight|some slight|a little|a bit of|a touch of|weak|mild|faint|subtle|modest",
        "moderate": "moderate|medium|noticeable|a moderate amount of",
        "strong": "strong|heavy|a lot of|lots of|much|plenty of|long|pronounced|considerable|clear|rich|a great deal of",
        "very long": "very long|very strong|extremely long|enormous|endless|huge",
    }.items()
    for word in words.split("|")
}
_AMOUNT = "|".join(sorted(map(re.escape, _AMOUNTS), key=len, reverse=True))
_ECHO = r"(?:reverberation|reverberance|reverb|echo(?:es|ing)?|decay|reverberant tail|tail)"
_GENERIC = (
    r"(?:little|bit|few|lot|moment|quarter|half|turn|look|step|hand|distance|good|clear|slight|moderate|person|way|place|"
    r"room|small|large|direction|side|circle|row|line|short|long|while|time|medium|single|sound|source|noise|third|"
    r"listener|result|whole|different|similar|sense|space|hint|touch|fair|great|strong|bigger|smaller|kind|sort|pair|"
    r"background|real|noticeable|lively|dry|hall|big|lot|word|point|glance|mixture|scene|recording|very|quite|rather)\b"
)
_NOUN = r"(?:sounds?|sources?|things|noises?|sound sources?|events)"
_KINDS_OF = r"(?:(?:different|distinct|separate|audible|clear|other|individual|sounding|more|such|remaining) )*"

# Each pattern with what it says; the first that matches a place wins, so longer ones stand before shorter.
_TABLE: tuple[tuple[str, Make], ...] = (
    (r"\b(?:i would|i'd|one would|you would) (?:say|guess|estimate|put|call|describe)\b", _say("filler")),
    (r"\b(?:would|'d) (?:have to|need to|like|want)\b|\bif (?:you ask me|i hear (?:it )?right|you listen|anything)\b", _say("filler")),
    (r"\bo'?clock hand\b|\b(?:the|a) right (?:answer|option|one|choice|description|summary|order|place)\b", _say("filler")),
    (r"\bright angles?\b|\bas far as (?:i|you|the|my|your)\b", _say("filler")),
    (r"(?<!your )(?<!the )(?<!my )\bright (?=behind|in front|ahead|above|next|beside|now|here|there|away|around|before|after|at|below|by)|\ball right\b", _say("filler")),
    (r"\b(?:sounds?|sources|others|ones?) (?:that (?:are|is) )?left\b(?! of| side|-hand|,? right)|\bleft over\b|\bleft out\b", _say("filler")),
    (rf"\b(?:between )?(?P<h1>\d{{1,2}}|{'|'.join(_SMALL)})(?::(?P<m1>\d\d))?(?: o'?clock)?(?: (?:and|to|or) (?P<h2>\d{{1,2}}|{'|'.join(_SMALL)})(?::(?P<m2>\d\d))?) ?o'?clock\b", _clock),
    (rf"\b(?P<h1>\d{{1,2}}|{'|'.join(_SMALL)})(?::(?P<m1>\d\d))? ?o'?clock\b(?P<h2>)(?P<m2>)", _clock),
    (r"\b(?P<h1>\d{1,2}):(?P<m1>\d\d)\b(?P<h2>)(?P<m2>)", _clock),
    (rf"(?P<n>(?:\d+[.,]\d+|{_NUMBER}))(?:-| )?(?:°|degrees?\b|deg\b)(?: (?:{_TO}(?P<s1>left|right)\b|(?P<s2>left|right)\b))?(?: of you)?", _degrees),
    (rf"\b(?:straight |dead |directly )?(?:ahead|in front)(?: of you| of me)?,? (?:and |but )?{_SLIGHTLY}(?: off)? {_TO}{_LR}\b", _place("ahead, slightly {}")),
    (rf"\b(?:straight |directly )?(?:behind(?: you| me)?|at your back),? (?:and |but )?{_SLIGHTLY}(?: off)? {_TO}{_LR}\b", _place("behind, slightly {}")),
    (rf"\b(?:ahead|in front|forward)(?: of (?:you|me))?,? ?(?:and |but )?(?:to |on |off to |towards ){_YOUR}{_LR}(?: side)?\b", _place("front {}")),
    (rf"\bfront(?:-| |, | and ){_LR}(?:-hand side| side)?\b", _place("front {}")),
    (rf"\b{_LR}(?:-| )(?:hand )?front\b|\b(?:forward|ahead) {_LR}\b", lambda m: ("place", f"front {m[1] or m[2]}")),
    (rf"\b(?:behind|at your back)(?: you| me)?,? ?(?:and |but )?(?:to |on |off to |towards ){_YOUR}{_LR}(?: side)?\b", _place("back {}")),
    (rf"\b(?:back|rear)(?:-| |, | and ){_LR}(?:-hand side| side)?\b|\b{_LR} (?:rear|back)\b", lambda m: ("place", f"back {m[1] or m[2]}")),
    (rf"\b(?:far|hard|well|directly|completely|all the way|due|fully|exactly|right) (?:out |over |off )?(?:to |on |from |at )?{_YOUR}{_LR}(?:-hand side| side)?(?: of you)?\b", _place("far {}")),
    (rf"\b{_SLIGHTLY}(?: off)? {_TO}{_LR}(?: of you|-hand side)?\b", _place("slightly {}")),
    (rf"\b(?:to the |on the )?{_LR} of (?=(?:the |a |an )?{MASK})", lambda m: ("relative", m[1])),
    (r"\b(?:behind|in front of|next to|beside|above|below|between|near|opposite|beyond) (?:it\b|them\b|(?=(?:the |a |an |both )?" + MASK + "))", _say("refused", "relative_place")),
    (r"\b(?:on |at )?(?:opposite|different|either) sides\b|\bthe other side\b|\beach side\b|\bboth sides\b", _say("sides", "opposite")),
    (r"\b(?:on )?the same side\b", _say("sides", "same")),
    (rf"\b(?:straight|directly|dead|exactly) (?:ahead|in front|forward)(?: of (?:you|me))?\b", _say("place", "straight ahead")),
    (r"\b(?:straight|directly|exactly) (?:behind|at your back|in back)(?: (?:of )?(?:you|me))?\b", _say("place", "straight behind")),
    (r"\bin front(?: of (?:you|me))?\b|\bahead(?: of (?:you|me))?\b|\b(?:from|at|to) (?:the|your) front\b|\bbefore you\b|\bfacing you\b|\bfrontal\b", _say("place", "ahead")),
    (r"\bbehind(?: (?:you|me|your back))?\b|\bat (?:your|the|my) back\b|\b(?:from|at|in|to) the (?:back|rear)\b|\bto your rear\b|\bbackwards?\b", _say("place", "behind")),
    (r"\b(?:(?:directly|high|slightly|almost|well|straight) )*(?:above(?: (?:you|me|ear level|your head|your ears))?|overhead|over (?:your|my) head|high up)\b", _say("place", "height above")),
    (r"\b(?:(?:directly|slightly|almost|well|straight) )*(?:below(?: (?:you|me|ear level|your ears))?|beneath(?: you)?|underneath(?: you)?|under (?:you|your feet)|low down|underfoot|at your feet)\b", _say("place", "height below")),
    (r"\b(?:at|around|about|near) ear (?:level|height)\b|\blevel with (?:you|your ears)\b|\bat (?:the height of your ears|head height)\b", _say("place", "height level")),
    (r"\b(?:in|near) the (?:middle|centre|center)\b|\bcentral(?:ly)?\b", _say("place", "middle")),
    (rf"\b(?:leftwards?|rightwards?)\b", lambda m: ("place", m[0][:5].rstrip("w") if m[0][0] == "r" else "left")),
    (rf"\b{_LR}(?:(?:-| )hand side|-hand| side| ear| half)?(?: of (?:you|me))?\b", _place("{}")),
    # numbers with a unit
    (rf"\b(?P<q>{_QUANTITY})(?:(?: to | or |-|–)(?P<q2>{_NUMBER}))?(?:[ -]|(?<=\d))(?P<unit>metres?|meters?|m|cm|centimetres?|centimeters?|feet|foot|ft)\b(?: and a half\b)?", lambda m: _metres_half(m)),
    (rf"\b(?P<q>{_QUANTITY})(?:[ -]|(?<=\d))(?P<unit>seconds?|secs?|s|ms|milliseconds?)\b(?: and a half\b)?", lambda m: _seconds_half(m)),
    (r"\b(?:twice|double|two times)(?: as (?:far|distant)| the distance)(?: away)?(?: as| of)?\b", _say("factor", 2.0)),
    (rf"\b(?P<n>{_NUMBER}) times (?:as (?:far|distant)|the distance|farther|further)(?: away)?(?: as| of| than)?\b", lambda m: ("factor", read_number(m["n"]))),
    (r"\bhalf (?:as far|the distance)(?: away)?(?: as| of)?\b", _say("factor", 0.5)),
    (r"\b(?:equally|just as|about as|as) (?:far|distant|close|near)(?: away)?(?: from you)?(?: as)?\b|\b(?:the|a) (?:same|similar) distance\b|\bsimilar distances\b", _say("equal")),
    (r"\b(?:nearer|closer)(?: by| in)?(?: (?:to|from) you)?(?P<than> than)?\b", lambda m: ("compare", ("nearer", bool(m["than"])))),
    (r"\b(?:farther|further|more distant)(?: away| off| out)?(?: from you)?(?P<than> than)?\b", lambda m: ("compare", ("farther", bool(m["than"])))),
    (r"\b(?:nearest|closest)\b", _say("most", "nearest")),
    (r"\b(?:farthest|furthest|most distant|most remote)\b", _say("most", "farthest")),
    # the room
    (rf"\b(?P<a>{_AMOUNT}) (?:of )?(?:audible |noticeable |real |room )?{_ECHO}\b", _reverb_amount),
    (rf"\b{_ECHO} (?:time )?(?:here )?(?:is|sounds|seems|feels|remains|stays) (?:rather |quite |fairly |only |pretty )?(?P<a>{_AMOUNT})\b", _reverb_amount),
    (r"\b(?:very |quite |rather |fairly |pretty |acoustically |completely )?(?:dry|anechoic|dead|damped)(?= room| space| acoustic|ly|[,.;! ]|$)", _say("reverb", "dry")),
    (r"\b(?:very |quite |rather |highly |strongly )?(?:reverberant|echoey|boomy|resonant)\b", _say("reverb", "strong")),
    (rf"\b{_ECHO}\b|\brt60\b|\bdie[sd]? away\b|\bdying away\b|\bfade[sd]?(?: away| out)?\b|\blinger(?:s|ed|ing)?\b|\brings? on\b", _say("decay")),
    (r"\b(?:outdoors?|outside|open air|open field|in the open)\b", _say("room", "outdoors")),
    (r"\b(?:small|tiny|little|cramped)(?:,| and)? (?:\w+ ){0,2}?(?:room|space|chamber)\b", _say("room", "small")),
    (r"\b(?:large|big|huge|vast|spacious|great)(?:,| and)? (?:\w+ ){0,2}?(?:room|space|hall|chamber)\b", _say("room", "large")),
    (r"\bmedium(?:-| )?(?:sized)? (?:\w+ ){0,2}?(?:room|space|hall)\b|\b(?:mid|middle)(?:-| )sized (?:room|space)\b", _say("room", "medium")),
    (r"\b(?:room|space|hall) (?:is|sounds|seems|feels) (?:rather |quite |fairly |very )?(?P<s>small|tiny|large|big|huge|vast|spacious)\b", lambda m: ("room", "small" if m["s"] in ("small", "tiny") else "large")),
    (r"\b(?:hard|bare|reflective|reflecting)(?:,| and)? (?:\w+ )?(?:walls?|surfaces)\b", _say("room", "hard")),
    (r"\b(?:soft|padded|absorbent|absorbing|upholstered|carpeted)(?:,| and)? (?:\w+ )?(?:walls?|surfaces|room)\b", _say("room", "soft")),
    (r"\b(?:church|cathedral|auditorium|bathroom|kitchen|living room|bedroom|office|stairwell|garage|tunnel|cave|studio|classroom|corridor|basement|forest|street|park|concert hall|gymnasium|warehouse|tiled|wooden floor|concrete|marble|carpet|curtains)\b", _say("refused", "room_unverifiable")),
    # counts
    (rf"\b(?P<n>{_NUMBER}|both|a pair of|a couple of|several|a few|many|a single|only one|just one|no)(?: of the| of these| of those)? {_KINDS_OF}{_NOUN}\b", lambda m: _noun_count(m)),
    (r"\b(?:the )?(?P<n>" + "|".join(_SMALL[1:]) + r"|both|several|a few|many|only one|just one|one) of (?:them|these|those|the sounds)\b", lambda m: ("some", _some(m))),
    (rf"\b(?:all |the )(?P<n>{'|'.join(_SMALL[1:])})\b", lambda m: ("group", _count(m)[1])),
    (rf"\b(?:there are|i hear|you hear|i count|i can hear|i make out|there's|count of|number is|makes?|you can hear) (?:only |just |exactly )?(?P<n>{_NUMBER})\b(?! {MASK})", _count),
    (rf"\b(?P<n>{_NUMBER}) (?:in all|in total|altogether|overall)\b", _count),
    (r"\bboth\b", _say("group", (2, 2))),
    (r"\b(?:nothing|none|nobody|no one)(?: else)?\b|\bno others?\b", lambda m: ("none", "else" in m[0] or "other" in m[0])),
    (r"\b(?:something|someone|somebody|anything|a sound|another sound|one sound)\b", _say("something")),
    (r"\bthe (?:sound|source|noise)\b", _say("pronoun", "it")),
    # distances in words
    (r"\b(?:very (?:close|near)|right next to you|within (?:arm's )?reach|at arm's length)(?: by| to you)?\b", _say("distance", "very close")),
    (r"\b(?:close by|close at hand|close to you|nearby|near you|close|near)\b", _say("distance", "close")),
    (r"\b(?:at )?(?:a moderate|a medium|some|a middling) distance(?: away)?\b|\bmoderately (?:far|distant)\b|\bneither near nor far\b", _say("distance", "moderate")),
    (r"\b(?:very (?:far|distant)|extremely far)(?: away| off| from you)?\b", _say("distance", "very far")),
    (r"\b(?:far (?:away|off|from you|out)|distant|in the distance|a long way (?:off|away)|remote)\b", _say("distance", "far")),
    (r"\bhow far\b|\bas far as\b|\bso far\b|\bby far\b", _say("filler")),
    (r"\bfar\b", _say("distance", "far")),
    # what cannot be checked
    (r"\b(?:loud(?:er|est|ly)?|quiet(?:er|est|ly)?|faint(?:er|est)|soft(?:er|est)|louder|equally loud)\b", _say("refused", "level_unverifiable")),
    (r"\b(?:moving|moves|approach(?:es|ing)?|passing by|passes|circling|walks (?:away|past)|drives|recedes|receding|coming closer|getting (?:closer|nearer|louder))\b", _say("refused", "movement_unverifiable")),
    (r"\b(?:first|last) to (?:sound|start|begin|stop|end)\b|\b(?:starts?|begins?|stops?|ends?) (?:first|last|before|after|earlier|later)\b|\bfollowed by\b", _say("refused", "order_unverifiable")),
    (r"\b(?:option|answer|choice) \(?[a-d1-4]\b|\((?:a|b|c|d)\)|\b(?:first|second|third|fourth|last) (?:option|choice|answer)\b", _say("refused", "option_letter")),
    (r"\b(?:overlap(?:s|ping)?(?: in time)?|at the same time|simultaneously|at once|sound together)\b", _say("overlap")),
    # what turns and binds
    (r"\b(?:does|do|did|would|can|could|is|are|was) ?(?:not|n't) (?:fit|match|agree|work|apply|right)\b|\b(?:doesn't|don't|cannot|can't) (?:fit|be right|match|be|hold)\b|\b(?:is|are) (?:wrong|out|ruled out|excluded|false|off the table|not right)\b|\brules? out\b|\bruled out\b|\bcontradict(?:s|ed)?\b|\bnot what\b|\bmistaken\b", _say("reject")),
    (r"\b(?:not|never|isn't|aren't|wasn't|doesn't|don't|didn't|cannot|can't|won't|neither|nor|no|without|hardly|instead of|rather than|except)\b", _say("not")),
    (r"\b(?:if|suppose|imagine|imagining|were to|would|had (?:they|it|you)|after (?:you )?turn(?:ing)?|once (?:you|they|it)|after (?:the|that|this) (?:turn|swap|exchange|change)|then|swapped|exchanged|mirrored|with \w+ and \w+ exchanged)\b", _say("if")),
    (r"\bthe other(?: one)?\b", _say("pronoun", "other")),
    (r"\b(?:which|whose)\b", _say("pronoun", "which")),
    (r"\b(?:it|its|it's|that|this|that's|itself)\b", _say("pronoun", "it")),
    (r"\b(?:they|them|these|those|they're)\b", _say("pronoun", "they")),
    (r"\b(?:start(?:s|ed|ing)?|begin(?:s|ning)?|set(?:s)? in|comes? in|from)\b", _say("onset")),
    (r"\b(?:stop(?:s|ped)?|end(?:s|ed)?|until|falls? silent)\b", _say("offset")),
    (rf"\b(?:there (?:is|are|was)|there's|hears?|hearing|heard) (?:also )?(?:an?|some|another) (?!{_GENERIC})[a-z]+", _say("refused", "unknown_sound")),
    (rf"\b(?:an?|some|another) (?!{_GENERIC})[a-z]+", _say("thing")),
    (r"[,;:()–—]| - |\b(?:but|while|whereas|and|because|since|so|though|although|yet|with|where|as|or)\b", _say("break")),
    (rf"(?<![\w.]){_NUMBER}(?:\.\d+)?\b", lambda m: ("number", m[0])),
)  # fmt: skip
_PATTERNS = tuple((re.compile(pattern), make) for pattern, make in _TABLE)


def _metres_half(match: re.Match[str]) -> tuple[str, Any]:
    kind, (low, high) = _metres(match)
    half = 0.5 if match[0].endswith("and a half") else 0.0
    return kind, (low + half, high + half)


def _seconds_half(match: re.Match[str]) -> tuple[str, Any]:
    kind, value = _seconds(match)
    return kind, value + (0.5 if match[0].endswith("and a half") else 0.0)


def _some(match: re.Match[str]) -> tuple[int, int]:
    return (1, 99) if match["n"] == "one" else _count(match)[1]


def _noun_count(match: re.Match[str]) -> tuple[str, Any]:
    if match["n"] == "one":
        return "something", None
    return _count(match)


def scan(text: str, lexicon: Lexicon) -> list[Term]:
    """Everything that one sentence says, in order."""
    lower = text.lower().replace("’", "'")
    found = [Term("sound", mention, lower[a:b], a, b) for mention, a, b in lexicon.find(lower) if not _is_clock(lower, b)]
    masked = lower
    for term in found:
        masked = masked[: term.start] + MASK * (term.end - term.start) + masked[term.end :]
    for pattern, make in _PATTERNS:
        for term in list(_match(pattern, make, masked)):
            found.append(term)
            masked = masked[: term.start] + "\x02" * (term.end - term.start) + masked[term.end :]
    return sorted((term for term in found if term.kind != "filler"), key=lambda term: term.start)


def _is_clock(text: str, end: int) -> bool:
    return text[end : end + 7].startswith(" o'clock")


def _match(pattern: re.Pattern[str], make: Make, text: str) -> Iterator[Term]:
    for match in pattern.finditer(text):
        if match.end() > match.start():
            kind, value = make(match)
            yield Term(kind, value, match[0], match.start(), match.end())
