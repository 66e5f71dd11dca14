"""What a clip's audio tells, against sounds whose onset, level and faults are known."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from clip_files import RATE, Samples, noise, quiet, tone, write_sound

from twnm_sim.clips.audio import MAX_CLIP_S, UnusableAudioError
from twnm_sim.clips.listing import Probed
from twnm_sim.clips.probe import FULL_SCALE, Limits, count_clipped, probe_clip


def probe(path: Path, limits: Limits | None = None) -> Probed:
    return probe_clip(str(path), "", None, limits or Limits())


def reason_of(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(UnusableAudioError) as error:
        probe(path, limits)
    assert str(error.value).startswith(str(path))
    return error.value.reason


def decibels(ratio: float) -> float:
    return float(20.0 * np.log10(ratio))


def test_onset_offset_and_level_of_a_tone_between_silences(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", np.concatenate([quiet(0.5), tone(1.0, 0.25), quiet(0.3)]), subtype="FLOAT")
    found = probe(path)
    assert (found.onset_s, found.offset_s) == (0.5, 1.5)
    assert found.level_dbfs == pytest.approx(decibels(0.25 / np.sqrt(2.0)), abs=0.01)
    assert (found.duration_s, found.sample_rate, found.channels) == (1.8, RATE, 1)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("below_db", "offset_s"), [(39.0, 1.0), (41.0, 0.5)])
def test_what_is_within_40_db_of_the_loudest_belongs_to_the_sound(
    tmp_path: Path, below_db: float, offset_s: float
) -> None:
    tail = tone(0.5, 0.5 * 10.0 ** (-below_db / 20.0))
    found = probe(write_sound(tmp_path / "a.wav", np.concatenate([tone(0.5, 0.5), tail]), subtype="FLOAT"))
    assert (found.onset_s, found.offset_s) == (0.0, offset_s)


def test_the_level_is_that_of_the_active_frames_alone(tmp_path: Path) -> None:
    beeps = np.concatenate([tone(0.2, 0.5), quiet(0.6), tone(0.2, 0.5)])
    found = probe(write_sound(tmp_path / "a.wav", beeps, subtype="FLOAT"))
    assert (found.onset_s, found.offset_s) == (0.0, 1.0)
    assert found.level_dbfs == pytest.approx(decibels(0.5 / np.sqrt(2.0)), abs=0.01)


def test_a_last_frame_that_is_short_counts_by_its_own_length(tmp_path: Path) -> None:
    sound_T = np.sign(tone(0.104, 0.5))  # of one power in every sample; the last of eleven frames lasts 4 ms
    found = probe(write_sound(tmp_path / "a.wav", 0.5 * sound_T, subtype="FLOAT"))
    assert found.level_dbfs == pytest.approx(decibels(0.5), abs=0.01)
    assert found.offset_s == pytest.approx(0.104, abs=1.0 / RATE)


def test_the_level_is_that_of_the_mono_mix(tmp_path: Path) -> None:
    found = probe(write_sound(tmp_path / "a.wav", tone(0.5, 0.5), quiet(0.5), subtype="FLOAT"))
    assert found.channels == 2
    assert found.level_dbfs == pytest.approx(decibels(0.25 / np.sqrt(2.0)), abs=0.01)


def test_a_constant_is_not_heard(tmp_path: Path) -> None:
    offset = np.concatenate([quiet(0.5), tone(0.5, 0.1), quiet(0.5)]) + 0.4
    found = probe(write_sound(tmp_path / "a.wav", offset, subtype="FLOAT"))
    assert (found.onset_s, found.offset_s) == (0.5, 1.0)
    assert found.level_dbfs == pytest.approx(decibels(0.1 / np.sqrt(2.0)), abs=0.01)
    assert reason_of(write_sound(tmp_path / "b.wav", np.full(RATE, 0.4))) == "silent"


@pytest.mark.parametrize("rate", [16000, 22050, 48000, 192000])
def test_usual_and_high_rates_are_clips(tmp_path: Path, rate: int) -> None:
    found = probe(write_sound(tmp_path / "a.wav", noise(0.5, rate=rate), rate=rate))
    assert (found.sample_rate, found.duration_s) == (rate, 0.5)


def peaks(amplitude: float, frequency: float = 100.0) -> Samples:
    """A tone whose tops are cut flat at full scale (amplitude over 1)."""
    return np.clip(tone(1.0, amplitude, frequency), -1.0, 1.0)


FAULTS = {
    "silent": lambda path: write_sound(path, tone(1.0, 0.98e-3), subtype="FLOAT"),
    "clipped": lambda path: write_sound(path, peaks(1.5), subtype="PCM_16"),
    "too_short": lambda path: write_sound(path, np.concatenate([quiet(0.5), tone(0.08), quiet(0.5)])),
    "low_sample_rate": lambda path: write_sound(path, noise(1.0, rate=8000), rate=8000),
    "multichannel": lambda path: write_sound(path, noise(1.0), noise(1.0, 1), noise(1.0, 2)),
    "zero_length": lambda path: write_sound(path, np.zeros(0)),
    "not_finite": lambda path: write_sound(path, np.append(noise(1.0), np.nan), subtype="FLOAT"),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_fault_has_its_name(tmp_path: Path, reason: str) -> None:
    assert reason_of(FAULTS[reason](tmp_path / "a.wav")) == reason


def test_limits_may_be_moved(tmp_path: Path) -> None:
    assert probe(FAULTS["low_sample_rate"](tmp_path / "a.wav"), Limits(min_sample_rate=8000)).sample_rate == 8000
    assert probe(FAULTS["too_short"](tmp_path / "b.wav"), Limits(min_active_s=0.05)).onset_s == 0.5
    assert reason_of(write_sound(tmp_path / "c.wav", noise(1.0)), Limits(min_sample_rate=48000)) == "low_sample_rate"


def test_just_over_the_limits_is_a_clip(tmp_path: Path) -> None:
    assert probe(write_sound(tmp_path / "a.wav", tone(1.0, 1.05e-3), subtype="FLOAT")).level_dbfs < -60.0
    loud = write_sound(tmp_path / "b.wav", np.concatenate([quiet(0.5), tone(0.11), quiet(0.5)]))
    assert probe(loud).offset_s == 0.61


def test_channels_that_cancel_are_silent(tmp_path: Path) -> None:
    sound_T = tone(1.0, 0.5)
    assert reason_of(write_sound(tmp_path / "a.wav", sound_T, -sound_T, subtype="FLOAT")) == "silent"


def test_single_samples_at_full_scale_are_no_clipping(tmp_path: Path) -> None:
    sound_T = noise(1.0)
    sound_T[::20] = 1.0
    sound_T[1::20] = 1.0
    assert probe(write_sound(tmp_path / "a.wav", sound_T, subtype="PCM_16")).channels == 1


@pytest.mark.parametrize(("runs", "clipped"), [(10, False), (20, True)])
def test_clipping_counts_from_one_in_a_thousand_active_samples(tmp_path: Path, runs: int, clipped: bool) -> None:
    sound_T = noise(1.0, amplitude=0.9)
    for run in range(runs):  # 3 of 44,100 each: 0.068 % and 0.136 %
        sound_T[1000 * run : 1000 * run + 3] = -1.0 if run % 2 else 1.0
    path = write_sound(tmp_path / "a.wav", quiet(1.0), sound_T, subtype="PCM_16")
    assert (reason_of(path) == "clipped") if clipped else probe(path)


def test_the_share_is_of_the_sound_and_not_of_the_silence_around_it(tmp_path: Path) -> None:
    sound_T = noise(0.2, amplitude=0.9)
    sound_T[500:512] = 1.0  # 0.136 % of the sound, 0.006 % of the file
    path = write_sound(tmp_path / "a.wav", np.concatenate([quiet(2.0), sound_T, quiet(2.0)]), subtype="PCM_16")
    assert reason_of(path) == "clipped"


def test_runs_are_counted_on_each_side_and_at_the_ends() -> None:
    up, down = np.float32(FULL_SCALE), np.float32(-1.0)
    assert count_clipped(np.array([up] * 3 + [0.0] + [down] * 4 + [0.0, up, up], np.float32)) == 7
    assert count_clipped(np.array([up, up, down, down, up, up], np.float32)) == 0
    assert count_clipped(np.array([0.5, up, up, up], np.float32)) == 3
    assert count_clipped(np.zeros(0, np.float32)) == 0


def test_what_begins_after_the_first_minute_is_not_heard(tmp_path: Path) -> None:
    rate = 16000
    late = np.concatenate([quiet(MAX_CLIP_S, rate), tone(1.0, rate=rate)])
    assert reason_of(write_sound(tmp_path / "a.flac", late, rate=rate, subtype="PCM_16")) == "silent"
    early = np.concatenate([tone(1.0, rate=rate), quiet(MAX_CLIP_S, rate), tone(1.0, 0.9, rate=rate)])
    found = probe(write_sound(tmp_path / "b.flac", early, rate=rate, subtype="PCM_16"))
    assert (found.duration_s, found.offset_s) == (62.0, 1.0)
    assert found.level_dbfs == pytest.approx(decibels(0.25 / np.sqrt(2.0)), abs=0.01)
