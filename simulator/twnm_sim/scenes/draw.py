"""From a spec to a recipe: everything that is random about a scene, each at an address of its own.

The address is (seed, "scene", split, index, "attempt", attempt, what). So a scene is the same whichever process draws
it, equal numbers of two splits have nothing in common, and a scene that is rejected is drawn anew without moving any
other.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.clips import Clip
from twnm_schemas.constraints import SameClass
from twnm_schemas.errors import SpecError
from twnm_schemas.licences import profile_allows
from twnm_schemas.scenes import AmbienceRecipe, EventRecipe, RoomFilter, SceneRecipe, SceneSpec, least_events
from twnm_schemas.splits import SPLITS
from twnm_shards.rng import rng_for
from twnm_sim.clips.catalog import Catalog
from twnm_sim.hrtf.find import why_no_head
from twnm_sim.scenes.brirs import BrirLibrary
from twnm_sim.scenes.pool import (
    ClipPool,
    check_clip_filter,
    draw_clips,
    gather_pool,
    require_clips,
    require_known,
)
from twnm_sim.scenes.positions import PositionTable
from twnm_sim.scenes.search import Starvation, find_positions

Address = tuple[str | int, ...]
COMPOSER = "scene-1"  # raise it with every change that moves a byte of a scene
_QUICK_TRIES = 8  # rooms tried before all are put in an order
_ONSET_TRIES = 100
_LEAD_S = 0.005  # kept of a clip before its onset
_FADE_S = 0.005
_BURIED_DB = -12.0  # level under all others together from which hardly any event is audible (measured: under 30 %)


@dataclass
class Ingredients:
    """What scenes of one spec are drawn from. Pools and rooms are gathered once a split."""

    spec: SceneSpec
    brirs: BrirLibrary
    catalog: Catalog
    profile: str = "open"
    _pools: dict[str, ClipPool] = field(default_factory=dict)
    _rooms: dict[str, NDArray[np.intp]] = field(default_factory=dict)
    _groups: dict[str, list[NDArray[np.intp]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_library(self.spec, self.brirs, self.profile)
        check_clip_filter(self.catalog.clips, self.spec.clips, self.spec.include)
        _check_room_filter(self.spec.rooms, self.brirs.positions)

    def pool(self, split: str) -> ClipPool:
        """The clips of a split."""
        if split not in self._pools:
            self._pools[split] = gather_pool(self.catalog.clips, self.spec, split, self.profile)
        return self._pools[split]

    def rooms(self, split: str) -> NDArray[np.intp]:
        """The numbers of the rooms of a split that the spec and the licence profile allow."""
        if split not in self._rooms:
            table = self.brirs.positions
            fits_R = _rooms_that_fit(self.spec, table) & np.isin(table.license_R, _licenses(table, self.profile))
            if self.spec.ambience is not None:
                fits_R &= self._has_head_R
            self._rooms[split] = np.flatnonzero(fits_R & (table.split_R == split))
        return self._rooms[split]

    def room_groups(self, split: str) -> list[NDArray[np.intp]]:
        """The same rooms, those of one group together: the poses of a measured room are one room to draw."""
        if split not in self._groups:
            rooms = self.rooms(split)
            _, group_R = np.unique(self.brirs.positions.group_R[rooms], return_inverse=True)
            order = np.argsort(group_R, kind="stable")
            self._groups[split] = np.split(rooms[order], np.flatnonzero(np.diff(group_R[order])) + 1)
        return self._groups[split]

    @cached_property
    def _has_head_R(self) -> NDArray[np.bool_]:
        """The rooms whose head can be loaded, as a background needs it. Raises SpecError if there are none."""
        table = self.brirs.positions
        kinds = np.array(
            [f"{a} {b} {c}" for a, b, c in zip(table.origin_R, table.fingerprint_R, table.head_R, strict=True)]
        )
        _, first, kind_R = np.unique(kinds, return_index=True, return_inverse=True)
        reasons = [why_no_head(self.brirs.room(int(number)).record) for number in first]
        has_head_R: NDArray[np.bool_] = np.array([not reason for reason in reasons])[kind_R]
        if not has_head_R.any():
            raise SpecError(f"No background can be made: {reasons[0]}; leave the ambience out of the spec.")
        return has_head_R

    @cached_property
    def splits(self) -> tuple[str, ...]:
        """The splits for which there are both rooms and clips."""
        return tuple(split for split in SPLITS if len(self.rooms(split)) and len(self.pool(split)))


def _check_library(spec: SceneSpec, brirs: BrirLibrary, profile: str) -> None:
    if spec.sample_rate not in (None, brirs.sample_rate):
        raise SpecError(
            f"The library has {brirs.sample_rate} Hz and {spec.sample_rate} Hz are asked for; "
            f"render one with --sample-rate {spec.sample_rate}, or leave the rate to the library."
        )
    heads = sorted({str(head) for head in brirs.positions.head_R})
    if spec.hrtf is not None and heads != [spec.hrtf]:
        raise SpecError(
            f"The library was made with {', '.join(heads) or 'no head'} and {spec.hrtf} is asked for; "
            "name another library, or leave the head to it."
        )
    if not _licenses(brirs.positions, profile):
        terms = ", ".join(sorted({str(spdx) for spdx in brirs.positions.license_R}))
        raise SpecError(
            f"The library's responses are under {terms}, which the licence profile {profile} does not take; "
            "name another library or another --license-profile."
        )
    if "foa" in spec.outputs and not brirs.positions.foa_R.all():
        raise SpecError("The library holds no Ambisonics; render one with --output binaural,foa.")


def _check_room_filter(rooms: RoomFilter, table: PositionTable) -> None:
    for what, asked, known_R in (
        ("room", rooms.room_ids, table.room_id_R),
        ("size category", rooms.size_categories, table.size_R),
        ("absorption class", rooms.absorption_classes, table.absorption_R),
    ):
        require_known(what, asked, set(map(str, known_R)) if asked else ())


def _licenses(table: PositionTable, profile: str) -> list[str]:
    """The licences of the table's rooms that the profile takes."""
    return [str(spdx) for spdx in np.unique(table.license_R) if profile_allows(profile, str(spdx))]


def _rooms_that_fit(spec: SceneSpec, table: PositionTable) -> NDArray[np.bool_]:
    rooms = spec.rooms
    fits_R: NDArray[np.bool_] = np.count_nonzero(table.usable_RP, axis=1) > 0
    for allowed, values_R in (
        (rooms.origins, table.origin_R),
        (rooms.room_ids, table.room_id_R),
        (rooms.size_categories, table.size_R),
        (rooms.absorption_classes, table.absorption_R),
    ):
        if allowed:
            fits_R &= np.isin(values_R, allowed)
    for interval, numbers_R in ((rooms.t_mid_s, table.t_mid_R), (rooms.volume_m3, table.volume_R)):
        if interval is not None:
            fits_R &= (numbers_R >= interval.low) & (numbers_R <= interval.high)
    return fits_R


@dataclass(frozen=True)
class Drawn:
    """A recipe, with its address, the room's number in its library, and the clips beside it."""

    recipe: SceneRecipe
    address: Address
    room: int
    clips: tuple[Clip, ...]


class RefusedDrawError(Exception):
    """A draw that cannot be used; the reason is its name. The scene is drawn again at its next attempt."""


def draw_scene(
    ingredients: Ingredients, seed: int, index: int, split: str, attempt: int = 0, room: int | None = None
) -> Drawn:
    """One draw of scene `index`; `room` fixes the room's number.

    Raises RefusedDrawError, with the reason's name, for a draw that is not to be used, SpecError where nothing can be
    drawn: no room or clip of the split, or constraints that nothing satisfies, with the one that starves.
    """
    address: Address = ("scene", split, index, "attempt", attempt)

    def rng(*what: str | int) -> np.random.Generator:
        return rng_for(seed, *address, *what)

    spec = ingredients.spec
    # the number of sources is the scene's own: drawn anew at each attempt, few would be left of those hard to fulfil
    count = round(spec.sources.draw(rng_for(seed, "scene", split, index, "sources")))
    if room is not None:
        count = min(count, int(np.count_nonzero(ingredients.brirs.positions.usable_RP[room])))
    number, places = _draw_places(ingredients, split, count, room, rng("places"))
    _refuse_buried(spec, ingredients.brirs.positions, number, places)
    clips = _draw_clips(ingredients, split, count, number, rng("clips"))
    rate, samples = ingredients.brirs.sample_rate, round(spec.duration_s * ingredients.brirs.sample_rate)
    gains_db = _draw_gains(spec, count, rng("gains", 0))
    onsets_s = _draw_onsets(spec, clips, rng("onsets"))
    order = sorted(range(count), key=onsets_s.__getitem__)  # events are numbered as they begin
    clips, places = [clips[place] for place in order], [places[place] for place in order]
    onsets_s = [onsets_s[place] for place in order]
    pieces = [rng("piece", place) for place in range(count)]
    events = tuple(
        _place_clip(clip, source, onset_s, gain_db, rate, samples, piece)
        for clip, source, onset_s, gain_db, piece in zip(clips, places, onsets_s, gains_db, pieces, strict=True)
    )
    table = ingredients.brirs.positions
    recipe = SceneRecipe(
        index=index,
        seed=seed,
        composer=COMPOSER,
        room_id=str(table.room_id_R[number]),
        room_fingerprint=str(table.fingerprint_R[number]),
        sample_rate=rate,
        samples=samples,
        events=events,
        loudness_unit=spec.loudness.unit,
        loudness=spec.loudness.value.draw(rng("loudness")),
        ambience=_draw_ambience(spec, rng("ambience")),
        noise_dbfs=spec.noise_dbfs.draw(rng("noise")) if spec.noise_dbfs else None,
        outputs=spec.outputs,
        stems=spec.stems,
        dry=spec.dry,
    )
    return Drawn(recipe, address, number, tuple(clips))


def draw_gains_again(spec: SceneSpec, drawn: Drawn, tries: int) -> NDArray[np.float64]:
    """`tries` sets of gains in dB (G, S) for a draw; the first is its own."""
    count, seed = len(drawn.recipe.events), drawn.recipe.seed
    rngs = [rng_for(seed, *drawn.address, "gains", number) for number in range(tries)]
    return np.array([_draw_gains(spec, count, rng) for rng in rngs])


def _draw_gains(spec: SceneSpec, count: int, rng: np.random.Generator) -> list[float]:
    return [spec.gain_db.draw(rng) for _ in range(count)]


def _draw_places(
    ingredients: Ingredients, split: str, count: int, fixed: int | None, rng: np.random.Generator
) -> tuple[int, list[int]]:
    """A room, and a position in it for each source."""
    spec, table = ingredients.spec, ingredients.brirs.positions
    starvation = Starvation()
    for room in [fixed] if fixed is not None else _order_rooms(ingredients, split, rng):
        places = find_positions(table, room, count, spec.placement, spec.constraints, rng, starvation)
        if places is not None:
            return room, places
    if fixed is not None:
        raise RefusedDrawError("room_without_places")
    raise SpecError(
        f"No scene of {count} sources was found: {starvation.describe()}; "
        "loosen it, or render more rooms and positions."
    )


def _order_rooms(ingredients: Ingredients, split: str, rng: np.random.Generator) -> Iterator[int]:
    """The rooms in the order to try them: some drawn at once, then all of them, one pose of every room first.

    Raises SpecError where there are none.
    """
    groups = ingredients.room_groups(split)
    if not len(ingredients.rooms(split)):
        raise SpecError(f"No room of the {split} split fits the spec; add rooms, or loosen the room filter.")
    for _ in range(_QUICK_TRIES):
        group = groups[int(rng.integers(len(groups)))]
        yield int(group[int(rng.integers(len(group)))])
    shuffled = [rng.permutation(groups[place]) for place in rng.permutation(len(groups))]
    for pose in range(max(map(len, shuffled))):
        yield from (int(group[pose]) for group in shuffled if pose < len(group))


def _draw_clips(ingredients: Ingredients, split: str, count: int, room: int, rng: np.random.Generator) -> list[Clip]:
    pool = ingredients.pool(split)
    require_clips(pool, split)
    if ingredients.spec.include and count < least_events(ingredients.spec.include, ingredients.spec.constraints):
        raise RefusedDrawError("room_without_places")  # a given room that has few
    twins = next((c.times for c in ingredients.spec.constraints if isinstance(c, SameClass)), 1)
    head_license = str(ingredients.brirs.positions.license_R[room])
    clips, missing = draw_clips(pool, ingredients.spec, count, min(twins, count), head_license, rng)
    if missing:
        raise RefusedDrawError(missing)
    order = rng.permutation(count)  # twins need not come first
    return [clips[place] for place in order]


def _refuse_buried(spec: SceneSpec, table: PositionTable, room: int, places: list[int]) -> None:
    """Refuse places of which one drowns the others however gains are drawn, from distance and DRR alone.

    The pressure of direct sound goes as 1/r; the room adds 1 / DRR of its energy.
    """
    distance_N, drr_N = table.distance_RP[room][places], table.drr_RP[room][places]
    if not spec.audible or len(places) < 2 or np.isnan(distance_N).any() or np.isnan(drr_N).any():
        return
    quiet_db, loud_db = spec.gain_db.bounds()
    power_N = (1.0 + 10.0 ** (-drr_N / 10.0)) / distance_N**2
    best_db = 10.0 * np.log10(np.min(power_N / (power_N.sum() - power_N))) + loud_db - quiet_db
    if best_db < _BURIED_DB:
        raise RefusedDrawError("event_buried")


def _draw_onsets(spec: SceneSpec, clips: Sequence[Clip], rng: np.random.Generator) -> list[float]:
    """When each clip begins, such that any two sound together as long as the spec wants."""
    lengths_s = [clip.offset_s - clip.onset_s for clip in clips]
    for _ in range(_ONSET_TRIES):
        onsets_s = [spec.onset_s.draw(rng) for _ in clips]
        ends_s = [min(a + b, spec.duration_s) for a, b in zip(onsets_s, lengths_s, strict=True)]
        if _overlaps_fit(spec, onsets_s, ends_s):
            return onsets_s
    raise RefusedDrawError("overlap")


def _overlaps_fit(spec: SceneSpec, onsets_s: list[float], ends_s: list[float]) -> bool:
    for i in range(len(onsets_s)):
        for j in range(i):
            together_s = max(0.0, min(ends_s[i], ends_s[j]) - max(onsets_s[i], onsets_s[j]))
            if together_s < spec.min_overlap_s or (spec.max_overlap_s is not None and together_s > spec.max_overlap_s):
                return False
    return True


def _place_clip(
    clip: Clip, source: int, onset_s: float, gain_db: float, rate: int, samples: int, rng: np.random.Generator
) -> EventRecipe:
    """The piece of a clip that sounds: all that is active if it fits, else a stretch from within."""
    emitted = min(round(onset_s * rate), samples - 1)
    room_left = samples - emitted
    first, last = int(max(0.0, clip.onset_s - _LEAD_S) * rate), int(clip.offset_s * rate)
    start = first if last - first <= room_left else int(rng.integers(first, last - room_left + 1))
    length = max(1, min(int(clip.duration_s * rate) - start, room_left))
    return EventRecipe(
        clip_id=clip.clip_id,
        clip_sha256=clip.sha256,
        level_dbfs=clip.level_dbfs,
        source_index=source,
        clip_start=start,
        length=length,
        emitted=emitted,
        fade_in=min(round(_FADE_S * rate), length) if start > 0 else 0,
        fade_out=min(round(_FADE_S * rate), length),
        gain_db=gain_db,
    )


def _draw_ambience(spec: SceneSpec, rng: np.random.Generator) -> AmbienceRecipe | None:
    if spec.ambience is None:
        return None
    colours = spec.ambience.colours
    return AmbienceRecipe(colour=colours[int(rng.integers(len(colours)))], snr_db=spec.ambience.snr_db.draw(rng))


def count_reasons(reasons: Iterable[str]) -> str:
    """Reasons with their counts, most frequent first, for a sentence."""
    return ", ".join(f"{reason} ({count})" for reason, count in Counter(reasons).most_common(3))
