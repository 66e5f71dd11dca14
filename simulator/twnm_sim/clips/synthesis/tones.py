"""Tones: whistling, flute, plucked string, organ."""

import numpy as np

from twnm_sim.clips.synthesis.draws import Draws
from twnm_sim.clips.synthesis.signals import (
    DECADES_60_DB,
    RATE,
    clock,
    curve,
    harmonics,
    lay,
    level,
    noise,
    samples_of,
    sum_decays,
    swell,
)

MAJOR = (0, 2, 4, 5, 7, 9, 11, 12)


def melody(rng: np.random.Generator, notes: int) -> np.ndarray:
    """A walk over a major scale, as ratios to its lowest note."""
    place = np.abs(np.cumsum(rng.integers(-2, 3, notes)) + 3) % len(MAJOR)
    ratios: np.ndarray = 2.0 ** (np.array(MAJOR)[place] / 12.0)
    return ratios


def whistling(draws: Draws) -> np.ndarray:
    """Someone whistles a few notes: nearly pure, sliding from one to the next, with vibrato and breath."""
    rng, notes = draws.rng("tune"), draws.count("notes", 4, 9)
    lengths = draws.between("note_s", 0.25, 0.45) * rng.choice([1.0, 1.0, 2.0], notes)
    seconds = min(5.0, float(lengths.sum()))
    starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    pitches = draws.ratio("lowest_hz", 850.0, 1_300.0) * melody(rng, notes)
    points = [(s + d, p) for s, n, p in zip(starts, lengths, pitches, strict=True) for d in (0.06, n - 0.02)]
    vibrato = 1.0 + 0.008 * np.sin(2.0 * np.pi * draws.between("vibrato_hz", 4.5, 7.0) * clock(seconds))
    tone = harmonics(curve(seconds, points) * vibrato, np.array([1.0, 0.05, 0.02]), seconds)
    dips = [(s + d, g) for s in starts for d, g in ((0.0, 0.35), (0.05, 1.0), (0.2, 0.9))]
    breath = noise(rng, seconds, {500: -20, 1_500: 0, 4_000: -6, 12_000: -20})
    return swell((level(tone) + 0.06 * breath) * curve(seconds, dips), 0.03, 0.08)


def flute(draws: Draws) -> np.ndarray:
    """A flute: few harmonics, a chiff of breath at each start, vibrato that grows."""
    rng, notes = draws.rng("tune"), draws.count("notes", 3, 7)
    lengths = draws.between("note_s", 0.3, 0.6) * rng.choice([1.0, 1.0, 1.5], notes)
    starts = 0.005 + np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    pitches = draws.ratio("lowest_hz", 294.0, 590.0) * melody(rng, notes)
    gains = np.array([1.0, draws.between("octave", 0.4, 0.9), draws.between("twelfth", 0.15, 0.45), 0.12, 0.08, 0.04])
    sounds = [_flute_note(rng, p, n, gains) for p, n in zip(pitches, lengths, strict=True)]
    return lay(min(5.0, starts[-1] + lengths[-1]), starts, sounds)


def _flute_note(rng: np.random.Generator, pitch_hz: float, seconds: float, gains: np.ndarray) -> np.ndarray:
    t = clock(seconds)
    vibrato = np.sin(2.0 * np.pi * 5.2 * t) * np.minimum(1.0, t / 0.3)
    tone = level(harmonics(pitch_hz * (1.0 + 0.004 * vibrato), gains, seconds)) * (1.0 + 0.15 * vibrato)
    breath = noise(rng, seconds, {pitch_hz: -4, pitch_hz * 3: 0, 5_000: -10, 14_000: -26})
    return swell(tone + breath * (0.06 + 0.5 * np.exp(-t / 0.03)), 0.03, 0.06)


def guitar(draws: Draws) -> np.ndarray:
    """Plucked strings, single notes or a broken chord.

    K. Karplus and A. Strong, "Digital synthesis of plucked-string and drum timbres", Computer Music J. 7(2), 1983, with
    the place of the pick of D. A. Jaffe and J. O. Smith, ibid.
    """
    rng, notes = draws.rng("tune"), draws.count("notes", 1, 6)
    chord = np.array(draws.pick("chord", ((0, 7, 12, 16, 19, 24), (0, 7, 12, 15, 19, 24), (0, 5, 12, 17, 21, 24))))
    lowest_hz, step_s = draws.ratio("lowest_hz", 110.0, 260.0), draws.ratio("step_s", 0.06, 0.4)
    order = chord[:notes] if draws.pick("up", (True, False)) else chord[:notes][::-1]
    times = 0.005 + step_s * np.arange(notes)
    seconds = min(5.0, times[-1] + draws.between("ring_s", 1.0, 2.2))
    pick_at, bright = draws.between("pick_at", 0.1, 0.35), draws.ratio("bright_hz", 2_500.0, 7_000.0)
    strings = [pluck(rng, lowest_hz * 2.0 ** (n / 12.0), seconds, pick_at, bright) for n in order]
    return lay(seconds, times, strings)


def pluck(rng: np.random.Generator, pitch_hz: float, seconds: float, pick_at: float, bright_hz: float) -> np.ndarray:
    """One string: a burst of one period that runs round a delay line whose end averages two neighbours.

    The loop is linear, so it is the sum of its poles: at each turn harmonic f keeps a part loss * cos(pi f / RATE).
    Summed so, its pitch is exact and needs no tuning filter. Harmonics with a node where it is plucked are silent.
    """
    order = np.arange(1, int(18_000.0 / pitch_hz))
    kept = 10.0 ** (-3.0 / (4.0 * pitch_hz)) * np.cos(np.pi * order * pitch_hz / RATE)
    ring_s = -DECADES_60_DB / (pitch_hz * np.log(kept))
    burst = rng.standard_normal((2, len(order))) / np.hypot(1.0, order * pitch_hz / bright_hz)
    gains = (burst[0] + 1j * burst[1]) * np.sin(np.pi * order * pick_at)
    return swell(sum_decays(order * pitch_hz, ring_s, gains, samples_of(seconds)), 0.001, 0.0)


def organ(draws: Draws) -> np.ndarray:
    """An organ chord: ranks of pipes at octaves and twelfths, each chord held, a little wind."""
    rng, chords = draws.rng("stops"), draws.count("chords", 1, 3)
    root_hz = draws.ratio("root_hz", 130.0, 262.0)
    ranks = np.zeros(16)
    ranks[[0, 1, 2, 3, 5, 7, 9, 11, 15]] = np.array([1.0, 0.8, 0.4, 0.6, 0.3, 0.4, 0.15, 0.15, 0.2]) * rng.uniform(
        0.5, 1.2, 9
    )
    length_s = draws.between("seconds", 2.0, 4.8) / chords
    shapes = ((0, 4, 7, 12), (-3, 4, 9, 12), (0, 5, 9, 12), (-1, 2, 7, 14))
    sounds = []
    for _ in range(chords):
        pitches = root_hz * 2.0 ** (np.array(shapes[rng.integers(4)]) / 12.0)
        pipes = np.sum([harmonics(p * rng.uniform(0.999, 1.001), ranks, length_s + 0.08) for p in pitches], axis=0)
        wind = noise(rng, length_s + 0.08, {300: -10, 1_500: 0, 6_000: -16})
        sounds.append(swell(level(pipes) + 0.04 * wind, 0.04, 0.12))
    return lay(chords * length_s + 0.08, 0.005 + length_s * np.arange(chords), sounds)
