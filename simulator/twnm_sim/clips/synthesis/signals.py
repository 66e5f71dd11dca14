"""The building blocks of synthesis: struck modes, shaped noise, harmonic tones, envelopes. All at RATE, float32 (T,).

Everything is band-limited when it is made: noise is drawn as a spectrum that ends at TOP_HZ, a tone leaves out the
harmonics above it, a mode above it does not sound. Nothing is clipped or distorted afterwards.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import fft

RATE = 44_100  # samples a second of all synthesis; another rate is resampled from it, as a recording would be
TOP_HZ = 20_000.0
LOW_HZ = 30.0  # below this nothing is made
DECADES_60_DB = 3.0 * np.log(10.0)  # an amplitude falls by 60 dB in this many time constants

Knots = Mapping[float, float]  # frequency in hertz: level in dB, straight between over the logarithm of frequency


def samples_of(seconds: float) -> int:
    """The number of samples in a time."""
    return round(seconds * RATE)


def clock(seconds: float) -> np.ndarray:
    """The time in seconds of every sample (T,), float64."""
    return np.arange(samples_of(seconds)) / RATE


def strike(
    modes_hz: np.ndarray, ring_s: npt.ArrayLike, gains: npt.ArrayLike, contact_s: float, seconds: float
) -> np.ndarray:
    """A body struck once at time zero: its modes (M,) ring down 60 dB in `ring_s` (M,).

    The blow is a half-sine force of length `contact_s`: a longer contact excites the high modes less, by the spectrum
    of that force, 1 / (1 + (2 f t)^2) at its crests (Fletcher and Rossing, The Physics of Musical Instruments, 2.3).
    """
    audible = modes_hz < TOP_HZ
    modes_hz = modes_hz[audible]
    ring_s, gains = (np.broadcast_to(x, audible.shape)[audible] for x in (ring_s, gains))
    strength = gains / (1.0 + (2.0 * modes_hz * contact_s) ** 2)
    sound = sum_decays(modes_hz, ring_s, strength, samples_of(min(seconds, 1.2 * float(ring_s.max()))))
    rise = max(8, samples_of(contact_s))
    sound[:rise] *= np.sin(np.linspace(0.0, np.pi / 2, rise))[: len(sound)] ** 2
    return sound


def sum_decays(modes_hz: np.ndarray, ring_s: np.ndarray, gains: np.ndarray, samples: int) -> np.ndarray:
    """The sum of M decaying sines, (T,).

    z^(aB + b) = z^(aB) z^b: the values at the starts of blocks times those within a block, summed over the modes, is
    one product of matrices, which costs a small part of M sines of full length.
    """
    block = max(1, int(samples**0.5))
    rate = 2j * np.pi * modes_hz / RATE - DECADES_60_DB / (ring_s * RATE)
    starts = np.exp(np.outer(np.arange(-(-samples // block)) * block, rate)) * gains
    within = np.exp(np.outer(rate, np.arange(block)))
    decaying: np.ndarray = (starts.real @ within.imag + starts.imag @ within.real).ravel()[:samples].astype(np.float32)
    return decaying


def lay(seconds: float, starts_s: Iterable[float], sounds: Iterable[np.ndarray]) -> np.ndarray:
    """Sounds begun at their times in a clip of this length; what runs over the end is cut."""
    track = np.zeros(samples_of(seconds), np.float32)
    for start_s, sound in zip(starts_s, sounds, strict=False):
        part = track[samples_of(start_s) :][: len(sound)]
        part += sound[: len(part)]
    return track


def noise(rng: np.random.Generator, seconds: float, knots: Knots) -> np.ndarray:
    """Gaussian noise of RMS 1 with the spectrum of the knots."""
    samples = samples_of(seconds)
    size = fft.next_fast_len(samples, real=True)
    edge = int(TOP_HZ / RATE * size)
    spectrum = np.zeros(size // 2 + 1, np.complex64)
    spectrum[:edge] = rng.standard_normal(2 * edge, np.float32).view(np.complex64)
    spectrum[:edge] *= _gains_of(knots, np.arange(edge) * (RATE / size))
    return level(fft.irfft(spectrum, size)[:samples])


def shape(sound: np.ndarray, knots: Knots, resonances: Sequence[tuple[float, float, float]] = ()) -> np.ndarray:
    """The sound through a zero-phase filter with the levels of the knots and (hertz, Q, gain) resonances added."""
    size = fft.next_fast_len(len(sound) + RATE // 20, real=True)
    frequencies = np.arange(size // 2 + 1) * (RATE / size)
    gain = _gains_of(knots, frequencies)
    for centre_hz, quality, height in resonances:
        gain = gain + height * resonance(frequencies, centre_hz, quality)
    gain[(frequencies < LOW_HZ) | (frequencies > TOP_HZ)] = 0.0
    shaped: np.ndarray = fft.irfft(fft.rfft(sound, size) * gain, size)[: len(sound)]
    return shaped


def resonance(frequencies: np.ndarray, centre_hz: float, quality: float) -> np.ndarray:
    """The magnitude of a resonator, 1 at its centre."""
    detuning = frequencies / centre_hz - centre_hz / np.maximum(frequencies, 1.0)
    magnitudes: np.ndarray = (1.0 / np.sqrt(1.0 + (quality * detuning) ** 2)).astype(np.float32)
    return magnitudes


def _gains_of(knots: Knots, frequencies: np.ndarray) -> np.ndarray:
    places = np.log(np.fromiter(knots, float))
    levels = np.interp(np.log(np.maximum(frequencies, 1.0)), places, np.fromiter(knots.values(), float))
    gains: np.ndarray = np.power(10.0, levels / 20.0).astype(np.float32)
    gains[frequencies < LOW_HZ] = 0.0
    return gains


def level(sound: np.ndarray) -> np.ndarray:
    """The sound at RMS 1."""
    levelled: np.ndarray = sound / np.sqrt(np.mean(np.square(sound)))
    return levelled


def harmonics(pitch_hz: np.ndarray | float, gains: np.ndarray, seconds: float) -> np.ndarray:
    """A tone of given harmonics (K,), complex for their phases, at a pitch that may move (T,).

    Harmonics that would pass TOP_HZ are left out. One period is read from a table with linear interpolation; at 65,536
    points the error stays below -80 dB.
    """
    pitch_hz = np.broadcast_to(np.asarray(pitch_hz, np.float64), (samples_of(seconds),))
    gains = gains[: max(1, int(TOP_HZ / pitch_hz.max()))]
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
    spectrum[1 : len(gains) + 1] = -0.5j * _TABLE * gains
    table = fft.irfft(spectrum, _TABLE).astype(np.float32)
    place = np.cumsum(pitch_hz / RATE)
    place = (place - np.floor(place)) * _TABLE
    whole = place.astype(np.int32)
    part = (place - whole).astype(np.float32)
    here = table[whole & (_TABLE - 1)]
    tone: np.ndarray = here + part * (table[(whole + 1) & (_TABLE - 1)] - here)
    return tone


_TABLE = 1 << 16


def dispersed(rng: np.random.Generator, count: int, pitch_hz: float, delay_s: float) -> np.ndarray:
    """Phases of `count` harmonics, each delayed by another time around `delay_s`, as pipes and cases do.

    In phase, the harmonics of a machine would add up to needles that nothing in life emits.
    """
    phases: np.ndarray = np.exp(2j * np.pi * pitch_hz * np.cumsum(delay_s * rng.standard_normal(count)))
    return phases


def slope(count: int, db_per_octave: float) -> np.ndarray:
    """Gains of `count` harmonics that fall by so many dB an octave."""
    gains: np.ndarray = np.arange(1, count + 1) ** (-db_per_octave / (20.0 * np.log10(2.0)))
    return gains


def curve(seconds: float, points: Sequence[tuple[float, float]]) -> np.ndarray:
    """Straight lines through (time in seconds, value) at every sample."""
    times, values = zip(*points, strict=True)
    values_T: np.ndarray = np.interp(clock(seconds), times, values).astype(np.float32)
    return values_T


def wander(rng: np.random.Generator, seconds: float, rate_hz: float, low: float, high: float) -> np.ndarray:
    """A value that drifts between low and high, turning about `rate_hz` times a second."""
    knots = rng.uniform(low, high, int(seconds * rate_hz) + 4)
    fine = np.repeat(knots, 8)
    fine = np.convolve(fine, np.hanning(18)[1:-1] / np.hanning(18).sum(), "same")[8:-8]
    return np.interp(clock(seconds) * rate_hz * 8.0, np.arange(len(fine)), fine).astype(np.float32)


def swell(sound: np.ndarray, rise_s: float, fall_s: float) -> np.ndarray:
    """The sound with a smooth beginning and end."""
    sound = np.array(sound, np.float32)
    for length, part in ((samples_of(rise_s), sound), (samples_of(fall_s), sound[::-1])):
        length = min(length, len(sound))
        part[:length] *= np.sin(np.linspace(0.0, np.pi / 2, length, dtype=np.float32)) ** 2
    return sound


def burst(rng: np.random.Generator, knots: Knots, decay_s: float, rise_s: float = 0.001) -> np.ndarray:
    """A puff of shaped noise of peak about 1 that decays by 60 dB in `decay_s`."""
    sound = noise(rng, decay_s + rise_s, knots) * np.exp(-DECADES_60_DB / decay_s * clock(decay_s + rise_s))
    return swell(0.4 * sound, rise_s, 0.1 * decay_s)


def random_times(rng: np.random.Generator, seconds: float, rate_hz: float) -> np.ndarray:
    """The times of a Poisson process, sorted."""
    return np.sort(rng.uniform(0.0, seconds, rng.poisson(rate_hz * seconds)))


def steady_times(rng: np.random.Generator, seconds: float, period_s: float, looseness: float) -> np.ndarray:
    """The times of a beat from 5 ms on whose intervals scatter by a part `looseness` (standard deviation)."""
    count = int(seconds / period_s) + 1
    steps = period_s * np.clip(1.0 + looseness * rng.standard_normal(count), 0.5, 1.5)
    times = 0.005 + np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    return times[times < seconds - 0.02]
