"""The sounds that come with the package: their physics, what each clip keeps to, and that ears can tell them apart."""

import subprocess
import sys

import numpy as np
import pytest
import soxr
from scipy.optimize import brentq
from scipy.signal import fftconvolve, find_peaks
from scipy.special import jn_zeros
from sound_features import features_of
from threadpoolctl import threadpool_limits

from twnm_schemas.errors import SpecError
from twnm_shards.rng import rng_for
from twnm_sim.clips.audioset_ontology import load_ontology, say_class
from twnm_sim.clips.probe import find_active
from twnm_sim.clips.synthesis import CLASSES, RATE, class_of, clip_id_of, measure_clip, synthesise_clip
from twnm_sim.clips.synthesis.draws import Draws
from twnm_sim.clips.synthesis.impacts import DISC, FREE_BAR, MEMBRANE, bounce_times
from twnm_sim.clips.synthesis.lengths import tabled_lengths
from twnm_sim.clips.synthesis.signals import harmonics, lay, noise, shape, strike, sum_decays
from twnm_sim.clips.synthesis.tones import pluck
from twnm_sim.hrtf.load import load_hrtf
from twnm_sim.listening import LateralTable, lateral_table, localise_lateral

ALL = sorted(CLASSES)
HELD_OUT = 10  # variations of each class that are known, and as many that are to be recognised


@pytest.fixture(scope="module")
def features_VF() -> dict[str, np.ndarray]:
    return {
        slug: np.array([features_of(synthesise_clip(clip_id_of(slug, v))) for v in range(2 * HELD_OUT)]) for slug in ALL
    }


def spectrum_of(sound: np.ndarray, rate: int = RATE) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and powers of a Hann-windowed sound."""
    return np.fft.rfftfreq(len(sound), 1.0 / rate), np.square(np.abs(np.fft.rfft(sound * np.hanning(len(sound)))))


def share_between(sound: np.ndarray, low_hz: float, high_hz: float, rate: int = RATE) -> float:
    hz, powers = spectrum_of(sound, rate)
    return float(powers[(hz >= low_hz) & (hz < high_hz)].sum() / powers.sum())


def peaks_of(sound: np.ndarray, least_db: float) -> np.ndarray:
    """The frequencies of the spectral peaks that are within `least_db` of the highest."""
    hz, powers = spectrum_of(sound)
    levels = 10.0 * np.log10(powers / powers.max() + 1e-15)
    return hz[find_peaks(levels, height=least_db, distance=20)[0]]


# the building blocks


def test_modes_by_a_product_of_matrices_are_the_decaying_sines_one_by_one() -> None:
    modes_hz, ring_s, gains = np.array([220.0, 1_234.5, 9_000.0]), np.array([1.0, 0.3, 0.05]), np.array([1.0, 0.5, 2.0])
    t = np.arange(10_007) / RATE
    one_by_one = sum(
        g * 10.0 ** (-3.0 * t / r) * np.sin(2.0 * np.pi * f * t)
        for f, r, g in zip(modes_hz, ring_s, gains, strict=True)
    )
    assert np.allclose(sum_decays(modes_hz, ring_s, gains, len(t)), one_by_one, atol=1e-5)


def test_a_longer_contact_strikes_the_high_modes_less() -> None:
    modes_hz = np.array([500.0, 4_000.0])
    hard, soft = (strike(modes_hz, 0.5, 1.0, contact_s, 0.5) for contact_s in (5e-5, 1e-3))
    assert share_between(soft, 3_000.0, 5_000.0) < 0.01 * share_between(hard, 3_000.0, 5_000.0)


def test_a_mode_above_the_top_is_left_out_instead_of_folding_back() -> None:
    with_it, without = (strike(np.array(modes), 0.3, 1.0, 1e-4, 0.3) for modes in ([700.0, 23_000.0], [700.0]))
    assert np.array_equal(with_it, without)


def test_a_tone_is_the_sum_of_its_harmonics_and_ends_below_the_top() -> None:
    gains = np.array([1.0, 0.0, 0.5, 0.25])
    t = np.arange(1, samples := 8_820 + 1) / RATE
    direct = sum(g * np.sin(2.0 * np.pi * 313.0 * k * t) for k, g in enumerate(gains, 1))
    assert np.allclose(harmonics(313.0, gains, 0.2), direct[: samples - 1], atol=2e-4)
    swept = harmonics(np.linspace(500.0, 3_000.0, RATE), np.ones(40), 1.0)
    assert share_between(swept, 20_100.0, RATE / 2) < 1e-6
    # what folds back in a sweep upwards falls: nothing may lie below the lowest pitch
    assert share_between(swept, 0.0, 400.0) < 1e-5


def test_noise_has_the_levels_of_its_knots() -> None:
    sound = noise(rng_for(1, "test"), 4.0, {100.0: 0.0, 1_000.0: 0.0, 2_000.0: -20.0, 16_000.0: -20.0})
    low, high = (share_between(sound, hz, 1.1 * hz) / (0.1 * hz) for hz in (500.0, 4_000.0))
    assert np.isclose(10.0 * np.log10(low / high), 20.0, atol=1.0)
    assert np.isclose(sound.std(), 1.0, atol=1e-3)
    assert share_between(sound, 0.0, 25.0) < 1e-6
    assert share_between(sound, 20_100.0, RATE / 2) < 1e-6


def test_a_filter_resonates_where_it_is_told() -> None:
    click = np.zeros(RATE, np.float32)
    click[RATE // 2] = 1.0
    assert np.isclose(peaks_of(shape(click, {100.0: -80.0}, [(2_000.0, 10.0, 1.0)]), -3.0)[0], 2_000.0, rtol=0.01)


def test_sounds_are_laid_where_they_begin_and_cut_at_the_end() -> None:
    track = lay(0.01, (0.0, 0.009), (np.ones(10), np.ones(1_000)))
    assert track[:10].tolist() == [1.0] * 10
    assert track[10:397].any() == np.False_
    assert track[397:].all()
    assert len(track) == 441


# published ratios, against the equations they come from


def test_a_free_bar_bends_at_the_roots_of_its_equation() -> None:
    """Euler-Bernoulli, free at both ends: cos(x) cosh(x) = 1, frequencies go with x^2."""
    roots = [brentq(lambda x: np.cos(x) - 1.0 / np.cosh(x), (n + 0.4) * np.pi, (n + 0.6) * np.pi) for n in range(1, 6)]
    assert np.allclose(FREE_BAR, np.square(roots) / roots[0] ** 2, rtol=1e-3)


def test_a_membrane_has_the_zeros_of_the_bessel_functions() -> None:
    zeros = np.sort(np.concatenate([jn_zeros(order, 4) for order in range(8)]))
    assert np.allclose(MEMBRANE, (zeros / zeros[0])[: len(MEMBRANE)], rtol=2e-3)


def test_a_disc_has_the_modes_of_a_free_plate() -> None:
    """Leissa's lambda^2 for Poisson's ratio 0.33 (Vibration of Plates, NASA SP-160, table 2.5): (2,0), (0,1), (3,0)."""
    leissa = np.array([5.253, 9.084, 12.23])
    assert np.allclose(DISC[:3], leissa / leissa[0], rtol=1e-2)


@pytest.mark.parametrize("restitution", [0.6, 0.8])
def test_each_flight_of_a_ball_is_shorter_by_its_restitution(restitution: float) -> None:
    flights = np.diff(bounce_times(0.5, restitution, 8))
    assert np.isclose(flights[0], 0.5)
    assert np.allclose(flights[1:] / flights[:-1], restitution)


def test_a_plucked_string_has_its_pitch_and_loses_its_high_harmonics_first() -> None:
    string = pluck(rng_for(3, "string"), 196.0, 2.0, 0.13, 6_000.0)
    assert np.isclose(peaks_of(string, -30.0)[0] / 196.0, round(peaks_of(string, -30.0)[0] / 196.0), atol=0.01)
    early, late = string[: RATE // 2], string[-RATE // 2 :]
    assert share_between(late, 3_000.0, 9_000.0) < 0.1 * share_between(early, 3_000.0, 9_000.0)


def test_a_string_plucked_at_its_fifth_lacks_every_fifth_harmonic() -> None:
    string = pluck(rng_for(4, "string"), 200.0, 2.0, 0.2, 8_000.0)
    fifth, sixth = (share_between(string, k * 200.0 - 20.0, k * 200.0 + 20.0) for k in (5, 6))
    assert fifth < 1e-3 * sixth


# the sounds themselves, heard back


@pytest.mark.parametrize("variation", range(4))
def test_a_bell_has_the_partials_of_a_bell(variation: int) -> None:
    """Hum, prime, tierce (a minor third), quint and nominal, as Fletcher and Rossing measured them; each is a pair."""
    prime_hz = Draws("church-bell", variation).ratio("strike_note_hz", 230.0, 620.0)
    peaks = peaks_of(synthesise_clip(clip_id_of("church-bell", variation)), -45.0) / prime_hz
    for partial in (0.5, 1.0, 1.183, 1.506, 2.0):
        assert ((peaks > 0.997 * partial) & (peaks < 1.006 * partial)).any(), partial


def onsets_of(sound: np.ndarray) -> np.ndarray:
    """The times in seconds at which the level of 2 ms rises by 10 dB over the quietest of the 20 ms before."""
    frames = np.square(sound[: len(sound) // 88 * 88].reshape(-1, 88)).mean(1)
    levels = 10.0 * np.log10(np.concatenate([np.zeros(10), frames]) / frames.max() + 1e-5)
    before = np.array([levels[n : n + 10].min() for n in range(len(frames))])
    rises = np.flatnonzero((levels[10:] - before > 10.0) & (levels[10:] > -38.0))
    return 88 / RATE * rises[np.diff(rises, prepend=-100) > 12]


@pytest.mark.parametrize("variation", range(4))
def test_a_bouncing_ball_is_heard_to_bounce_ever_faster(variation: int) -> None:
    flights = np.diff(onsets_of(synthesise_clip(clip_id_of("bouncing-ball", variation))))[:5]
    assert len(flights) == 5
    assert np.allclose(flights[1:] / flights[:-1], (flights[4] / flights[0]) ** 0.25, rtol=0.06)
    assert 0.70 < (flights[4] / flights[0]) ** 0.25 < 0.88


@pytest.mark.parametrize("variation", range(4))
def test_a_clock_is_heard_to_tick_evenly(variation: int) -> None:
    periods = np.diff(onsets_of(synthesise_clip(clip_id_of("clock-tick", variation))))
    assert len(periods) >= 2
    assert np.isclose(1.0 / periods.mean(), (1.0, 2.0, 2.5, 4.0, 5.0), rtol=0.02).any()
    assert periods.std() < 0.02 * periods.mean()


def test_a_wailing_siren_rises_and_falls() -> None:
    """One of the first variations sweeps its lowest harmonic over more than half an octave."""
    widths = []
    for variation in range(4):
        sound = synthesise_clip(clip_id_of("siren", variation))
        blocks = sound[: len(sound) // 2048 * 2048].reshape(-1, 2048) * np.hanning(2048)
        pitch = np.abs(np.fft.rfft(blocks, axis=1))[:, :80].argmax(1) * RATE / 2048
        widths.append(pitch.max() / pitch.min())
    assert max(widths) > 1.5


# what every clip keeps to


@pytest.mark.parametrize("slug", ALL)
def test_a_clip_is_clean(slug: str) -> None:
    for variation in range(4):
        sound = synthesise_clip(clip_id_of(slug, variation))
        assert sound.dtype == np.float32
        assert sound.ndim == 1
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() < 1.0
        assert np.array_equal(sound * 2.0**20, np.round(sound * 2.0**20))  # what no processor rounds otherwise
        assert abs(sound.mean(dtype=np.float64)) < 1e-3 * sound.std()
        assert 0.5 <= len(sound) / RATE <= 5.05
        # an edge of a few samples is far below the sound itself: nothing clicks there
        assert np.abs(sound[[0, 1, -2, -1]]).max() < 0.02 * np.abs(sound).max()
        assert share_between(sound, 0.0, 20.0) < 1e-3
        assert share_between(sound, 20_200.0, RATE / 2) < 1e-4


@pytest.mark.parametrize("slug", ALL)
def test_a_clip_is_active_from_edge_to_edge_at_the_common_level(slug: str) -> None:
    for variation in (0, 5):
        sound = synthesise_clip(clip_id_of(slug, variation))
        active = find_active(sound, RATE, slug)
        assert active.onset_s == 0.0
        assert active.offset_s == pytest.approx(len(sound) / RATE, abs=1e-9)
        assert active.level_dbfs == pytest.approx(-26.0, abs=0.01)


@pytest.mark.parametrize("slug", ALL)
def test_most_of_a_clip_lies_where_it_can_be_localised(slug: str) -> None:
    shares = [share_between(synthesise_clip(clip_id_of(slug, v)), 300.0, 6_000.0) for v in range(8)]
    assert np.median(shares) > 0.35
    assert min(shares) > 0.2


@pytest.fixture(scope="module")
def heard_from() -> tuple[np.ndarray, float, LateralTable]:
    """KEMAR's response from the front left, its lateral angle, and the head's table for the listener."""
    head = load_hrtf("kemar", RATE)
    lateral_D = np.degrees(np.arcsin(head.directions_D3[:, 1]))
    ahead = (np.abs(head.directions_D3[:, 2]) < 0.01) & (head.directions_D3[:, 0] > 0.0)
    place = int(np.flatnonzero(ahead & (np.abs(lateral_D - 35.0) < 3.0))[0])
    return head.hrirs_DCK[place], float(lateral_D[place]), lateral_table(head)


@pytest.mark.parametrize("slug", ALL)
def test_a_clip_is_heard_where_it_is(slug: str, heard_from: tuple[np.ndarray, float, LateralTable]) -> None:
    hrir_CK, lateral_deg, table = heard_from
    for variation in range(2):
        ears_CT = fftconvolve(synthesise_clip(clip_id_of(slug, variation))[None], hrir_CK, axes=1)
        assert abs(localise_lateral(ears_CT, RATE, table).lateral_deg - lateral_deg) < 6.0


@pytest.mark.parametrize("slug", ALL)
def test_another_rate_is_the_same_sound(slug: str) -> None:
    clip_id = clip_id_of(slug, 2)
    original = synthesise_clip(clip_id)
    for rate in (16_000, 48_000, 96_000):
        sound = synthesise_clip(clip_id, rate)
        assert sound.dtype == np.float32
        assert np.abs(sound).max() < 1.0
        assert abs(len(sound) / rate - len(original) / RATE) < 1e-3
        expected, heard = (soxr.resample(s, r, 12_000) for s, r in ((original, RATE), (sound, rate)))
        samples = min(len(expected), len(heard))
        residue = heard[:samples] - expected[:samples]
        assert residue.std() < 0.01 * expected.std()
    assert share_between(synthesise_clip(clip_id, 96_000), 21_500.0, 48_000.0, 96_000) < 1e-4


def test_the_number_of_threads_changes_no_byte() -> None:
    for slug in ("church-bell", "wind-chimes", "guitar", "rain"):
        with threadpool_limits(1):
            alone = synthesise_clip(clip_id_of(slug, 1)).tobytes()
        with threadpool_limits(2):
            assert synthesise_clip(clip_id_of(slug, 1)).tobytes() == alone


def test_another_process_makes_the_same_bytes() -> None:
    ids = [clip_id_of(slug, 3) for slug in ("typing", "wind", "organ")]
    script = (
        "import hashlib, sys; from twnm_sim.clips.synthesis import synthesise_clip\n"
        "for one in reversed(sys.argv[1:]): print(hashlib.sha256(synthesise_clip(one).tobytes()).hexdigest())"
    )
    import hashlib

    done = subprocess.run([sys.executable, "-c", script, *ids], capture_output=True, text=True, check=True)
    here = [hashlib.sha256(synthesise_clip(one).tobytes()).hexdigest() for one in reversed(ids)]
    assert done.stdout.split() == here


# telling them apart


def test_the_classes_can_be_told_apart(features_VF: dict[str, np.ndarray]) -> None:
    """Ten variations of each class are known, ten others recognised: by the nearest centroid, and the nearest sound."""
    known = np.array([features_VF[slug][:HELD_OUT] for slug in ALL])
    spread = np.sqrt(np.square(known - known.mean(1, keepdims=True)).mean((0, 1)))
    asked = np.array([features_VF[slug][HELD_OUT:] for slug in ALL]) / spread
    centroids = known.mean(1) / spread
    by_centroid = np.square(asked[:, :, None] - centroids).sum(-1).argmin(-1) == np.arange(len(ALL))[:, None]
    assert by_centroid.mean() > 0.92
    neighbours = (known / spread).reshape(-1, known.shape[-1])
    distances = np.square(asked.reshape(-1, 1, known.shape[-1]) - neighbours).sum(-1)
    by_neighbour = (distances.argmin(1) // HELD_OUT).reshape(-1, HELD_OUT) == np.arange(len(ALL))[:, None]
    assert by_neighbour.mean() > 0.95
    assert by_neighbour.mean(1).min() >= 0.7, ALL[int(by_neighbour.mean(1).argmin())]


@pytest.mark.parametrize("slug", ALL)
def test_the_variations_of_a_class_differ(slug: str, features_VF: dict[str, np.ndarray]) -> None:
    everything = np.concatenate(list(features_VF.values()))
    own = features_VF[slug] / everything.std(0)
    distances = np.sqrt(np.square(own[:, None] - own).sum(-1))[np.triu_indices(len(own), 1)]
    assert np.median(distances) > 0.8
    assert distances.min() > 0.1


# the table of classes, ids, lengths


def test_the_table_says_what_each_class_is() -> None:
    tops = {say_class(mid) for mid, one in load_ontology().items() if not one.parents}
    assert len(CLASSES) >= 28
    assert len({one.name for one in CLASSES.values()}) == len(CLASSES)
    assert len({one.audioset_id for one in CLASSES.values()}) == len(CLASSES)
    for slug, one in CLASSES.items():
        assert one.slug == slug
        assert one.audioset_id in load_ontology()
        assert one.ancestors[-1] in tops
    families = [one.family for one in CLASSES.values()]
    assert min(families.count(family) for family in families) >= 3  # a question needs distractors that sound alike


def test_ancestors_begin_with_the_nearest() -> None:
    assert CLASSES["bird-chirps"].audioset_name == "Chirp, tweet"
    assert CLASSES["bird-chirps"].ancestors == (
        "bird vocalization, bird call, bird song", "bird", "wild animals", "animal",
    )  # fmt: skip


@pytest.mark.parametrize("slug", ALL)
def test_the_table_of_lengths_is_what_the_sounds_last(slug: str) -> None:
    """Where this fails after a sound was changed: raise BUILTIN_VERSION, run tests/support/builtin_lengths.py."""
    for variation in (0, 89):
        clip_id = clip_id_of(slug, variation)
        assert measure_clip(clip_id)[0] == pytest.approx(len(synthesise_clip(clip_id)) / RATE, abs=1e-9)
    assert len(tabled_lengths()[slug]) == 90


def test_a_clip_beyond_the_table_is_measured() -> None:
    clip_id = clip_id_of("drum", 90)
    sound = synthesise_clip(clip_id)
    active = find_active(sound, RATE, clip_id)
    assert measure_clip(clip_id) == pytest.approx((active.offset_s, active.level_dbfs), abs=0.01)


def test_ids_are_read_back() -> None:
    assert clip_id_of("clock-tick", 7) == "builtin:clock-tick-0007"
    assert class_of("builtin:clock-tick-0007") == (CLASSES["clock-tick"], 7)
    assert class_of("builtin:rain-12345") == (CLASSES["rain"], 12_345)


@pytest.mark.parametrize(
    "clip_id",
    ["builtin:kazoo-0001", "builtin:rain-1", "builtin:rain", "rain-0001", "builtin:rain-0001 ", "builtin:rain-00001"],
)
def test_an_id_that_is_not_ours_is_refused(clip_id: str) -> None:
    with pytest.raises(SpecError, match=r"^There is no built-in sound .* one of: church-bell, .*\.$"):
        synthesise_clip(clip_id)
