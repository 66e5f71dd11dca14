"""Licences: reading them to SPDX, and the one algebra that says what a mixture may be published under.

Order of strictness: CC0-1.0 < attribution only < CC-BY < CC-BY-NC. BY-SA and BY-NC-SA absorb what they may; BY-SA with
anything non-commercial is refused; GPL goes with itself, CC0 and attribution-only terms alone; no-derivatives,
Sampling+ and unknown terms are refused.
"""

import re
from collections.abc import Iterable
from enum import Enum

from twnm_schemas.errors import LicenseError

UNKNOWN = "LicenseRef-unknown"
MIT_KEMAR = "LicenseRef-MIT-KEMAR"

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
_CC = re.compile(r"CC-(BY(?:-NC)?(?:-SA|-ND)?)-\d\.\d(?:-[A-Z]{2,3})?")


def terms_of(spdx: str) -> Terms:
    """The class of an SPDX id; REFUSED for no-derivatives, Sampling+ and anything unknown."""
    if spdx in _FREE:
        return Terms.FREE
    if spdx in _ATTRIBUTION_ONLY:
        return Terms.ATTRIBUTION
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
_CC_MENTION = re.compile(r"creative\s*commons|creativecommons\.org|\bCC\b|\bCC[-_ ]?(?:BY|0)", re.IGNORECASE)


def parse_license(text: str) -> str:
    """An SPDX id from a free-text licence field, or `LicenseRef-unknown`.

    Reads SPDX ids, Creative Commons URLs and names in any order ("CC 3.0 BY-SA THK", "Creative Commons (CC-BY). Visit
    http://creativecommons.org/licenses/by/4.0/ ..."), public-domain dedications and the common software licences. A
    Creative Commons name without a version is read as 4.0 only where a URL says so; else it stays unknown.
    """
    text = " ".join(text.split())
    if _CC.fullmatch(text) or text in _FREE or text in _ATTRIBUTION_ONLY or re.fullmatch(r"GPL-\d\.\d-\S+", text):
        return text
    lowered = text.lower()
    if re.search(r"sampling\s*(\+|plus)|sampling-plus", lowered):
        return "LicenseRef-CC-Sampling-Plus-1.0"
    if re.search(r"publicdomain/zero|\bcc[- _]?0\b|cc0|\bcc zero\b", lowered):
        return "CC0-1.0"
    if "public domain" in lowered or "publicdomain/mark" in lowered:
        return "LicenseRef-public-domain"
    if _CC_MENTION.search(text):
        return _parse_creative_commons(text)
    return UNKNOWN


def _parse_creative_commons(text: str) -> str:
    url = re.search(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)", text, re.IGNORECASE)
    if url:
        return _cc_id(set(url.group(1).upper().split("-")), url.group(2))
    for spelled, element in _SPELLED:
        text = re.sub(spelled, f" {element} ", text, flags=re.IGNORECASE)
    elements = {e for e in ("BY", "NC", "SA", "ND") if re.search(rf"(?<![A-Z]){e}(?![A-Z])", text.upper())}
    version = re.search(r"(?<![\d.])([1-4]\.[05])(?![\d.]\d)", text)
    return _cc_id(elements, version.group(1)) if version else UNKNOWN


def _cc_id(elements: set[str], version: str) -> str:
    if "BY" not in elements or {"SA", "ND"} <= elements:
        return UNKNOWN
    return "-".join(["CC", *(e for e in ("BY", "NC", "SA", "ND") if e in elements), version])


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
