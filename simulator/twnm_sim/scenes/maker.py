"""Scenes one after the other: drawn, composed, and drawn again where what came out is not to be used.

The same for shards, for trainers and for a single scene: `SceneMaker.make(index, split)` gives scene `index`, always
the same, wherever it is called.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import JsonValue

from twnm_schemas.base import NameValue, name_values
from twnm_schemas.errors import SpecError
from twnm_schemas.fingerprints import fingerprint
from twnm_schemas.licences import PROFILES, UNKNOWN
from twnm_schemas.scenes import SceneRecipe, SceneSpec
from twnm_schemas.splits import SPLITS
from twnm_sim.clips.catalog import Catalog
from twnm_sim.clips.scan import scan_clips
from twnm_sim.scenes.brirs import BrirLibrary, open_brirs
from twnm_sim.scenes.caches import DEFAULT_CACHE_BYTES, ClipReader
from twnm_sim.scenes.compose import Composed, Convolved, compose_recipe, convolve_recipe, finish_scene
from twnm_sim.scenes.draw import (
    COMPOSER,
    Drawn,
    Ingredients,
    RefusedDrawError,
    count_reasons,
    draw_gains_again,
    draw_scene,
)
from twnm_sim.scenes.heard import predict_audible
from twnm_sim.scenes.labels import Context
from twnm_sim.scenes.master import ClipSilentError

ATTEMPTS = 100
OVERLAP_S = 0.05  # by which two sounds may be heard together for longer or shorter than was asked
GAIN_TRIES = 32  # sets of gains tried before the whole scene is drawn again
_CURES = {  # what to do where most draws of a scene were rejected for that reason
    "classes_not_distinct": "there are too few classes: ask for fewer sources, add clips, or set `classes` to any",
    "clips_too_few": "there are too few clips: ask for fewer sources or add clips",
    "license_mix": "too few clips may be mixed: ask for fewer sources, or keep to clips of one kind of licence",
    "overlap": "the clips are too long or too short for the overlap: change `onset_s`, or the overlap's limits",
    "event_inaudible": "sounds drown each other: widen `gain_db`, keep distances alike, or set `audible` to false",
    "event_buried": "sounds drown each other: widen `gain_db`, keep distances alike, or set `audible` to false",
    "room_without_places": "the room has too few positions: ask for fewer sources or loosen the constraints",
    "clip_silent": "clips are silent where they are wanted: begin earlier, or use other clips",
}
_VERSIONED = ("twnm", "numpy", "scipy", "soundfile", "soxr", "pyloudnorm", "pydantic")


class SceneMaker:
    """Makes the scenes of one spec from one library and one catalog.

    `clip_cache_bytes` bounds the decoded clips kept. `scenes_per_room`: 0 draws rooms freely; else scene i is in room
    i // scenes_per_room of the library. Not to be shared by threads.
    """

    def __init__(
        self,
        ingredients: Ingredients,
        seed: int,
        clip_cache_bytes: int = DEFAULT_CACHE_BYTES,
        scenes_per_room: int = 0,
    ) -> None:
        if not 0 <= seed < 2**63:
            raise SpecError(f"The seed {seed} is out of range; give 0 to 2^63 - 1.")
        if ingredients.profile not in PROFILES:
            raise SpecError(f"The licence profile {ingredients.profile!r} is not one of {', '.join(PROFILES)}.")
        self.ingredients = ingredients
        self.seed = seed
        self.scenes_per_room = scenes_per_room
        self.versions = scene_versions()
        self._fingerprints: dict[str, str] = {}
        self.reader = ClipReader(ingredients.brirs.sample_rate, clip_cache_bytes)

    @classmethod
    def open(
        cls,
        brirs: BrirLibrary | str | Path | Iterable[str | Path],
        clips: Catalog | str | Sequence[str] = "builtin",
        spec: SceneSpec | None = None,
        *,
        seed: int = 0,
        profile: str = "open",
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ) -> "SceneMaker":
        """A maker of what is named, `brirs` by folder, tar, pattern or URL, `clips` by catalog or by specs to scan."""
        return cls(open_ingredients(brirs, clips, spec, profile, cache_bytes), seed, cache_bytes)

    def fingerprint_of(self, split: str) -> str:
        """The name of everything that changes the bytes of this split's scenes."""
        if split not in self._fingerprints:
            self._fingerprints[split] = fingerprint_scenes(self.ingredients, self.seed, split, self.scenes_per_room)
        return self._fingerprints[split]

    def compose(self, recipe: SceneRecipe, split: str, scene_id: str = "") -> Composed:
        """The sound and record of a recipe as it is: one that was kept, or one that was edited.

        Take `composed.scene.recipe`, change it (swap two `source_index`, take an event out, go to another room), and
        give it a `scene_id` of its own. Nothing is drawn again and nothing refused as inaudible. Raises StoreError for
        clips or rooms that are not there, ClipSilentError, LicenseError.
        """
        context = self._context(split, (), scene_id)
        return compose_recipe(recipe, self.ingredients.brirs, self.ingredients.catalog.by_id, self.reader, context)

    def _context(self, split: str, rejections: tuple[str, ...], scene_id: str = "") -> Context:
        fingerprint = self.fingerprint_of(split)
        return Context(split, self.ingredients.profile, fingerprint, rejections, self.versions, scene_id)

    def make(
        self,
        index: int,
        split: str,
        *,
        refuse: Callable[[Drawn], str] | None = None,
        judge: Callable[[Composed], str] | None = None,
        draws: int = ATTEMPTS,
    ) -> Composed:
        """Scene `index` of the split.

        A caller who wants more than a spec can say gives `refuse`, asked of every draw before it is composed, and
        `judge`, asked of every scene that was composed; each returns the reason why it will not do, or "". So many
        `draws` are made at most, of which `ATTEMPTS` are composed. What a draw was rejected for is in the record's
        `rejections`. Raises SpecError where nothing fits.
        """
        room = index // self.scenes_per_room if self.scenes_per_room else None
        rejections: list[str] = []
        composed_times = 0
        for attempt in range(draws):
            if composed_times == ATTEMPTS:
                break
            try:
                drawn = draw_scene(self.ingredients, self.seed, index, split, attempt, room)
                if refuse and (reason := refuse(drawn)):
                    raise RefusedDrawError(reason)
                composed_times += 1
                composed = self._compose(drawn, split, rejections)
                if judge and (reason := judge(composed)):
                    raise RefusedDrawError(reason)
                return composed
            except RefusedDrawError as refusal:
                rejections.append(str(refusal))
            except ClipSilentError:
                rejections.append("clip_silent")
        cure = _CURES.get(Counter(rejections).most_common(1)[0][0], "loosen what the most frequent reason names")
        raise SpecError(
            f"Scene {index} of the {split} split was rejected {len(rejections)} times: {count_reasons(rejections)}; "
            f"{cure}."
        )

    def _compose(self, drawn: Drawn, split: str, rejections: list[str]) -> Composed:
        """The sound of a draw, with the first of its gains under which every event is audible.

        Raises RefusedDrawError where there are none.
        """
        brirs, clips = self.ingredients.brirs, {clip.clip_id: clip for clip in drawn.clips}
        convolved = convolve_recipe(drawn.recipe, brirs, clips, self.reader)
        recipe = self._settle_gains(drawn, convolved)
        composed = finish_scene(recipe, convolved, brirs, self._context(split, tuple(rejections)))
        self._refuse_unheard(composed)
        return composed

    def _refuse_unheard(self, composed: Composed) -> None:
        """Raises RefusedDrawError where what is heard is not what the spec asks, whatever was drawn."""
        spec, events = self.ingredients.spec, composed.scene.events
        if spec.audible and not all(heard.is_audible for heard in composed.heard):
            raise RefusedDrawError("event_inaudible")
        together_s = [overlap.seconds for overlap in composed.scene.overlaps]
        together_s += [0.0] * (len(events) * (len(events) - 1) // 2 - len(together_s))
        most_s = float("inf") if spec.max_overlap_s is None else spec.max_overlap_s
        if any(not spec.min_overlap_s - OVERLAP_S <= s <= most_s + OVERLAP_S for s in together_s):
            raise RefusedDrawError("overlap")

    def _settle_gains(self, drawn: Drawn, convolved: Convolved) -> SceneRecipe:
        recipe = drawn.recipe
        if not self.ingredients.spec.audible or len(recipe.events) < 2:
            return recipe
        gains_db_GS = draw_gains_again(self.ingredients.spec, drawn, GAIN_TRIES)
        held_G = predict_audible(convolved.stems_SCT, gains_db_GS, recipe.sample_rate)
        if not held_G.any():
            raise RefusedDrawError("event_inaudible")
        chosen = gains_db_GS[int(np.argmax(held_G))].tolist()
        events = [
            event.model_copy(update={"gain_db": gain_db}) for event, gain_db in zip(recipe.events, chosen, strict=True)
        ]
        return recipe.model_copy(update={"events": tuple(events)})


def fingerprint_scenes(ingredients: Ingredients, seed: int, split: str, scenes_per_room: int = 0) -> str:
    """The name of everything that changes a scene's bytes: composer, spec, seed, split, rooms, clips, profile."""
    return fingerprint(
        {
            "composer": COMPOSER,
            "seed": seed,
            "split": split,
            "spec": describe_spec(ingredients.spec),
            "profile": ingredients.profile,
            "scenes_per_room": scenes_per_room,
            "brirs": ingredients.brirs.digest,
            "clips": ingredients.catalog.digest,
        }
    )


def describe_spec(spec: SceneSpec) -> dict[str, JsonValue]:
    """The spec as runs are told apart by it.

    `include` stands in it only where it asks for something: scenes made before there was such a field are the same.
    """
    return spec.model_dump(mode="json", exclude=None if spec.include else {"include"})


def scene_versions() -> tuple[NameValue, ...]:
    """The versions that a scene's bytes rest on."""
    from importlib.metadata import version

    import soundfile

    versions = {name: version(name) for name in _VERSIONED}
    return name_values({"composer": COMPOSER, "libsndfile": soundfile.__libsndfile_version__, **versions})


def open_ingredients(
    brirs: BrirLibrary | str | Path | Iterable[str | Path],
    clips: Catalog | str | Sequence[str],
    spec: SceneSpec | Mapping[str, Any] | None = None,
    profile: str = "open",
    brir_cache_bytes: int = DEFAULT_CACHE_BYTES,
) -> Ingredients:
    """Open what is named: `brirs` by folder, tar, pattern or URL; `clips` by catalog file or by specs to scan.

    `spec` may be a dict, as in a spec file.
    """
    library = brirs if isinstance(brirs, BrirLibrary) else open_brirs(brirs, brir_cache_bytes)
    named = [clips] if isinstance(clips, str) else clips
    catalog = named if isinstance(named, Catalog) else scan_clips(list(named))
    return Ingredients(SceneSpec.model_validate(spec or {}), library, catalog, profile)


def compose_scene(
    brirs: BrirLibrary | str | Path | Iterable[str | Path],
    clips: Catalog | str | Sequence[str] = "builtin",
    spec: SceneSpec | None = None,
    *,
    seed: int = 0,
    index: int = 0,
    split: str | None = None,
    profile: str = "open",
) -> Composed:
    """Draw and compose scene `index` of a spec: its audio (`audio_CT`), stems, and record (`scene`).

    `split` None takes the first for which there are rooms and clips. For many scenes open a `SceneMaker` once, or use
    `SceneStream`. Raises TwnmError, in one sentence, for what cannot be opened, drawn or composed.
    """
    ingredients = open_ingredients(brirs, clips, spec, profile)
    if split is None:
        split = require_splits(ingredients)[0]
    return SceneMaker(ingredients, seed).make(index, split)


def require_splits(ingredients: Ingredients) -> tuple[str, ...]:
    """The splits that have rooms and clips. Raises SpecError if there are none."""
    if ingredients.splits:
        return ingredients.splits
    rooms = [len(ingredients.rooms(split)) for split in SPLITS]
    clips = [len(ingredients.pool(split)) for split in SPLITS]
    raise SpecError(
        f"No split has both rooms and clips that fit the spec and the licence profile {ingredients.profile}: "
        f"{_say_counts(rooms)} rooms, {_say_counts(clips)} clips in train, validation and test{_say_why(ingredients)}"
    )


def _say_why(ingredients: Ingredients) -> str:
    """What kept most clips out, and what helps."""
    refused: Counter[str] = Counter()
    for split in SPLITS:
        refused.update(ingredients.pool(split).refused)
    if not refused:
        return "; add what is missing or loosen the filters."
    reason, count = refused.most_common(1)[0]
    if reason != "clip_license_outside_profile":
        total = len(ingredients.catalog.clips)
        return f" ({count} of the catalog's {total} are {reason}); loosen the filter or add clips."
    unknown = sum(clip.license == UNKNOWN for clip in ingredients.catalog.clips)
    return (
        f"; the profile does not take {count} clips, and nobody knows the licence of {unknown}: "
        "state it with --license (or `?license=` in a spec), or use --license-profile research-nc or recipe."
    )


def _say_counts(counts: Iterable[int]) -> str:
    return "/".join(map(str, counts))
