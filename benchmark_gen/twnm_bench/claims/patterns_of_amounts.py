"""How English says how far, how many and how reverberant."""

import re
from typing import Any

from twnm_bench.claims.numbers import MASK, NUMBER, QUANTITY, SMALL, Table, read_number, read_quantity, say

_AMOUNTS = {
    word: name
    for name, words in {
        "dry": "hardly any|barely any|almost no|next to no|no|without any|without|scarcely any|very little"
        "|little to no",
        "short": "short|quick|fast|brief|little",
        "slight": "slight|some slight|a little|a bit of|a touch of|weak|mild|faint|subtle|modest",
        "moderate": "moderate|medium|noticeable|a moderate amount of",
        "strong": "strong|heavy|a lot of|lots of|much|plenty of|long|pronounced|considerable|clear|rich"
        "|a great deal of",
        "very long": "very long|very strong|extremely long|enormous|endless|huge",
    }.items()
    for word in words.split("|")
}
_AMOUNT = "|".join(sorted(map(re.escape, _AMOUNTS), key=len, reverse=True))
_ECHO = r"(?:reverberation|reverberance|reverb|echo(?:es|ing)?|decay|reverberant tail|tail)"
_NOUN = r"(?:sounds?|sources?|things|noises?|sound sources?|events)"
_KINDS_OF = r"(?:(?:different|distinct|separate|audible|clear|other|individual|sounding|more|such|remaining) )*"


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


def _count(match: re.Match[str]) -> tuple[str, Any]:
    words = {"both": (2, 2), "a pair of": (2, 2), "a couple of": (2, 2), "several": (3, 99), "a few": (2, 5)}
    words |= {"many": (4, 99), "a single": (1, 1), "only one": (1, 1), "just one": (1, 1), "no": (0, 0)}
    text = match["n"]
    if text not in words and read_number(text) % 1.0:
        return "refused", "number_unattributed"
    return "count", words.get(text) or (int(read_number(text)), int(read_number(text)))


def _reverb_amount(match: re.Match[str]) -> tuple[str, Any]:
    return "reverb", _AMOUNTS[match["a"]]


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


# Each pattern with what it says; the first that matches a place in the text wins, so longer ones stand before shorter.
AMOUNTS: Table = (
    # numbers with a unit
    (
        rf"\b(?P<q>{QUANTITY})(?:(?: to | or |-|–)(?P<q2>{NUMBER}))?(?:[ -]|(?<=\d))(?P<unit>metres?|"
        rf"meters?|m|cm|centimetres?|centimeters?|feet|foot|ft)\b(?: and a half\b)?",
        lambda m: _metres_half(m),
    ),
    (
        rf"\b(?P<q>{QUANTITY})(?:[ -]|(?<=\d))(?P<unit>seconds?|secs?|s|ms|milliseconds?)\b(?: and a half\b)?",
        lambda m: _seconds_half(m),
    ),
    (
        r"\b(?:twice|double|two times)(?: as (?:far|distant)| the distance)(?: away)?(?: as|"
        r" of)?\b",
        say("factor", 2.0),
    ),
    (
        rf"\b(?P<n>{NUMBER}) times (?:as (?:far|distant)|the distance|farther|further)(?: away)?(?: as|"
        rf" of| than)?\b",
        lambda m: ("factor", read_number(m["n"])),
    ),
    (r"\bhalf (?:as far|the distance)(?: away)?(?: as| of)?\b", say("factor", 0.5)),
    (
        r"\b(?:equally|just as|about as|as) (?:far|distant|close|near)(?: away)?(?: from you)?(?: as)?\b|"
        r"\b(?:the|a) (?:same|similar) distance\b|\bsimilar distances\b",
        say("equal"),
    ),
    (
        r"\b(?:nearer|closer)(?: by| in)?(?: (?:to|from) you)?(?P<than> than)?\b",
        lambda m: ("compare", ("nearer", bool(m["than"]))),
    ),
    (
        r"\b(?:farther|further|more distant)(?: away| off| out)?(?: from you)?(?P<than> than)?\b",
        lambda m: ("compare", ("farther", bool(m["than"]))),
    ),
    (r"\b(?:nearest|closest)\b", say("most", "nearest")),
    (r"\b(?:farthest|furthest|most distant|most remote)\b", say("most", "farthest")),
    # the room
    (rf"\b(?P<a>{_AMOUNT}) (?:of )?(?:audible |noticeable |real |room )?{_ECHO}\b", _reverb_amount),
    (
        rf"\b{_ECHO} (?:time )?(?:here )?(?:is|sounds|seems|feels|remains|stays) (?:rather |"
        rf"quite |fairly |only |pretty )?(?P<a>{_AMOUNT})\b",
        _reverb_amount,
    ),
    (
        r"\b(?:very |quite |rather |fairly |pretty |acoustically |completely )?(?:dry|anechoic|"
        r"dead|damped)(?= room| space| acoustic|ly|[,.;! ]|$)",
        say("reverb", "dry"),
    ),
    (
        r"\b(?:very |quite |rather |highly |strongly )?(?:reverberant|echoey|boomy|resonant)\b",
        say("reverb", "strong"),
    ),
    (
        rf"\b{_ECHO}\b|\brt60\b|\bdie[sd]? away\b|\bdying away\b|\bfade[sd]?(?: away| out)?\b|"
        rf"\blinger(?:s|ed|ing)?\b|\brings? on\b",
        say("decay"),
    ),
    (r"\b(?:outdoors?|outside|open air|open field|in the open)\b", say("room", "outdoors")),
    (r"\b(?:small|tiny|little|cramped)(?:,| and)? (?:\w+ ){0,2}?(?:room|space|chamber)\b", say("room", "small")),
    (
        r"\b(?:large|big|huge|vast|spacious|great)(?:,| and)? (?:\w+ ){0,2}?(?:room|space|"
        r"hall|chamber)\b",
        say("room", "large"),
    ),
    (
        r"\bmedium(?:-| )?(?:sized)? (?:\w+ ){0,2}?(?:room|space|hall)\b|\b(?:mid|middle)(?:-|"
        r" )sized (?:room|space)\b",
        say("room", "medium"),
    ),
    (
        r"\b(?:room|space|hall) (?:is|sounds|seems|feels) (?:rather |quite |fairly |very )?(?P<s>small|"
        r"tiny|large|big|huge|vast|spacious)\b",
        lambda m: ("room", "small" if m["s"] in ("small", "tiny") else "large"),
    ),
    (r"\b(?:hard|bare|reflective|reflecting)(?:,| and)? (?:\w+ )?(?:walls?|surfaces)\b", say("room", "hard")),
    (
        r"\b(?:soft|padded|absorbent|absorbing|upholstered|carpeted)(?:,| and)? (?:\w+ )?(?:walls?|"
        r"surfaces|room)\b",
        say("room", "soft"),
    ),
    (
        r"\b(?:church|cathedral|auditorium|bathroom|kitchen|living room|bedroom|office|stairwell|"
        r"garage|tunnel|cave|studio|classroom|corridor|basement|forest|street|park|concert hall|"
        r"gymnasium|warehouse|tiled|wooden floor|concrete|marble|carpet|curtains)\b",
        say("refused", "room_unverifiable"),
    ),
    # counts
    (
        rf"\b(?P<n>{NUMBER}|both|a pair of|a couple of|several|a few|many|a single|only one|"
        rf"just one|no)(?: of the| of these| of those)? {_KINDS_OF}{_NOUN}\b",
        lambda m: _noun_count(m),
    ),
    (
        rf"\b(?:the )?(?P<n>{'|'.join(SMALL[1:])}|both|several|a few|many|only one|just one|one) of "
        r"(?:them|these|those|the sounds)\b",
        lambda m: ("some", _some(m)),
    ),
    (rf"\b(?:all |the )(?P<n>{'|'.join(SMALL[1:])})\b", lambda m: ("group", _count(m)[1])),
    (
        rf"\b(?:there are|i hear|you hear|i count|i can hear|i make out|there's|count of|"
        rf"number is|makes?|you can hear) (?:only |just |exactly )?(?P<n>{NUMBER})\b(?! {MASK})",
        _count,
    ),
    (rf"\b(?P<n>{NUMBER}) (?:in all|in total|altogether|overall)\b", _count),
    (r"\bboth\b", say("group", (2, 2))),
    (
        r"\b(?:nothing|none|nobody|no one)(?: else)?\b|\bno others?\b",
        lambda m: ("none", "else" in m[0] or "other" in m[0]),
    ),
    (r"\b(?:something|someone|somebody|anything|a sound|another sound|one sound)\b", say("something")),
    (r"\bthe (?:sound|source|noise)\b", say("pronoun", "it")),
    # distances in words
    (
        r"\b(?:very (?:close|near)|right next to you|within (?:arm's )?reach|at arm's length)(?: by|"
        r" to you)?\b",
        say("distance", "very close"),
    ),
    (r"\b(?:close by|close at hand|close to you|nearby|near you|close|near)\b", say("distance", "close")),
    (
        r"\b(?:at )?(?:a moderate|a medium|some|a middling) distance(?: away)?\b|\bmoderately (?:far|"
        r"distant)\b|\bneither near nor far\b",
        say("distance", "moderate"),
    ),
    (r"\b(?:very (?:far|distant)|extremely far)(?: away| off| from you)?\b", say("distance", "very far")),
    (
        r"\b(?:far (?:away|off|from you|out)|distant|in the distance|a long way (?:off|away)|"
        r"remote)\b",
        say("distance", "far"),
    ),
    (r"\bhow far\b|\bas far as\b|\bso far\b|\bby far\b", say("filler")),
    (r"\bfar\b", say("distance", "far")),
)  # fmt: skip
