"""Licences: what is read from free text, and the algebra of mixtures against a table written out by hand."""

from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twnm_schemas import LicenseError, SpecError, combine_licenses, may_publish, parse_license
from twnm_schemas.licences import MIT_KEMAR, PROFILES, TAMPERE_NC, UNKNOWN, Terms, combinable, profile_allows, terms_of

ONE_OF_EACH = {
    "free": "CC0-1.0",
    "attribution": MIT_KEMAR,
    "by": "CC-BY-4.0",
    "by-nc": "CC-BY-NC-4.0",
    "by-sa": "CC-BY-SA-4.0",
    "by-nc-sa": "CC-BY-NC-SA-4.0",
    "gpl": "GPL-2.0-only",
    "refused": "CC-BY-ND-4.0",
}
# Row mixed with column gives this class; "-" may not be published.
MIXTURES = """
              free         attribution  by        by-nc     by-sa     by-nc-sa  gpl   refused
free          free         attribution  by        by-nc     by-sa     by-nc-sa  gpl   -
attribution   attribution  attribution  by        by-nc     by-sa     by-nc-sa  gpl   -
by            by           by           by        by-nc     by-sa     by-nc-sa  -     -
by-nc         by-nc        by-nc        by-nc     by-nc     -         by-nc-sa  -     -
by-sa         by-sa        by-sa        by-sa     -         by-sa     -         -     -
by-nc-sa      by-nc-sa     by-nc-sa     by-nc-sa  by-nc-sa  -         by-nc-sa  -     -
gpl           gpl          gpl          -         -         -         -         gpl   -
refused       -            -            -         -         -         -         -     -
"""
HEADER, *ROWS = (line.split() for line in MIXTURES.strip().splitlines())
TABLE = [(row[0], column, cell) for row in ROWS for column, cell in zip(HEADER, row[1:], strict=True)]
SPDX = (
    "CC0-1.0", "LicenseRef-public-domain", MIT_KEMAR, "MIT", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0",
    "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "GPL-2.0-only", "GPL-3.0-only", "CC-BY-ND-4.0", UNKNOWN,
)  # fmt: skip


def combine_or_refuse(*ids: str | None) -> str | None:
    """The mixture's licence, or None where it, or a part of it, is refused."""
    try:
        return None if None in ids else combine_licenses(id_ for id_ in ids if id_)
    except LicenseError:
        return None


@pytest.mark.parametrize(("first", "second", "mixture"), TABLE)
def test_two_parts_mix_as_the_table_says(first: str, second: str, mixture: str) -> None:
    combined = combine_or_refuse(ONE_OF_EACH[first], ONE_OF_EACH[second])
    assert (terms_of(combined).value if combined else "-") == mixture


def test_the_terms_of_tampere_are_non_commercial_and_read_as_they_are_spelled() -> None:
    """Clotho's captions: no commercial use, and their authors are named."""
    assert terms_of(TAMPERE_NC) is Terms.BY_NC
    assert parse_license(TAMPERE_NC) == TAMPERE_NC
    assert not profile_allows("open", TAMPERE_NC)
    assert profile_allows("research-nc", TAMPERE_NC)
    assert combine_licenses(["CC-BY-4.0", TAMPERE_NC]) == TAMPERE_NC
    assert combine_or_refuse("CC-BY-SA-4.0", TAMPERE_NC) is None


def test_the_table_names_every_class() -> None:
    assert {terms.value for terms in Terms} == set(HEADER) == set(ONE_OF_EACH)
    assert all(terms_of(spdx).value == name for name, spdx in ONE_OF_EACH.items())


@given(st.lists(st.sampled_from(SPDX), min_size=1, max_size=5))
def test_neither_order_nor_repetition_matters(parts: list[str]) -> None:
    assert combine_or_refuse(*parts) == combine_or_refuse(*reversed(parts)) == combine_or_refuse(*parts, *parts)


@given(st.sampled_from(SPDX), st.sampled_from(SPDX), st.sampled_from(SPDX))
def test_parts_may_be_mixed_in_steps(a: str, b: str, c: str) -> None:
    whole = combine_or_refuse(a, b, c)
    steps = combine_or_refuse(combine_or_refuse(a, b), c), combine_or_refuse(a, combine_or_refuse(b, c))
    assert steps == (whole, whole)


@given(st.lists(st.sampled_from(SPDX), min_size=1, max_size=5))
def test_a_mixture_is_as_free_as_its_pairs_allow(parts: list[str]) -> None:
    pairs = [combine_or_refuse(first, second) for first, second in combinations_with_replacement(parts, 2)]
    assert (combine_or_refuse(*parts) is None) == (None in pairs)


@pytest.mark.parametrize(
    ("parts", "mixture"),
    [
        (["CC-BY-3.0", "CC-BY-4.0"], "CC-BY-4.0"),
        (["CC-BY-NC-4.0", "CC-BY-NC-3.0", "CC0-1.0"], "CC-BY-NC-4.0"),
        (["CC-BY-4.0", "CC-BY-SA-3.0"], "CC-BY-SA-3.0"),
        ([MIT_KEMAR], MIT_KEMAR),
    ],
)
def test_the_strictest_part_names_the_mixture_in_its_highest_version(parts: list[str], mixture: str) -> None:
    assert combine_licenses(parts) == mixture


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        (["CC-BY-SA-4.0", "CC-BY-NC-3.0"], ("CC-BY-SA-4.0", "CC-BY-NC-3.0")),
        (["GPL-2.0-only", "CC-BY-4.0"], ("GPL-2.0-only", "CC-BY-4.0")),
        (["GPL-2.0-only", "GPL-3.0-only"], ("GPL-2.0-only", "GPL-3.0-only")),
        (["CC0-1.0", UNKNOWN], (UNKNOWN,)),
        (["CC0-1.0", "LicenseRef-CC-Sampling-Plus-1.0"], ("LicenseRef-CC-Sampling-Plus-1.0",)),
        ([], ("at least one",)),
    ],
)
def test_a_refusal_names_the_parts(parts: list[str], named: tuple[str, ...]) -> None:
    with pytest.raises(LicenseError) as refused:
        combine_licenses(parts)
    assert all(name in str(refused.value) for name in named)
    assert str(refused.value).endswith(".")


READ = {
    "CC 3.0 BY-SA THK": "CC-BY-SA-3.0",
    "Creative Commons (CC-BY). Visit http://creativecommons.org/licenses/by/4.0/ for licence details.": "CC-BY-4.0",
    "http://creativecommons.org/licenses/by/3.0/": "CC-BY-3.0",
    "https://creativecommons.org/licenses/by/4.0/": "CC-BY-4.0",
    "http://creativecommons.org/licenses/by-nc/3.0/": "CC-BY-NC-3.0",
    "https://creativecommons.org/licenses/by-nc-nd/4.0/legalcode": "CC-BY-NC-ND-4.0",
    "http://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0",
    "http://creativecommons.org/licenses/sampling+/1.0/": "LicenseRef-CC-Sampling-Plus-1.0",
    "Sampling+": "LicenseRef-CC-Sampling-Plus-1.0",
    "Sampling Plus 1.0": "LicenseRef-CC-Sampling-Plus-1.0",
    "CC BY-NC-SA 4.0": "CC-BY-NC-SA-4.0",
    "CC BY-SA 2.5": "CC-BY-SA-2.5",
    "CC-BY-4.0": "CC-BY-4.0",
    "cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0",
    "cc_by_4.0": "CC-BY-4.0",
    "  CC   BY\n4.0 ": "CC-BY-4.0",
    "Creative Commons Attribution 4.0": "CC-BY-4.0",
    "Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International": "CC-BY-NC-SA-4.0",
    "Attribution-NonCommercial 4.0 International (CC BY-NC 4.0)": "CC-BY-NC-4.0",
    "CC BY 4.0, recorded by Bob": "CC-BY-4.0",
    "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/": "CC-BY-4.0",
    "CC0": "CC0-1.0",
    "CC0 1.0 Universal": "CC0-1.0",
    "Creative Commons 0": "CC0-1.0",
    "Creative Commons Zero, recorded by Bob": "CC0-1.0",
    "Public Domain": "LicenseRef-public-domain",
    "https://creativecommons.org/publicdomain/mark/1.0/": "LicenseRef-public-domain",
    "MIT": "MIT",
    "MIT License": "MIT",
    "Apache License 2.0": "Apache-2.0",
    "GPL-2": "GPL-2.0-only",
    "GPL-3+": "GPL-3.0-or-later",
    "GPL-2.0-or-later": "GPL-2.0-or-later",
    MIT_KEMAR: MIT_KEMAR,
}
NOT_READ = [
    "",
    "No license provided, ask the author for permission",
    "All rights reserved",
    "CC BY",
    "Creative Commons",
    "Attribution NonCommercial",
    "CC 1.0 recorded by Bob, NC",
    "CC BY 5.0",
    "CC-BY-4.5",
    "CC BY-SA-ND 4.0",
    "https://creativecommons.org/licenses/by-xx/4.0/",
    "This is not in the public domain.",
    "CC BY-NC 4.0 (metadata CC0)",
    "CC BY-NC, see http://creativecommons.org/licenses/by/4.0/",
    "http://creativecommons.org/licenses/by/4.0/ or http://creativecommons.org/licenses/by-nc/4.0/",
    "free for everyone by the author",
]


@pytest.mark.parametrize(("text", "spdx"), READ.items())
def test_a_licence_is_read(text: str, spdx: str) -> None:
    assert parse_license(text) == spdx
    assert parse_license(spdx) == spdx or spdx.startswith("LicenseRef-CC")


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_not_clear_stays_unknown_and_unpublished(text: str) -> None:
    assert parse_license(text) == UNKNOWN
    assert not may_publish(parse_license(text))


@given(st.text(max_size=60))
def test_any_text_is_read_without_failing(text: str) -> None:
    assert parse_license(text)


@pytest.mark.parametrize(
    ("spdx", "publishable"),
    [
        (MIT_KEMAR, True), ("CC-BY-NC-SA-4.0", True), ("GPL-2.0-only", True), ("CC-BY-NC-ND-4.0", False),
        ("LicenseRef-CC-Sampling-Plus-1.0", False), ("LicenseRef-mine", False), ("CC-BY-NC-SA-ND-4.0", False),
    ],
)  # fmt: skip
def test_what_may_be_published(spdx: str, publishable: bool) -> None:
    assert may_publish(spdx) == publishable


PROFILE_TABLE = """
              free  attribution  by  by-nc  by-sa  by-nc-sa  gpl  refused
open          yes   yes          yes no     yes    no        yes  no
research-nc   yes   yes          yes yes    yes    yes       yes  no
recipe        yes   yes          yes yes    yes    yes       yes  yes
"""
PROFILE_CELLS = [
    (row[0], column, cell == "yes")
    for header, *rows in [[line.split() for line in PROFILE_TABLE.strip().splitlines()]]
    for row in rows
    for column, cell in zip(header, row[1:], strict=True)
]


@pytest.mark.parametrize(("profile", "terms", "allowed"), PROFILE_CELLS)
def test_a_profile_allows_what_the_table_says(profile: str, terms: str, allowed: bool) -> None:
    assert profile_allows(profile, ONE_OF_EACH[terms]) is allowed


def test_the_table_has_every_profile_and_another_is_refused_by_name() -> None:
    assert {cell[0] for cell in PROFILE_CELLS} == set(PROFILES)
    with pytest.raises(SpecError, match="profile 'closed' is not known; there are open, research-nc, recipe"):
        profile_allows("closed", "CC0-1.0")


@given(st.lists(st.sampled_from(SPDX), max_size=5))
def test_combinable_says_whether_combining_would_raise(ids: list[str]) -> None:
    assert combinable(ids) is (not ids or combine_or_refuse(*ids) is not None)


def test_combinable_takes_an_iterator() -> None:
    assert combinable(iter(["CC-BY-4.0", "CC0-1.0"]))
    assert not combinable(iter(["CC-BY-SA-4.0", "CC-BY-NC-4.0"]))
