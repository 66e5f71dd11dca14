"""What a record says is heard, against signals whose answer is known and a slow reading of the stored audio."""

import io

import numpy as np
import pytest
import soundfile
from small_scenes import RATE, make_event, make_recipe

from twnm_schemas.distributions import Choice, Uniform
from twnm_schemas.scenes import AmbienceSpec, Scene, SceneSpec
from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.compose import compose_recipe
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.heard import Heard, audible_frames, measure_events, predict_audible
from twnm_sim.scenes.labels import Context
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.store import pack_scene


def tone(level_dbfs, start_s, end_s, frequency=1000.0, seconds=2.0, rate=RATE, ears=(1.0, 1.0)):
    """A steady tone at both ears, of whole periods in every 10 ms; `level_dbfs` of its mean power."""
    time_T = np.arange(round(seconds * rate)) / rate
    tone_T = np.sqrt(2.0) * 10.0 ** (level_dbfs / 20.0) * np.sin(2.0 * np.pi * frequency * time_T)
    tone_T[: round(start_s * rate)] = 0.0
    tone_T[round(end_s * rate) :] = 0.0
    gains_C = np.array(ears) / np.sqrt(np.mean(np.square(ears)))
    return (gains_C[:, None] * tone_T).astype(np.float32)


def hear(*stems, rate=RATE):
    return measure_events(np.stack(stems), np.sum(stems, axis=0), rate)


def test_a_burst_begins_ends_and_is_as_loud_as_it_is():
    (heard,) = hear(tone(-20.0, 0.5, 1.0, ears=(2.0, 1.0)))
    assert (heard.onset_s, heard.offset_s) == (0.5, 1.0)
    assert heard.active_s == 0.51  # the frames of 20 ms that hold half of it count
    inside_db = 10.0 * np.log10(50.0 / 51.0)
    assert heard.level_left_dbfs == pytest.approx(-20.0 + 10.0 * np.log10(4.0 / 2.5) + inside_db, abs=1e-3)
    assert heard.level_right_dbfs == pytest.approx(-20.0 + 10.0 * np.log10(1.0 / 2.5) + inside_db, abs=1e-3)
    assert heard.snr_db is None
    assert heard.audible_s == heard.active_s
    assert heard.is_audible


@pytest.mark.parametrize(("level_db", "audible_s"), [(-9.5, 0.49), (-10.5, 0.0), (0.0, 0.51)])
def test_it_is_audible_down_to_ten_decibels_below_all_else(level_db, audible_s):
    burst, rest = tone(-20.0 + level_db, 0.5, 1.0), tone(-20.0, 0.0, 2.0, frequency=2000.0)
    heard, other = hear(burst, rest)
    assert heard.audible_s == audible_s
    assert heard.snr_db == pytest.approx(level_db + 10.0 * np.log10(50.0 / 51.0), abs=1e-3)
    assert heard.is_audible == (audible_s > 0.0)
    assert other.audible_s == other.active_s == 1.99  # frames that begin at 0 to 1.98 s


def test_all_else_is_everything_together():
    """Two neighbours 7.5 dB above it are 10.5 dB above it together."""
    burst = tone(-27.5, 0.5, 1.0)
    neighbours = [tone(-20.0, 0.0, 2.0, frequency=f) for f in (2000.0, 3000.0)]
    assert hear(burst, neighbours[0])[0].audible_s > 0.4
    assert hear(burst, *neighbours)[0].audible_s == 0.0
    mixture = burst + neighbours[0] + neighbours[1]  # one of them no event but background
    assert measure_events(np.stack([burst, neighbours[0]]), mixture, RATE)[0].audible_s == 0.0


ENOUGH = [
    (1.0, 5.0, True),
    (0.99, 5.0, False),
    (0.08, 0.1, True),
    (0.07, 0.1, False),
    (0.28, 0.35, True),
    (0, 0, False),
]


@pytest.mark.parametrize(("audible", "active", "enough"), ENOUGH)
def test_a_second_or_four_fifths_is_enough(audible, active, enough):
    assert Heard(0.0, 1.0, active, -20.0, -20.0, None, audible, np.ones(9, bool)).is_audible == enough


def test_a_decay_is_active_down_to_thirty_decibels():
    time_T = np.arange(2 * RATE) / RATE
    decay = tone(-10.0, 0.3, 2.0) * (10.0 ** (-3.0 * np.maximum(time_T - 0.3, 0.0))).astype(np.float32)  # 60 dB/s
    (heard,) = hear(decay)
    assert heard.onset_s == 0.3
    assert heard.offset_s == pytest.approx(0.8, abs=0.021)
    assert heard.active_s == pytest.approx(0.5, abs=0.021)


@pytest.mark.parametrize(("level_dbfs", "active_s"), [(-59.5, 0.49), (-60.5, 0.0)])
def test_nothing_is_active_below_sixty_decibels_of_full_scale(level_dbfs, active_s):
    (heard,) = hear(tone(level_dbfs, 0.5, 1.0))
    assert heard.active_s == heard.audible_s == active_s
    assert (heard.onset_s, heard.offset_s) == (0.5, 1.0)  # what there is is told all the same
    assert heard.level_left_dbfs == pytest.approx(level_dbfs, abs=0.1)


def test_quiet_speech_between_loud_words_is_cut_out_of_levels():
    """Levels are those of active frames, not of the pauses."""
    (heard,) = hear(tone(-20.0, 0.2, 0.6) + tone(-55.0, 0.6, 1.4) + tone(-20.0, 1.4, 1.8))
    assert heard.active_s == pytest.approx(0.8, abs=0.041)
    assert heard.level_left_dbfs == pytest.approx(-20.0, abs=0.15)
    assert (heard.onset_s, heard.offset_s) == (0.2, 1.8)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 48000, 96000])
def test_times_are_seconds_at_every_rate(rate):
    (heard,) = hear(tone(-20.0, 50.0, 50.5, seconds=60.0, rate=rate), rate=rate)
    assert heard.onset_s == pytest.approx(50.0, abs=0.0101)
    assert heard.offset_s == pytest.approx(50.5, abs=0.0101)
    assert heard.active_s == pytest.approx(0.51, abs=0.0101)


def test_a_sound_to_the_end_ends_with_the_scene():
    odd = 2 * RATE - 100  # the last 10 ms are not whole
    (heard,) = hear(tone(-20.0, 1.0, 2.0)[:, :odd])
    assert heard.offset_s == pytest.approx(odd / RATE)


def test_which_frames_are_audible_is_what_the_seconds_count():
    burst, rest = tone(-25.0, 0.5, 1.0), tone(-20.0, 0.75, 2.0, frequency=2000.0)
    frames_L = audible_frames(burst, burst + rest, RATE)
    assert np.flatnonzero(frames_L)[[0, -1]].tolist() == [49, 99]
    assert hear(burst, rest)[0].audible_s == pytest.approx(np.count_nonzero(frames_L) / 100)


def test_gains_that_will_do_are_known_from_powers():
    stems = np.stack([tone(-20.0, 0.0, 2.0), tone(-20.0, 0.0, 2.0, frequency=2000.0)])
    gains_GS = np.array([[0.0, 0.0], [0.0, -9.5], [0.0, -10.5], [-12.0, 0.0], [6.0, -3.0]])
    assert predict_audible(stems, gains_GS, RATE).tolist() == [True, True, False, False, True]
    for gains_S, held in zip(gains_GS, predict_audible(stems, gains_GS, RATE), strict=True):
        louder = stems * (10.0 ** (gains_S / 20.0))[:, None, None].astype(np.float32)
        assert all(heard.is_audible for heard in hear(*louder)) == held


def read_slowly(stem_CT, mixture_CT, rate):
    """The definitions of the record, frame by frame."""
    hop, samples = rate // 100, stem_CT.shape[1]

    def power(audio_T, start, length):
        return float(np.sum(audio_T[start : start + length].astype(float) ** 2)) / length

    rest_CT = mixture_CT.astype(float) - stem_CT
    frames = []
    for start in range(0, samples - hop, hop):
        left, right = (power(ear_T, start, 2 * hop) for ear_T in stem_CT)
        frames.append((left, right, sum(power(ear_T, start, 2 * hop) for ear_T in rest_CT) / 2.0))
    loudest = max((left + right) / 2.0 for left, right, _ in frames)
    lowest = max(loudest / 1000.0, 1e-6)
    active = [frame for frame in frames if (frame[0] + frame[1]) / 2.0 >= lowest]
    blocks = [
        start for start in range(0, samples, hop) if sum(power(ear_T, start, hop) for ear_T in stem_CT) / 2.0 >= lowest
    ]
    own, rest = sum(left + right for left, right, _ in active) / 2.0, sum(frame[2] for frame in active)
    return {
        "onset_s": blocks[0] / rate,
        "offset_s": (blocks[-1] + hop) / rate,
        "active_s": len(active) / 100.0,
        "level_left_dbfs": 10.0 * np.log10(sum(frame[0] for frame in active) / len(active)),
        "level_right_dbfs": 10.0 * np.log10(sum(frame[1] for frame in active) / len(active)),
        "snr_db": 10.0 * np.log10(own / rest) if rest else None,
        "audible_s": sum((left + right) / 2.0 >= 0.1 * rest for left, right, rest in active) / 100.0,
    }


TOLERANCE = {"onset_s": 1e-9, "offset_s": 1e-9, "active_s": 1e-9, "audible_s": 0.0101}  # one frame may lie on the limit


@pytest.fixture(scope="module")
def stored(library, catalog):
    """Scenes as they are stored, with backgrounds and noise: each its record and its members."""
    spec = SceneSpec(
        duration_s=3.0,
        sources=Choice(values=(2.0, 3.0)),
        ambience=AmbienceSpec(snr_db=Uniform(low=0.0, high=20.0)),
        noise_dbfs=Uniform(low=-70.0, high=-55.0),
        audible=False,
        stems=True,
        dry=True,
    )
    maker = SceneMaker(Ingredients(spec, library, catalog, "research-nc"), seed=2)
    samples = [pack_scene(maker.make(index, "train"))[0] for index in range(6)]
    return [(Scene.model_validate_json(dict(s.members)["json"]), dict(s.members)) for s in samples]


def decode(scene, members, ext):
    member = next(member for member in scene.audio if member.ext == ext)
    audio_TC, rate = soundfile.read(io.BytesIO(members[ext]), dtype="float32", always_2d=True)
    assert rate == scene.sample_rate
    return audio_TC.T * np.float32(member.scale)


def test_records_say_what_is_in_the_stored_stems(stored):
    seen = 0
    for scene, members in stored:
        mixture_CT = decode(scene, members, "flac")
        for event in scene.events:
            found = read_slowly(decode(scene, members, f"stem{event.index}.flac"), mixture_CT, scene.sample_rate)
            for name, value in found.items():
                assert getattr(event, name) == pytest.approx(value, abs=TOLERANCE.get(name, 0.02)), (name, event)
            seen += 1
    assert seen >= 12


def test_the_order_of_onsets_is_the_order_of_the_stored_sounds(stored):
    """By an onset of another kind: where each stem first comes within 20 dB of its peak."""
    for scene, members in stored:
        firsts = []
        for event in scene.events:
            stem_CT = np.abs(decode(scene, members, f"stem{event.index}.flac")).max(axis=0)
            firsts.append(int(np.argmax(stem_CT > 0.1 * stem_CT.max())) / scene.sample_rate)
        onsets = [event.onset_s for event in scene.events]
        for a in range(len(onsets)):
            assert onsets[a] == pytest.approx(firsts[a], abs=0.03)
            for b in range(a):
                if abs(firsts[a] - firsts[b]) > 0.05:
                    assert (onsets[a] < onsets[b]) == (firsts[a] < firsts[b])


def test_overlaps_are_the_frames_in_which_two_events_are_active(stored):
    for scene, members in stored:
        told = {(overlap.first, overlap.second): overlap.seconds for overlap in scene.overlaps}
        active = [active_by_hand(decode(scene, members, f"stem{event.index}.flac")) for event in scene.events]
        for b in range(len(active)):
            for a in range(b):
                shared = 0.01 * sum(x and y for x, y in zip(active[a], active[b], strict=True))
                assert told.get((a, b), 0.0) == pytest.approx(shared, abs=0.011)  # a frame at its bound


def active_by_hand(stem_CT):
    """Frame by frame (20 ms, every 10 ms): within 30 dB of the loudest and above -60 dBFS."""
    hop = round(0.01 * RATE)
    starts = range(0, stem_CT.shape[1] - hop, hop)
    padded_CT = np.pad(np.asarray(stem_CT, float), ((0, 0), (0, 2 * hop)))
    powers = [np.sum(padded_CT[:, start : start + 2 * hop] ** 2) / (4 * hop) for start in starts]
    return [power >= max(max(powers) * 1e-3, 1e-6) for power in powers]


def test_stems_and_background_and_noise_are_all_there_is(stored):
    """What is left without stems and background is the microphones' noise, at its level."""
    for scene, members in stored:
        left_CT = decode(scene, members, "flac").astype(float) - decode(scene, members, "ambience.flac")
        for event in scene.events:
            left_CT -= decode(scene, members, f"stem{event.index}.flac")
        level_dbfs = 10.0 * np.log10(np.mean(left_CT**2))
        assert level_dbfs == pytest.approx(scene.recipe.noise_dbfs - scene.attenuation_db, abs=0.05)


def test_one_event_alone_has_nothing_else_however_it_was_attenuated(library, catalog):
    clip = catalog.by_id["small:howling"]
    for loudness in (-30.0, 0.0):
        recipe = make_recipe(library, [make_event(clip, 1)], loudness=loudness)
        scene = compose_recipe(recipe, library, catalog.by_id, ClipReader(RATE), Context("train")).scene
        assert scene.events[0].snr_db is None
        assert (scene.attenuation_db > 0.0) == (loudness == 0.0)
