"""Speech by espeak-ng: `espeak`, or `espeak:en-us,de,fr?sentences=200` for these languages, 200 utterances of each.

Sentences, voices and the licence: see `twnm_sim.clips.speech`. The utterances go round the voices. Each is spoken once
to be measured. The label is "speech": the voices are called f1 to f5 and m1 to m7, but whether one hears a woman or a
man is not always plain. A speaker is a voice in whatever language, so that no voice is heard in two splits; all voices
say the same sentences.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from twnm_schemas.errors import SpecError
from twnm_sim.clips.listing import ClipSpec, Found, Probed
from twnm_sim.clips.probe import find_active
from twnm_sim.clips.sentences import SENTENCES
from twnm_sim.clips.speech import VARIANTS, program_version, recipe_digest, speak, utterance_of

UTTERANCES = 60  # of each language
_DEFAULT = ("en-us", "de", "fr", "es", "it", "pt")


def list_clips(spec: ClipSpec) -> Iterator[Found]:
    """The utterances of each language in turn.

    Raises SpecError for a language or option that is not known, MissingExtraError where espeak-ng is not installed.
    """
    ids = _name_clips(spec)
    program_version()  # refuses here, once, where there is none
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # it waits for another process
        yield from pool.map(_describe, ids)


def _name_clips(spec: ClipSpec) -> list[str]:
    languages = tuple(dict.fromkeys(spec.place.split(","))) if spec.place else _DEFAULT
    for language in languages:
        if language not in SENTENCES:
            raise SpecError(f"'{language}' in '{spec.text}' is no language of ours; there are: {', '.join(SENTENCES)}.")
    count = _read_count(spec)
    return [
        f"espeak:{one}+{VARIANTS[n % len(VARIANTS)]}-{n // len(VARIANTS):04d}"
        for n in range(count)
        for one in languages
    ]


def _read_count(spec: ClipSpec) -> int:
    if unknown := sorted(spec.options.keys() - {"sentences"}):
        raise SpecError(f"'{unknown[0]}' in '{spec.text}' is no option of speech; there is: sentences.")
    count = spec.options.get("sentences", str(UTTERANCES))
    if not (count.isascii() and count.isdigit() and int(count)):
        raise SpecError(f"'{count}' in '{spec.text}' is no number of sentences; write for instance sentences=200.")
    return int(count)


def _describe(clip_id: str) -> Found:
    utterance = utterance_of(clip_id)
    return Found(
        clip_id=clip_id,
        dataset="espeak",
        label="speech",
        labels=("speech",),
        audioset_ids=("/m/09x0r",),
        ancestors=("human voice", "human sounds"),
        caption=utterance.text,
        language=utterance.language.partition("-")[0],
        speaker=f"espeak-{utterance.variant}",
        title=utterance.text,
        license="CC0-1.0",
        probed=_measure(clip_id),
    )


def _measure(clip_id: str) -> Probed:
    sound, rate = speak(utterance_of(clip_id))
    active = find_active(sound, rate, clip_id)
    return Probed(
        duration_s=len(sound) / rate,
        sample_rate=rate,
        channels=1,
        sha256=recipe_digest(clip_id),
        onset_s=active.onset_s,
        offset_s=active.offset_s,
        level_dbfs=active.level_dbfs,
    )
