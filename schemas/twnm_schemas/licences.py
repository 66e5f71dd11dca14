"""Licences: reading them to SPDX, and the one algebra that says what a mixture may be published under.

Order of strictness: CC0-1.0 < attribution only < CC-BY < CC-BY-NC. BY-SA and BY-NC-SA absorb what they may; BY-SA with
anything non-commercial is refused; GPL goes with itself, CC0 and attribution-only terms alone; no-derivatives,
Sampling+ and unknown terms are refused.
"""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Literal, get_args

from twnm_schemas.errors import LicenseError, SpecError

UNKNOWN = "LicenseRef-unknown"
MIT_KEMAR = "LicenseRef-MIT-KEMAR"
TAMPERE_NC = "LicenseRef-Tampere-NC"  # the terms of Tampere University: non-commercial, with attribution

MIT_KEMAR_TERMS = (
    "Copyright 1994 by the MIT Media Laboratory. Provided free with no restrictions on use, provided the authors "
    "(Bill Gardner and Keith Martin, MIT Media Lab) are cited when the data is used in any research or commercial "
    "application."
)


class Terms(Enum):
    """What a licence asks, from the freest on."""

    FREE = "free"
    ATTRIBUTION = "attribution"
    BY = "by"
    BY_NC = "by-nc"
    BY_SA = "by-sa"
    BY_NC_SA = "by-nc-sa"
    GPL = "gpl"
    REFUSED = "refused"


_ATTRIBUTION_ONLY = frozenset({MIT_KEMAR, "MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"})
_FREE = frozenset({"CC0-1.0", "LicenseRef-public-domain"})
_NAMED_HERE = _FREE | _ATTRIBUTION_ONLY | {TAMPERE_NC}
_VERSION = r"[134]\.0|2\.[015]"
_CC = re.compile(rf"CC-(BY(?:-NC)?(?:-SA|-ND)?)-(?:{_VERSION})(?:-[A-Z]{{2,3}})?")


def terms_of(spdx: str) -> Terms:
    """The class of an SPDX id; REFUSED for no-derivatives, Sampling+ and anything unknown."""
    if spdx in _FREE:
        return Terms.FREE
    if spdx in _ATTRIBUTION_ONLY:
        return Terms.ATTRIBUTION
    if spdx == TAMPERE_NC:
        return Terms.BY_NC
    if spdx.startswith("GPL-"):
        return Terms.GPL
    match = _CC.fullmatch(spdx)
    by_name = {terms.value: terms for terms in (Terms.BY, Terms.BY_NC, Terms.BY_SA, Terms.BY_NC_SA)}
    return by_name.get(match.group(1).lower(), Terms.REFUSED) if match else Terms.REFUSED


_SPELLED = (  # the element names in the words people use, longest first
    ("non-commercial", "NC"),
    ("noncommercial", "NC"),
    ("non commercial", "NC"),
    ("attribution", "BY"),
    ("share-alike", "SA"),
    ("sharealike", "SA"),
    ("share alike", "SA"),
    ("no derivatives", "ND"),
    ("no-derivatives", "ND"),
    ("noderivs", "ND"),
    ("noderivatives", "ND"),
)
_CC_MENTION = re.compile(r"creative\s*commons|\bCC\b|\bCC[-_ ]?(?:BY|0)", re.IGNORECASE)
_CC_URL = re.compile(r"\S*creativecommons\.org/\S*", re.IGNORECASE)
_CC_URL_PARTS = re.compile(rf"/licenses/([a-z-]+)/({_VERSION})", re.IGNORECASE)
_ZERO = re.compile(r"publicdomain/zero|\b(?:cc|creative commons)[-_ ]?(?:0|zero)\b", re.IGNORECASE)
_SAMPLING = re.compile(r"sampling(?:\s*\+|[- ]?plus|%2b)", re.IGNORECASE)
_ELEMENTS = ("BY", "NC", "SA", "ND")
_NAMED = {  # what people and Debian's copyright files write
    "mit license": "MIT",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "gpl-2": "GPL-2.0-only",
    "gpl-2+": "GPL-2.0-or-later",
    "gpl-3": "GPL-3.0-only",
    "gpl-3+": "GPL-3.0-or-later",
}


def parse_license(text: str) -> str:
    """An SPDX id from a free-text licence field, or `LicenseRef-unknown`.

    Reads SPDX ids, Creative Commons URLs and names in any order ("CC 3.0 BY-SA THK", "Creative Commons (CC-BY). Visit
    http://creativecommons.org/licenses/by/4.0/ ..."), public-domain dedications and a few common software licences. A
    Creative Commons name without a version, and a text whose statements contradict each other, stay unknown.
    """
    text = " ".join(text.split())
    if _CC.fullmatch(text) or text in _NAMED_HERE or re.fullmatch(r"GPL-\d\.\d-\S+", text):
        return text
    if text.lower() in _NAMED:
        return _NAMED[text.lower()]
    if _SAMPLING.search(text):
        return "LicenseRef-CC-Sampling-Plus-1.0"
    found = {*_read_dedications(text), *_read_creative_commons(text)}
    return found.pop() if len(found) == 1 else UNKNOWN


def _read_dedications(text: str) -> set[str]:
    if _ZERO.search(text):
        return {"CC0-1.0"}
    if re.search(r"\bnot?\b.*public domain", text, re.IGNORECASE):
        return set()
    dedicated = re.search(r"public domain|publicdomain/mark", text, re.IGNORECASE)
    return {"LicenseRef-public-domain"} if dedicated else set()


def _read_creative_commons(text: str) -> set[str]:
    """Every Creative Commons licence that the text states; UNKNOWN stands for one that cannot be made out."""
    found = set()
    for url in _CC_URL.findall(text):
        if parts := _CC_URL_PARTS.search(url):
            found.add(_cc_id(set(parts.group(1).upper().split("-")), parts.group(2)))
    words = _CC_URL.sub(" ", text)
    elements = _name_elements(words)
    if not elements or not (found or _CC_MENTION.search(words)):
        return found
    version = re.search(rf"(?<![\d.])({_VERSION})(?![\d.]\d)", words)
    if version:
        return {*found, _cc_id(elements, version.group(1))}
    # a name without a version only repeats a URL; it must then repeat it exactly
    return found if found and all(_elements_of(spdx) == elements for spdx in found) else {*found, UNKNOWN}


def _name_elements(words: str) -> set[str]:
    words = re.sub(  # the preposition ("recorded by Bob") is not the element
        r"((?i:\bcc|commons|\d\.\d)[-_ (]*)?\bby\b([-_ ](?:nc|sa|nd)\b)?",
        lambda match: match.group(0) if match.group(1) or match.group(2) else " ",
        words,
    )
    for spelled, element in _SPELLED:
        words = re.sub(spelled, f" {element} ", words, flags=re.IGNORECASE)
    return {e for e in _ELEMENTS if re.search(rf"(?<![A-Z]){e}(?![A-Z])", words.upper())}


def _elements_of(spdx: str) -> set[str]:
    return {part for part in spdx.split("-") if part in _ELEMENTS}


def _cc_id(elements: set[str], version: str) -> str:
    if "BY" not in elements or {"SA", "ND"} <= elements or not elements <= set(_ELEMENTS):
        return UNKNOWN
    return "-".join(["CC", *(e for e in _ELEMENTS if e in elements), version])


def combine_licenses(spdx_ids: Iterable[str]) -> str:
    """The licence of a mixture of parts under these licences.

    Raises LicenseError, naming the parts, for a mixture nobody may publish. Of several versions of one licence the
    highest is returned (CC 4.0 material may not be relicensed downwards).
    """
    ids = sorted(set(spdx_ids))
    if not ids:
        raise LicenseError("A mixture of no parts has no licence; give at least one.")
    by_terms: dict[Terms, list[str]] = {}
    for spdx in ids:
        by_terms.setdefault(terms_of(spdx), []).append(spdx)
    if Terms.REFUSED in by_terms:
        raise LicenseError(
            f"The terms {', '.join(by_terms[Terms.REFUSED])} do not allow a published mixture; leave it out."
        )
    present = set(by_terms)
    for dominant, allowed in _ABSORBS.items():
        if dominant in present:
            if clash := present - allowed - {dominant}:
                others = ", ".join(spdx for terms in sorted(clash, key=lambda t: t.value) for spdx in by_terms[terms])
                raise LicenseError(
                    f"{', '.join(by_terms[dominant])} cannot be mixed with {others}; leave one of them out."
                )
            if dominant is Terms.GPL and len(by_terms[dominant]) > 1:
                raise LicenseError(f"{' and '.join(by_terms[dominant])} cannot be mixed; keep to one of them.")
            return max(by_terms[dominant])
    raise AssertionError("every class of terms stands in _ABSORBS")


_PERMISSIVE = {Terms.FREE, Terms.ATTRIBUTION, Terms.BY}
_ABSORBS: dict[Terms, set[Terms]] = {  # asked in this order: the first class present gives the mixture's licence
    Terms.GPL: {Terms.FREE, Terms.ATTRIBUTION},
    Terms.BY_NC_SA: {*_PERMISSIVE, Terms.BY_NC},
    Terms.BY_SA: _PERMISSIVE,
    Terms.BY_NC: _PERMISSIVE,
    Terms.BY: _PERMISSIVE,
    Terms.ATTRIBUTION: {Terms.FREE},
    Terms.FREE: set(),
}


def may_publish(spdx: str) -> bool:
    """Whether material under this licence may be published at all."""
    return terms_of(spdx) is not Terms.REFUSED


Profile = Literal["open", "research-nc", "recipe"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
_OPEN = frozenset({Terms.FREE, Terms.ATTRIBUTION, Terms.BY, Terms.BY_SA, Terms.GPL})
_PROFILE_TERMS: dict[str, frozenset[Terms]] = {
    "open": _OPEN,
    "research-nc": _OPEN | {Terms.BY_NC, Terms.BY_NC_SA},
    "recipe": frozenset(Terms),
}


def profile_allows(profile: str, spdx: str) -> bool:
    """Whether material under this licence may be used in data of this profile.

    "open": anybody may use the result for anything (CC0 and public domain, attribution only, BY, BY-SA, GPL);
    "research-nc": these and BY-NC, BY-NC-SA; "recipe": everything, because no audio is stored, only what rebuilds it
    where the material is. Whether two allowed parts go together, `combinable` says. Raises SpecError for another
    profile.
    """
    if profile not in _PROFILE_TERMS:
        raise SpecError(f"The licence profile '{profile}' is not known; there are {', '.join(PROFILES)}.")
    return terms_of(spdx) in _PROFILE_TERMS[profile]


def combinable(spdx_ids: Iterable[str]) -> bool:
    """Whether a mixture of parts under these licences may be published; no parts may."""
    ids = tuple(spdx_ids)
    try:
        return not ids or bool(combine_licenses(ids))
    except LicenseError:
        return False
