"""Whatever the scene: where a variant asks, exactly one option is true, and the question reads as one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from broken_scenes import INVENTORY
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from worlds import (
    NAMES,
    SIZES,
    deal_answers,
    draw_world,
    exchange,
    make_inventory,
    make_label,
    make_sound,
    make_world,
)

from twnm_bench.facts import World, pick
from twnm_bench.families import VARIANTS
from twnm_bench.families.base import Draft, Option, RejectedError, Variant, View
from twnm_bench.generate.drawing import ask_of_pair, ask_slot
from twnm_bench.generate.slots import Slot
from twnm_bench.programs import judge_claim, run_program
from twnm_shards.rng import rng_for

_EDGES = [8.0, 18.0, 28.0, 36.0, 45.0, 54.0, 64.0, 67.5, 90.0, 112.5, 135.0, 157.5, 180.0]
_AZIMUTHS = st.one_of(st.floats(0.0, 359.99), st.sampled_from([*_EDGES, *(-edge for edge in _EDGES), 0.0]))
_HEIGHTS = st.one_of(st.just(0.0), st.floats(-80.0, 80.0), st.sampled_from([10.0, -10.0, 30.0, -30.0]))
_DISTANCES = st.one_of(st.sampled_from([None, 1.0, 1.1, 1.5, 2.0, 3.0, 4.0]), st.floats(0.3, 12.0))
_DRRS = st.one_of(st.sampled_from([None, -10.0, 0.0, 1.0, 20.0]), st.floats(-20.0, 30.0))
_TIMES = st.one_of(st.sampled_from([None, 0.25, 0.5, 1.0, 2.0, 4.0]), st.floats(0.1, 6.0))
_QUICK = settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)  # fmt: skip
_RAW_DEGREES = re.compile(r"\d+\.\d+ ?(°|deg)")
_EACH = pytest.mark.parametrize("variant", [pytest.param(v, id=f"{v.task}-{v.name}") for v in VARIANTS])


@st.composite
def _worlds(draw: Any) -> World:
    """One to six sounds anywhere, at and near every edge, now and then one twice, one not heard, one unknown."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=draw(st.integers(0, 9)) > 0))
    sounds = []
    for name in names:
        onset = draw(st.floats(0.0, 2.0))
        sounds.append(
            make_sound(
                name,
                draw(_AZIMUTHS),
                draw(_DISTANCES),
                draw(_HEIGHTS),
                draw(_DRRS),
                onset,
                onset + draw(st.floats(0.2, 3.0)),
                audible=draw(st.integers(0, 19)) > 0,
            )
        )
    absorption = draw(st.sampled_from(["low_reverberation", "mid_reverberation", "high_reverberation"]))
    return make_world(*sounds, t_mid_s=draw(_TIMES), size=draw(st.sampled_from(SIZES)), absorption=absorption)


def _answers_for(variant: Variant, world: World) -> list[str]:
    if variant.deal is not None:
        even, odd = (0, 3, 4), (1, 2, 5)  # an exchange of two turns one kind of order into the other
        exchanges = [f"{a}>{b}" for own, other in ((even, odd), (odd, even)) for a in own for b in other]
        return [*exchanges, *variant.answers]
    if variant.is_about_labels:
        return [*(sound.name for sound in world.sounds), "flute", "siren"]
    return list(variant.answers)


def _ask_twice(variant: Variant, view: View, answer: str, seed: int) -> Draft | None:
    """The draft, the same from the same address; None where it is refused, which has a name."""
    drafts: list[Draft | str] = []
    for _ in range(2):
        try:
            drafts.append(variant.ask(view, answer, rng_for(seed, "asked")))
        except RejectedError as reason:
            drafts.append(str(reason))
    assert drafts[0] == drafts[1]
    if isinstance(drafts[0], Draft):
        return drafts[0]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", drafts[0])
    return None


def _check_draft(draft: Draft, variant: Variant, view: View, answer: str) -> None:
    world = view.world
    assert [judge_claim(option.claim, world) for option in draft.options] == [True, False, False, False]
    assert run_program(draft.program, world) is not None
    assert draft.answer == answer.split(">")[0]
    _check_text(draft)
    if variant.task == "spatial_relationship":
        assert len(world.sounds) >= 2
    if variant.pair is not None:
        _check_pair(draft, world)


def _check_text(draft: Draft) -> None:
    texts = [option.text for option in draft.options]
    assert len(set(texts)) == 4
    assert max(map(len, texts)) <= 1.5 * min(map(len, texts))
    assert len(set(draft.wordings)) >= 6
    questions = [wording.format(**draft.slots) for wording in draft.wordings]
    for text in (*texts, *questions):
        assert not _RAW_DEGREES.search(text)
        assert not set("{}_[]") & set(text)
        assert text == " ".join(text.split())
        assert text[0].isupper()
    assert all(question[-1] in "?." for question in questions)
    for wording in draft.wordings:  # every slot there is says something
        assert all(f"{{{slot}}}" in "".join(draft.wordings) for slot in draft.slots), wording


def _check_pair(draft: Draft, world: World) -> None:
    """With two sounds at each other's places the same options have another key, and one only."""
    assert draft.swapped is not None
    names = {sound.index: sound.name for sound in world.sounds}
    moved = exchange(world, *(names[index] for index in draft.swapped))
    other = ask_of_pair(draft, moved)
    assert [judge_claim(option.claim, moved) for option in other.options] == [True, False, False, False]
    assert {option.text for option in other.options} == {option.text for option in draft.options}
    assert other.options[0] != draft.options[0]


@_EACH
def test_of_a_scene_of_its_own_spec_one_option_is_true(variant: Variant) -> None:
    accepted = 0
    for number, answer in enumerate(deal_answers(variant, INVENTORY, 60, rng_for(1, variant.name))):
        rng = rng_for(2, variant.name, number)
        world = draw_world(variant.spec(answer, INVENTORY, rng), INVENTORY, rng)
        assert world is not None
        if draft := _ask_twice(variant, View(world, INVENTORY), answer, number):
            _check_draft(draft, variant, View(world, INVENTORY), answer)
            accepted += 1
    assert accepted >= 5


@_EACH
def test_of_a_scene_that_is_nearly_its_own_one_option_is_true(variant: Variant) -> None:
    """One sound of a scene of the spec is moved to an edge, to another distance, or is not heard; or the room is
    another one, at all places or as a whole."""
    accepted = []

    @_QUICK
    @given(st.integers(0, 10**6), _AZIMUTHS, _DISTANCES, _DRRS, st.integers(0, 9), _TIMES)
    def check(
        seed: int, azimuth: float, distance: float | None, drr: float | None, which: int, t_mid: float | None
    ) -> None:
        rng = rng_for(seed, variant.name)
        dealt = deal_answers(variant, INVENTORY, 1, rng)[0]
        drawn = draw_world(variant.spec(dealt, INVENTORY, rng), INVENTORY, rng)
        assert drawn is not None
        for world in _disturb(variant, drawn, rng, azimuth, distance, drr, which, t_mid):
            for answer in (dealt, *_answers_for(variant, world)):
                if draft := _ask_twice(variant, View(world, INVENTORY), answer, seed):
                    _check_draft(draft, variant, View(world, INVENTORY), answer)
                    accepted.append(answer)

    check()
    assert len(accepted) >= 10


def _disturb(variant: Variant, world: World, rng: np.random.Generator, *changed: Any) -> Iterator[World]:
    azimuth, distance, drr, which, t_mid = changed
    at = int(rng.integers(len(world.sounds)))
    moved = make_sound("", azimuth, elevation=world.sounds[at].elevation_deg)
    places = (
        {"azimuth_deg": moved.azimuth_deg, "lateral_deg": moved.lateral_deg},
        {"distance_m": distance},
        {"drr_db": drr},
        {"is_audible": which > 0},
    )
    for place in places:
        sounds = tuple(replace(s, **place) if n == at else s for n, s in enumerate(world.sounds))
        yield replace(world, sounds=sounds)
    yield replace(world, t_mid_s=t_mid, sounds=tuple(replace(sound, t_mid_s=t_mid) for sound in world.sounds))
    if variant.task != "scene_summarisation":  # see "a summary says nothing of a room that is another one at a place"
        yield replace(world, t_mid_s=t_mid)


def test_of_any_scene_one_option_is_true() -> None:
    accepted: dict[str, int] = {}

    @settings(_QUICK, max_examples=250)
    @given(_worlds(), st.integers(0, 10**6))
    def check(world: World, seed: int) -> None:
        view = View(world, INVENTORY)
        for variant in VARIANTS:
            for answer in _answers_for(variant, world):
                if draft := _ask_twice(variant, view, answer, seed):
                    _check_draft(draft, variant, view, answer)
                    accepted[variant.name] = accepted.get(variant.name, 0) + 1

    check()
    assert len(accepted) >= 12  # kinds of questions that may be asked of a scene that was not drawn for them


_RAIN = View(make_world(make_sound("rain", 60.0), make_sound("siren", -36.0)), INVENTORY)
_SIDES = tuple(Option(side, f'equals(query({pick("rain")}, "side"), "{side}")') for side in ("left", "right"))
_UNCLEAR = Option("straight ahead", 'equals(query(unique(filter(scene(), label="rain")), "sector5"), "ahead")')
_ABSENT = Option("a drum", 'has(scene(), label="drum")')
_THERE = Option("rain", 'has(scene(), label="rain")')


@pytest.mark.parametrize(
    ("options", "is_asked"),
    [
        ((*_SIDES, _ABSENT, _ABSENT), True),
        ((*_SIDES[::-1], _ABSENT, _ABSENT), False),  # the key is false
        ((_ABSENT, _SIDES[1], _ABSENT, _ABSENT), False),  # none is true
        ((*_SIDES, _THERE, _ABSENT), False),  # two are true
        ((*_SIDES, _ABSENT, _UNCLEAR), False),  # of one it is not known
        ((_UNCLEAR, _SIDES[1], _ABSENT, _ABSENT), False),  # nor of the key
    ],
    ids=["true", "false", "none", "two", "unknown", "unknown key"],
)
def test_a_slot_s_question_is_kept_only_if_the_key_alone_is_true(options: tuple[Option, ...], is_asked: bool) -> None:
    draft = Draft("scene()", ("Which?",), {}, options, "left")
    variant = replace(VARIANTS[0], ask=lambda view, answer, rng: draft)
    slot = Slot(0, variant, "left", 0, "")
    if is_asked:
        assert ask_slot(slot, _RAIN, 1) is draft
        return
    with pytest.raises(RejectedError, match="not_decided"):
        ask_slot(slot, _RAIN, 1)


# ---------------------------------------------------------------- classes that overlap

_PLAIN = ("drum", "flute", "guitar", "siren")
_OVERLAP = make_inventory(
    make_label("bell", "things"),
    make_label("church bell", "things", "bell"),
    make_label("horn", "things"),
    make_label("gong", "things"),
    make_label("whistle", "things"),
    *(make_label(name, "others") for name in _PLAIN),
)


def _check_all(view: View, seed: int, variants: tuple[Variant, ...] = VARIANTS) -> int:
    drafts = 0
    for variant in variants:
        for answer in (*_answers_for(variant, view.world), *view.inventory.names):
            if (variant.deal or not variant.is_about_labels) and answer in view.inventory.names:
                continue
            if draft := _ask_twice(variant, view, answer, seed):
                _check_draft(draft, variant, view, answer)
                drafts += 1
    return drafts


_SEEDS = range(12)


def _spread(names: Sequence[str], rng: np.random.Generator, classes: Mapping[str, tuple[str, ...]]) -> World:
    """The sounds in directions of their own, each twice as far as the one before, the last one at 8.8 m."""
    azimuths = [float(azimuth) for azimuth in rng.permutation([-75.0, -36.0, 0.0, 36.0, 75.0])]
    sounds = [
        make_sound(name, azimuth, 0.45 * 2.1**place, classes=classes.get(name, ()))
        for place, (name, azimuth) in enumerate(zip(names, azimuths, strict=False))
    ]
    return make_world(*sounds)


def test_a_sound_and_a_kind_of_it_in_one_scene_are_not_mixed_up() -> None:
    for seed in _SEEDS:
        rng = rng_for(seed, "overlap")
        names = ("bell", "church bell", *_PLAIN[: int(rng.integers(3))])
        world = _spread(names, rng, {"church bell": ("bell",)})
        assert _check_all(View(world, _OVERLAP), seed) > 0


def test_what_else_is_in_a_clip_is_no_wrong_option() -> None:
    """A clip of several classes: in the horn's own recording are a gong and a siren as well."""
    for seed in _SEEDS:
        rng = rng_for(seed, "several")
        world = _spread(("horn", *_PLAIN[: int(rng.integers(4))]), rng, {"horn": ("gong", "siren")})
        assert _check_all(View(world, _OVERLAP), seed) > 0
