"""A scene for a slot: drawn to the variant's purpose, refused before it is composed where its places will not do, and
composed until the question can be asked of what is really heard."""

from dataclasses import dataclass, replace

import numpy as np

from twnm_bench.facts import Sound, World, classes_of, read_world
from twnm_bench.families.base import Draft, RejectedError, View
from twnm_bench.generate.slots import Slot
from twnm_bench.labels import Inventory
from twnm_bench.programs import judge_claim
from twnm_schemas.errors import SpecError
from twnm_schemas.scenes import SceneSpec
from twnm_shards.rng import rng_for
from twnm_sim.clips.catalog import Catalog
from twnm_sim.scenes.brirs import BrirLibrary
from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.compose import Composed
from twnm_sim.scenes.draw import Drawn, Ingredients
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.wording import name_sound

SPLIT = "test"
_DECAY = 0.5  # of the reverberation time: how long 30 dB of it take
_DRAWS = 3000  # a slot: a draw without composing takes about a millisecond


@dataclass(frozen=True)
class Found:
    """A slot's scene and question."""

    composed: Composed
    draft: Draft


def rng_of(seed: int, slot: Slot, *what: str) -> np.random.Generator:
    """The generator of something about a slot."""
    return rng_for(seed, "slot", slot.number, *what)


def ask_slot(slot: Slot, view: View, seed: int) -> Draft:
    """The slot's question about a scene, always the same; the key alone is true. Raises RejectedError."""
    draft = slot.variant.ask(view, slot.answer, rng_of(seed, slot, "ask"))
    verdicts = [judge_claim(option.claim, view.world) for option in draft.options]
    if verdicts != [True] + [False] * (len(verdicts) - 1):
        raise RejectedError("not_decided")
    return draft


class SceneFinder:
    """Finds scenes for slots in one library and one catalog. Not to be shared by threads."""

    def __init__(self, brirs: BrirLibrary, catalog: Catalog, inventory: Inventory, profile: str, seed: int) -> None:
        self._brirs, self._catalog, self._profile, self._seed = brirs, catalog, profile, seed
        self._inventory = inventory
        self._makers: dict[SceneSpec, SceneMaker] = {}
        self._reader: ClipReader | None = None

    def find(self, slot: Slot, partner: Slot | None = None) -> Found:
        """The scene and question of a slot; `partner`: the slot whose scene is edited, or that edits this one's.

        Raises SpecError where none is found, naming what starves.
        """
        first = partner if partner is not None and slot.pair >= 0 else slot
        second = slot if first is partner else partner
        composed, maker = self._draw(first, second)
        draft = ask_slot(first, View(read_world(composed.scene), self._inventory), self._seed)
        if first is slot:
            return Found(composed, draft)
        other = self._edit(maker, composed, draft, slot)
        return Found(other, ask_of_pair(draft, read_world(other.scene)))

    def _draw(self, slot: Slot, second: Slot | None) -> tuple[Composed, SceneMaker]:
        """The slot's own scene, in its stratum of rooms if there is one; a stratum that starves is given up."""
        spec = slot.variant.spec(slot.answer, self._inventory, rng_of(self._seed, slot, "spec"))
        strata = [slot.stratum, ""] if slot.stratum and not spec.rooms.absorption_classes else [""]
        for stratum in strata:
            maker = self._maker(_in_stratum(spec, stratum))
            try:
                return self._make(maker, slot, second), maker
            except SpecError as error:
                if stratum == strata[-1]:
                    raise SpecError(
                        f"No scene was found for question {slot.number} ({slot.variant.task}, {slot.variant.name}"
                        f"{', answer ' + slot.answer if slot.answer else ''}): {error}"
                    ) from None
        raise AssertionError("a stratum is always tried")

    def _make(self, maker: SceneMaker, slot: Slot, second: Slot | None) -> Composed:
        def refuse(drawn: Drawn) -> str:
            return self._why_not(slot, predict_world(drawn, self._brirs))

        def judge(composed: Composed) -> str:
            world = read_world(composed.scene)
            reason = self._why_not(slot, world)
            if reason or second is None:
                return reason
            draft = ask_slot(slot, View(world, self._inventory), self._seed)
            other = self._edit(maker, composed, draft, second)
            try:
                ask_of_pair(draft, read_world(other.scene))
            except RejectedError as error:
                return f"pair_{error}"
            return ""

        return maker.make(slot.number, SPLIT, refuse=refuse, judge=judge, draws=_DRAWS)

    def _why_not(self, slot: Slot, world: World) -> str:
        try:
            ask_slot(slot, View(world, self._inventory), self._seed)
        except RejectedError as reason:
            return str(reason)
        return ""

    def _edit(self, maker: SceneMaker, composed: Composed, draft: Draft, slot: Slot) -> Composed:
        """The scene of the second slot of a pair."""
        assert slot.variant.pair is not None
        recipe = slot.variant.pair(composed.scene.recipe, draft)
        return maker.compose(recipe.model_copy(update={"index": slot.number}), SPLIT)

    def _maker(self, spec: SceneSpec) -> SceneMaker:
        """One for each spec; decoded clips are shared."""
        if spec not in self._makers:
            if len(self._makers) > _MAKERS:
                self._makers.clear()
            ingredients = Ingredients(spec, self._brirs, self._catalog, self._profile)
            maker = SceneMaker(ingredients, self._seed)
            if self._reader is None:
                self._reader = maker.reader
            maker.reader = self._reader
            self._makers[spec] = maker
        return self._makers[spec]


_MAKERS = 64


def _in_stratum(spec: SceneSpec, stratum: str) -> SceneSpec:
    if not stratum:
        return spec
    rooms = spec.rooms.model_copy(update={"absorption_classes": (stratum,)})
    return spec.model_copy(update={"rooms": rooms})


def ask_of_pair(draft: Draft, world: World) -> Draft:
    """The question of the first scene of a pair asked of the second: the same options, another key.

    Raises RejectedError where the second scene does not answer it, or with the same option.
    """
    verdicts = [judge_claim(option.claim, world) for option in draft.options]
    if None in verdicts or verdicts.count(True) != 1:
        raise RejectedError("not_decided")
    key = verdicts.index(True)
    if key == 0:
        raise RejectedError("same_key")
    if not all(sound.is_audible for sound in world.sounds):
        raise RejectedError("sound_not_audible")
    options = (draft.options[key], *(option for place, option in enumerate(draft.options) if place != key))
    return replace(draft, options=options, answer=draft.paired_answer, program=options[0].claim)


def predict_world(drawn: Drawn, brirs: BrirLibrary) -> World:
    """What a draw will be, as far as places and clips tell before it is composed; every sound counts as audible."""
    table, room = brirs.positions, drawn.room
    rate = drawn.recipe.sample_rate
    sounds = []
    for index, (event, clip) in enumerate(zip(drawn.recipe.events, drawn.clips, strict=True)):
        at = event.source_index
        name = name_sound(clip.label, clip.caption).text
        sounding = min(event.length, round(clip.offset_s * rate) - event.clip_start)
        until_s = (event.emitted + sounding) / rate + _DECAY * (_known(table.t_mid_R[room]) or 0.0)
        sounds.append(
            Sound(
                index=index,
                label=clip.label,
                name=name,
                classes=classes_of(name, (clip.label, *clip.labels), clip.ancestors, clip.audioset_ids),
                azimuth_deg=float(table.azimuth_RP[room, at]) % 360.0,
                elevation_deg=float(table.elevation_RP[room, at]),
                lateral_deg=float(table.lateral_RP[room, at]),
                distance_m=_known(table.distance_RP[room, at]),
                drr_db=_known(table.drr_RP[room, at]),
                t_mid_s=None,  # the table has the room's alone
                onset_s=event.emitted / rate,
                offset_s=min(until_s, drawn.recipe.samples / rate),
                is_audible=True,
            )
        )
    return World(
        sounds=tuple(sorted(sounds, key=lambda sound: (sound.onset_s, sound.index))),
        t_mid_s=_known(table.t_mid_R[room]),
        why_null="",
        size_category=str(table.size_R[room]),
        absorption_class=str(table.absorption_R[room]),
        duration_s=drawn.recipe.samples / rate,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
