"""The sounds that come with the package: `builtin`, or `builtin:24` for 24 variations of each class.

Nothing is read or synthesised to list them: a sound is active from its first frame to its last and has one level, by
construction, and how long each of the first variations lasts is written in `synthesis/lengths.tsv`. Only what lies
beyond that table is synthesised to be measured. The sounds are made by this package alone and are dedicated to the
public domain (CC0 1.0).
"""

from collections.abc import Iterator

from twnm_schemas.errors import SpecError
from twnm_sim.clips.listing import ClipSpec, Found, Probed
from twnm_sim.clips.synthesis import CLASSES, RATE, SoundClass, clip_id_of, measure_clip, recipe_digest

VARIATIONS = 90  # every class then has clips in every split


def list_clips(spec: ClipSpec) -> Iterator[Found]:
    """Every class's variations, the first of each class, then the second, and so on, so that a part is balanced.

    Raises SpecError for a number of variations that is none.
    """
    for variation in range(_read_variations(spec)):
        yield from (_describe(one, variation) for one in CLASSES.values())


def _read_variations(spec: ClipSpec) -> int:
    if spec.options:
        raise SpecError(f"The clips '{spec.text}' take no options; write builtin or builtin:{VARIATIONS}.")
    if not spec.place:
        return VARIATIONS
    if not (spec.place.isascii() and spec.place.isdigit() and int(spec.place)):
        raise SpecError(f"'{spec.place}' in '{spec.text}' is no number of variations; write builtin:{VARIATIONS}.")
    return int(spec.place)


def _describe(one: SoundClass, variation: int) -> Found:
    clip_id = clip_id_of(one.slug, variation)
    duration_s, level_dbfs = measure_clip(clip_id)
    return Found(
        clip_id=clip_id,
        dataset="builtin",
        label=one.name,
        labels=(one.name,),
        audioset_ids=(one.audioset_id,),
        ancestors=one.ancestors,
        title=f"{one.name} {variation}",
        license="CC0-1.0",
        probed=Probed(
            duration_s=duration_s,
            sample_rate=RATE,
            channels=1,
            sha256=recipe_digest(clip_id),
            onset_s=0.0,
            offset_s=duration_s,
            level_dbfs=level_dbfs,
        ),
    )
