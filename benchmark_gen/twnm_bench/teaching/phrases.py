"""What is heard, in the quantised words of a listener: "far to your left", "about three metres away"."""

from collections.abc import Sequence

from twnm_bench.claims.truths import STEEP_DEG
from twnm_bench.directions import CLEARLY_ABOVE_DEG
from twnm_bench.facts import DIRECTION_DRR_DB, Sound, World, tells_distance
from twnm_schemas.geometry import azimuth_difference
from twnm_sim.scenes.wording import capitalise, join_words, name_sound, say_number

# Degrees to a side below which a phrase holds, from straight ahead to straight behind.
_PLACES = (
    (10.0, "straight ahead of you", "straight ahead of you"),
    (22.5, "ahead of you, slightly to the left", "ahead of you, slightly to the right"),
    (65.0, "to your front left", "to your front right"),
    (115.0, "far to your left", "far to your right"),
    (157.5, "behind you to the left", "behind you to the right"),
    (170.0, "behind you, slightly to the left", "behind you, slightly to the right"),
    (181.0, "straight behind you", "straight behind you"),
)
_DISTANCES_M = ((1.0, "very close to you"), (2.5, "close by"), (6.0, "at a moderate distance"), (12.0, "far away"))
_TIMES_S = (
    (0.3, "hardly any reverberation"),
    (0.6, "slight reverberation"),
    (1.2, "moderate reverberation"),
    (2.4, "strong reverberation"),
)


def place_is_clear(sound: Sound) -> bool:
    """Whether its direction can be told from what is heard."""
    return sound.is_audible and sound.drr_db is not None and sound.drr_db >= DIRECTION_DRR_DB


def distance_is_clear(sound: Sound, world: World) -> bool:
    """Whether its distance can be told from what is heard: the room must tell it."""
    return sound.is_audible and world.t_mid_s is not None and tells_distance(sound)


def say_place(sound: Sound) -> str:
    """From where a sound comes: "far to your left", "to your front right and above you"."""
    if abs(sound.elevation_deg) > STEEP_DEG:
        return "overhead" if sound.elevation_deg > 0.0 else "below you"
    turn = azimuth_difference(sound.azimuth_deg, 0.0)
    left, right = next((left, right) for limit, left, right in _PLACES if abs(turn) <= limit)
    where = left if turn > 0.0 else right
    if abs(sound.elevation_deg) < CLEARLY_ABOVE_DEG:
        return where
    return f"{where} and {'above' if sound.elevation_deg > 0.0 else 'below'} you"


def say_from(sound: Sound) -> str:
    """The same after "from": "your front left", "far to your left"."""
    return say_place(sound).removeprefix("to ")


def say_metres(distance_m: float) -> str:
    """A distance as one estimates it: "half a metre", "two and a half metres", "14 metres"."""
    if distance_m < 0.75:
        return "half a metre" if distance_m >= 0.4 else f"{max(10.0, round(distance_m * 10.0) * 10.0):.0f} centimetres"
    halves = round(2.0 * distance_m) if distance_m < 2.75 else 2 * round(distance_m)
    whole, is_half = divmod(halves, 2)
    if whole == 1 and not is_half:
        return "a metre"
    return f"{say_number(whole)}{' and a half' if is_half else ''} metres"


def say_distance_word(distance_m: float) -> str:
    """ "close by", "far away"."""
    return next((word for limit, word in _DISTANCES_M if distance_m < limit), "very far away")


def say_reverberation(world: World) -> str:
    """ "moderate reverberation"; "" where it is not known."""
    if world.t_mid_s is None:
        return {"dry": "hardly any reverberation", "live": "very long reverberation"}.get(world.why_null, "")
    return next((word for limit, word in _TIMES_S if world.t_mid_s < limit), "very long reverberation")


def say_seconds(seconds: float) -> str:
    """A reverberation time as one estimates it: "0.3 seconds", "half a second", "one and a half seconds"."""
    if seconds < 0.45:
        return f"{round(seconds, 1):g} seconds" if seconds >= 0.15 else "0.1 seconds"
    halves = max(1, round(2.0 * seconds))
    if halves == 1:
        return "half a second" if seconds < 0.62 else "0.7 seconds"
    if halves == 2:
        return "a second" if seconds > 0.85 else "0.8 seconds"
    whole, is_half = divmod(halves, 2)
    if seconds > 4.0:
        return f"{say_number(round(seconds))} seconds"
    return f"{say_number(whole)}{' and a half' if is_half else ''} seconds"


def say_the(name: str) -> str:
    """A sound as one speaks of it: "the church bell", "the footsteps", "the sound of typing on a keyboard"."""
    said = name_sound(name)
    return f"the {name}" if said.is_countable or said.is_plural else f"the sound of {name}"


def is_many(name: str) -> bool:
    """Whether what `say_the` says takes "are"."""
    return name_sound(name).is_plural


def say_a(name: str) -> str:
    """A sound as it is met: "a church bell", "rain"."""
    return name_sound(name).indefinite


def list_sounds(names: Sequence[str]) -> str:
    """ "a church bell, rain and a dog"."""
    return join_words([say_a(name) for name in names])


def say_count(count: int, noun: str = "sound") -> str:
    """ "three sounds", "one sound", "no sounds"."""
    return f"{say_number(count)} {noun}{'' if count == 1 else 's'}"


def fill(wording: str, slots: dict[str, str]) -> str:
    """A wording with its slots filled, every sentence beginning with a capital."""
    text = wording.format(**slots)
    out, is_start = [], True
    for character in text:
        out.append(character.upper() if is_start and character.isalpha() else character)
        is_start = character in ".?!" or (is_start and not character.isalnum())
    return capitalise("".join(out))
