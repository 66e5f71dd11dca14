"""Speech by espeak-ng: what an id says, what is heard of it, and what is said where the program is missing."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soxr

from twnm_schemas.errors import AudioError, MissingExtraError, SpecError
from twnm_sim.clips.adapters.espeak import list_clips
from twnm_sim.clips.probe import find_active
from twnm_sim.clips.scan import scan_clips
from twnm_sim.clips.sentences import SENTENCES
from twnm_sim.clips.specs import parse_spec
from twnm_sim.clips.speech import VARIANTS, program_version, speak, speak_clip, utterance_of

needs_program = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
LETTERS = {
    "de": "äöüßÄÖÜ", "fr": "àâçéèêëîïôûùœÀÉ", "es": "áéíóúñü", "it": "àèéìòù", "pt": "áâãàçéêíóôõú",
    "en-us": "", "en-gb": "",
}  # fmt: skip


@pytest.mark.parametrize("language", SENTENCES)
def test_the_sentences_are_whole_and_differ(language: str) -> None:
    texts = SENTENCES[language]
    assert len(set(texts)) == len(texts) >= (60 if language.startswith("en") else 12)
    plain = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.-'") | set(LETTERS[language])
    for text in texts:
        assert text.endswith(".")
        assert text[0].isupper()
        assert 30 <= len(text) <= 80
        assert set(text) <= plain, set(text) - plain
        assert text == " ".join(text.split())


def test_a_voice_goes_through_all_sentences_before_it_repeats_one() -> None:
    said = [utterance_of(f"espeak:de+f2-{n:04d}").text for n in range(24)]
    assert set(said[:12]) == set(SENTENCES["de"])
    assert said[12:] == said[:12]


def test_a_voice_keeps_its_pitch_and_voices_differ() -> None:
    pitches = {v: [utterance_of(f"espeak:en-us+{v}-{n:04d}").pitch for n in range(20)] for v in VARIANTS}
    assert all(np.ptp(own) <= 11 for own in pitches.values())
    assert np.ptp([np.mean(own) for own in pitches.values()]) > 20
    assert all(0 <= pitch <= 99 for own in pitches.values() for pitch in own)


@pytest.mark.parametrize("clip_id", ["espeak:xx+f1-0000", "espeak:en-us+f9-0000", "espeak:en-us-0000", "en-us+f1-0000"])
def test_an_id_that_is_not_ours_is_refused(clip_id: str) -> None:
    with pytest.raises(SpecError, match=r"^There is no speech '.*'; write an id like espeak:en-us\+f3-0012\.$"):
        utterance_of(clip_id)


@needs_program
@pytest.mark.parametrize("language", SENTENCES)
def test_every_language_and_voice_speaks(language: str) -> None:
    for variant in VARIANTS:
        sound, rate = speak(utterance_of(f"espeak:{language}+{variant}-0001"))
        assert sound.dtype == np.float32
        assert rate >= 16_000
        assert 1.0 < len(sound) / rate < 7.0
        assert 0.05 < np.abs(sound).max() < 0.95  # nothing is clipped


@needs_program
def test_the_same_id_is_the_same_sound_at_every_rate() -> None:
    clip_id = "espeak:en-us+m3-0004"
    assert np.array_equal(speak_clip(clip_id, 44_100), speak_clip(clip_id, 44_100))
    high, low = speak_clip(clip_id, 48_000), speak_clip(clip_id, 16_000)
    again = soxr.resample(high, 48_000, 16_000)
    samples = min(len(low), len(again))
    inside = slice(100, samples - 100)
    assert np.corrcoef(low[inside], again[inside])[0, 1] > 0.999


@needs_program
def test_a_faster_utterance_is_shorter_and_a_higher_pitch_is_higher() -> None:
    from dataclasses import replace

    usual = utterance_of("espeak:en-us+m1-0000")
    slow, fast = (speak(replace(usual, words_per_minute=rate))[0] for rate in (120, 240))
    assert len(slow) > 1.5 * len(fast)
    low, high = (_pitch_of(*speak(replace(usual, pitch=pitch))) for pitch in (20, 80))
    assert high > 1.15 * low


def _pitch_of(sound: np.ndarray, rate: int) -> float:
    """The median fundamental of the loud frames, by autocorrelation between 60 and 400 Hz."""
    frames = sound[: len(sound) // 1024 * 1024].reshape(-1, 1024)
    loud = frames[frames.std(1) > 0.5 * frames.std(1).max()]
    spectra = np.square(np.abs(np.fft.rfft(loud, 4096, axis=1)))
    lags = np.fft.irfft(spectra, axis=1)[:, rate // 400 : rate // 60]
    return float(np.median(rate / (lags.argmax(1) + rate // 400)))


@needs_program
def test_the_list_goes_round_languages_and_voices_and_is_what_is_heard() -> None:
    found = list(list_clips(parse_spec("espeak:en-us,fr?sentences=15")))
    assert len({clip.clip_id for clip in found}) == len(found) == 30
    assert {clip.speaker for clip in found} == {f"espeak-{v}" for v in VARIANTS}
    assert {clip.language for clip in found} == {"en", "fr"}
    for clip in found[::7]:
        assert (clip.dataset, clip.path, clip.license, clip.label) == ("espeak", "", "CC0-1.0", "speech")
        assert clip.audioset_ids == ("/m/09x0r",)
        assert clip.caption in SENTENCES[utterance_of(clip.clip_id).language]
        assert clip.probed is not None
        sound, rate = speak(utterance_of(clip.clip_id))
        active = find_active(sound, rate, clip.clip_id)
        assert clip.probed.duration_s == len(sound) / rate
        assert (clip.probed.onset_s, clip.probed.offset_s) == (active.onset_s, active.offset_s)
        assert clip.probed.level_dbfs == active.level_dbfs


@needs_program
def test_a_voice_lies_in_one_split_and_every_split_has_one() -> None:
    clips = scan_clips(["espeak:en-us,fr,de?sentences=12"]).clips
    splits = {v: {clip.split for clip in clips if f"+{v}-" in clip.clip_id} for v in VARIANTS}
    assert all(len(own) == 1 for own in splits.values())
    assert set().union(*splits.values()) == {"train", "validation", "test"}
    assert {clip.group for clip in clips} == {f"speaker:espeak/espeak-{v}" for v in VARIANTS}


@needs_program
def test_by_default_every_language_speaks() -> None:
    found = list(list_clips(parse_spec("espeak?sentences=1")))
    assert [clip.language for clip in found] == ["en", "de", "fr", "es", "it", "pt"]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("espeak:xx", "'xx' in 'espeak:xx' is no language of ours; there are: en-us, en-gb, de, fr, es, it, pt."),
        (
            "espeak?sentences=no",
            "'no' in 'espeak?sentences=no' is no number of sentences; write for instance sentences=200.",
        ),
        ("espeak?voice=f1", "'voice' in 'espeak?voice=f1' is no option of speech; there is: sentences."),
    ],
)
def test_a_spec_that_is_not_usable_is_refused(spec: str, sentence: str) -> None:
    with pytest.raises(SpecError) as error:
        list(list_clips(parse_spec(spec)))
    assert str(error.value) == sentence


def test_a_missing_program_is_said_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program_version.cache_clear()
    for attempt in (lambda: list(list_clips(parse_spec("espeak"))), lambda: speak_clip("espeak:de+f1-0000", 44_100)):
        with pytest.raises(MissingExtraError) as error:
            attempt()
        assert str(error.value) == (
            "Speech needs the program espeak-ng, which is not installed; install it (Debian and Ubuntu: apt install "
            "espeak-ng; macOS: brew install espeak-ng) or leave out the clips 'espeak'."
        )


@pytest.mark.parametrize("script", ["exit 3", "true"])
def test_a_program_that_fails_or_says_nothing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    broken = tmp_path / "espeak-ng"
    broken.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(AudioError, match=r"^The program .*espeak-ng (failed|said nothing)[^.]*.*[.?]$"):
        speak_clip("espeak:de+f1-0000", 44_100)
