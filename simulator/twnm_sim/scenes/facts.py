"""What can be said of a scene: its record in quantised words, and the relations in it that are clear.

The statements follow from the record alone. Where a relation is close to a tie, none is stated.
"""

from math import log10

from twnm_schemas.base import Strict
from twnm_schemas.geometry import azimuth_words, clock_hour, elevation_words, side_words
from twnm_schemas.scenes import Event, Scene
from twnm_sim.reverberance import explain_null
from twnm_sim.scenes.heard import heard_enough
from twnm_sim.scenes.wording import SoundName, name_sound

CLEAR_RATIO = 2.0  # of distances, between the nearest (farthest) sound and the next one
CLEAR_DB, EQUAL_DB = 6.0, 3.0  # of levels at the ears
PAUSES_SHARE = 0.7  # a sound active for less of its time comes and goes
EDGE_S = 0.1  # what begins or ends this near to the scene's bounds does so with the scene

# Seconds of t_mid below which a word holds, a factor of two apart: listeners tell that much for certain.
_REVERBERATION = ((0.3, "hardly any"), (0.6, "slight"), (1.2, "moderate"), (2.4, "strong"))
_LONGEST = "very long"
# Metres below which a word holds.
_DISTANCES = ((1.0, "very close"), (2.5, "close"), (6.0, "at a moderate distance"), (12.0, "far away"))
_FARTHEST = "very far away"


class CountFact(Strict):
    """How many events of one name there are."""

    name: str
    count: int


class SoundFact(Strict):
    """One event in quantised words; null where the record does not tell.

    `name`: the label as it stands in text; `direction`: the 45-degree sector; `clock`: the hour (12 ahead); `side`:
    left, right or centre by the lateral angle; `height`: above, level or below; `start_s` and `stop_s`: its onset and
    offset, at the scene's bounds where they are near; `level_dbfs`: both ears' mean power in its active frames.
    """

    index: int
    label: str
    name: str
    direction: str
    clock: int
    side: str
    height: str
    distance: str | None
    distance_m: float | None
    azimuth_deg: float
    elevation_deg: float
    start_s: float
    stop_s: float
    audible_s: float
    is_audible: bool
    comes_and_goes: bool
    level_dbfs: float


class OverlapFact(Strict):
    """Two events, by index, that sound together."""

    first: int
    second: int
    seconds: float


class SceneFacts(Strict):
    """What can be said of a scene; events are named by their index, null is what is not clear or not known."""

    scene_id: str
    duration_s: float
    reverberation: str | None
    t_mid_s: float | None
    background: str | None
    sounds: tuple[SoundFact, ...]
    counts: tuple[CountFact, ...]
    overlaps: tuple[OverlapFact, ...]
    nearest: int | None
    farthest: int | None
    loudest: int | None
    faintest: int | None
    equally_loud: bool


def read_facts(scene: Scene) -> SceneFacts:
    """The statements that the scene's record supports, its events in the order in which they start."""
    events = sorted(scene.events, key=lambda event: (event.onset_s, event.index))
    distances = {event.index: event.distance_m for event in events}
    metres = {i: d for i, d in distances.items() if d is not None} if None not in distances.values() else {}
    octaves = {index: log10(distance) for index, distance in metres.items()}
    levels = {event.index: _level_dbfs(event) for event in events}
    spread_db = max(levels.values()) - min(levels.values())
    return SceneFacts(
        scene_id=scene.scene_id,
        duration_s=scene.duration_s,
        reverberation=_say_reverberation(scene),
        t_mid_s=scene.room.acoustics.t_mid_s,
        background=_say_background(scene),
        sounds=tuple(_read_sound(event, scene) for event in events),
        counts=_count_names(events),
        overlaps=tuple(OverlapFact(first=o.first, second=o.second, seconds=o.seconds) for o in scene.overlaps),
        nearest=_find_extreme(octaves, -1.0, log10(CLEAR_RATIO)),
        farthest=_find_extreme(octaves, 1.0, log10(CLEAR_RATIO)),
        loudest=_find_extreme(levels, 1.0, CLEAR_DB),
        faintest=_find_extreme(levels, -1.0, CLEAR_DB),
        equally_loud=len(events) > 1 and spread_db <= EQUAL_DB,
    )


def name_of(event: Event) -> SoundName:
    """An event's name as it stands in text."""
    return name_sound(event.label, event.caption)


def _read_sound(event: Event, scene: Scene) -> SoundFact:
    return SoundFact(
        index=event.index,
        label=event.label,
        name=name_of(event).text,
        direction=azimuth_words(event.azimuth_deg),
        clock=clock_hour(event.azimuth_deg),
        side=side_words(event.lateral_deg),
        height=elevation_words(event.elevation_deg),
        distance=None if event.distance_m is None else _say_step(event.distance_m, _DISTANCES, _FARTHEST),
        distance_m=event.distance_m,
        azimuth_deg=event.azimuth_deg,
        elevation_deg=event.elevation_deg,
        start_s=0.0 if event.onset_s < EDGE_S else event.onset_s,
        stop_s=scene.duration_s if event.offset_s > scene.duration_s - EDGE_S else event.offset_s,
        audible_s=event.audible_s,
        is_audible=heard_enough(event.active_s, event.audible_s),
        comes_and_goes=event.active_s < PAUSES_SHARE * (event.offset_s - event.onset_s),
        level_dbfs=_level_dbfs(event),
    )


def _level_dbfs(event: Event) -> float:
    ears = (event.level_left_dbfs, event.level_right_dbfs)
    return 10.0 * log10(sum(10.0 ** (level / 10.0) for level in ears) / 2.0)


def _count_names(events: list[Event]) -> tuple[CountFact, ...]:
    names = [name_of(event).text for event in events]
    return tuple(CountFact(name=name, count=names.count(name)) for name in dict.fromkeys(names))


def _find_extreme(values: dict[int, float], sign: float, margin: float) -> int | None:
    """The index of the largest (sign 1) or smallest (-1) value, if the next one is `margin` away."""
    ranked = sorted(values, key=lambda index: -sign * values[index])
    # a rounding of the logarithm may not decide what is exactly a factor of two
    clear = len(ranked) > 1 and abs(values[ranked[0]] - values[ranked[1]]) >= margin - 1e-9
    return ranked[0] if clear else None


def _say_step(value: float, steps: tuple[tuple[float, str], ...], last: str) -> str:
    return next((word for limit, word in steps if value < limit), last)


def _say_reverberation(scene: Scene) -> str | None:
    """From `t_mid_s`; where that is null the flags say whether the room is too dry or too live to be measured."""
    t_mid_s = scene.room.acoustics.t_mid_s
    if t_mid_s is not None:
        return _say_step(t_mid_s, _REVERBERATION, _LONGEST)
    why = explain_null(flag for event in scene.events for flag in event.acoustics.flags)
    return {"live": _LONGEST, "dry": _REVERBERATION[0][1], "unknown": None}[why]


def _say_background(scene: Scene) -> str | None:
    if scene.recipe.ambience is None:
        return None
    snr_db = scene.recipe.ambience.snr_db
    return _say_step(-snr_db, ((-20.0, "faint"), (-10.0, "soft")), "clearly audible")
