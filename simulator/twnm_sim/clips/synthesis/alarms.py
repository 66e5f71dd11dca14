"""Signals that are meant to be heard: alarms, bells, horns, sirens, tones of a telephone line."""

import numpy as np

from twnm_sim.clips.synthesis.draws import Draws
from twnm_sim.clips.synthesis.impacts import FREE_BAR, paired, uneven
from twnm_sim.clips.synthesis.signals import (
    clock,
    curve,
    harmonics,
    lay,
    level,
    noise,
    samples_of,
    shape,
    slope,
    strike,
    swell,
)


def beep(pitch_hz: float, gains: np.ndarray, seconds: float) -> np.ndarray:
    """One beep with edges of 3 ms."""
    return swell(harmonics(pitch_hz, gains, seconds), 0.003, 0.003)


def alarm_clock(draws: Draws) -> np.ndarray:
    """An electronic alarm clock: groups of two to four short beeps of a piezo element."""
    beeps, length_s = draws.count("beeps", 2, 4), draws.between("beep_s", 0.05, 0.085)
    pitch_hz, step_s = draws.ratio("pitch_hz", 1_900.0, 2_700.0), length_s * draws.between("gap", 1.7, 2.1)
    group_s = step_s * (beeps + draws.between("pause", 2.0, 5.0))
    groups = max(2, int(draws.between("seconds", 1.6, 4.5) / group_s))
    times = [0.005 + g * group_s + b * step_s for g in range(groups) for b in range(beeps)]
    gains = np.array([1.0, draws.between("second", 0.05, 0.3), draws.between("third", 0.2, 0.5), 0.05, 0.1])
    return lay(times[-1] + length_s + 0.01, times, [beep(pitch_hz, gains, length_s)] * len(times))


def smoke_alarm(draws: Draws) -> np.ndarray:
    """A smoke alarm: about 3.1 kHz, three beeps of half a second and a pause (T3 of ISO 8201), or faster."""
    pitch_hz = draws.ratio("pitch_hz", 2_900.0, 3_500.0)
    on_s, off_s = draws.pick("pattern_s", ((0.5, 0.5), (0.5, 0.5), (0.3, 0.2), (0.4, 0.1)))
    count = draws.count("beeps", 3, 6)
    times = 0.005 + (on_s + off_s) * np.arange(count)
    times = times[times + on_s < 5.0]
    gains = np.array([1.0, draws.between("second", 0.05, 0.25), draws.between("third", 0.1, 0.35)])
    return lay(times[-1] + on_s + 0.01, times, [beep(pitch_hz, gains, on_s)] * len(times))


def siren(draws: Draws) -> np.ndarray:
    """A police siren: a bright tone that wails slowly, yelps quickly, or jumps between two notes."""
    seconds = draws.between("seconds", 3.0, 5.0)
    low_hz, width = draws.ratio("low_hz", 420.0, 620.0), draws.between("width", 1.8, 2.6)
    kind = draws.pick("kind", ("wail", "yelp", "two notes"))
    if kind == "two notes":
        step_s = draws.between("step_s", 0.4, 0.7)
        sweep = (np.floor(clock(seconds) / step_s) % 2) * (np.log(4.0 / 3.0) / np.log(width))
        sweep = np.convolve(sweep, np.ones(samples_of(0.01)) / samples_of(0.01), "same")
    else:
        rate_hz = draws.between("rate_hz", 0.25, 0.5) if kind == "wail" else draws.between("rate_hz", 2.5, 4.0)
        place = (rate_hz * clock(seconds) + draws.between("start", 0.0, 0.5)) % 1.0
        sweep = np.minimum(place / 0.55, (1.0 - place) / 0.45)
    tone = harmonics(low_hz * width**sweep, slope(16, draws.between("fall_db", 4.0, 7.0)), seconds)
    horn_hz = draws.ratio("horn_hz", 1_000.0, 1_800.0)
    return swell(shape(tone, {200: -12, 800: -3, 4_000: -6, 10_000: -24}, [(horn_hz, 1.5, 1.0)]), 0.03, 0.05)


def telephone(draws: Draws) -> np.ndarray:
    """An old telephone: a clapper between two gongs, some twenty blows a second, in one to three rings."""
    rng = draws.rng("gongs")
    low_hz = draws.ratio("pitch_hz", 1_050.0, 1_500.0)
    gongs = [
        strike(paired(p * np.array([1.0, 2.6, 4.7, 7.1]), rng, 0.004), 0.5, uneven(rng, 8, 3.0), 1e-4, 0.5)
        for p in (low_hz, low_hz * draws.between("interval", 1.12, 1.3))
    ]
    on_s, off_s = draws.between("on_s", 0.5, 1.2), draws.between("off_s", 0.25, 0.8)
    rings = min(draws.count("rings", 1, 3), int(4.6 / (on_s + off_s)) + 1)
    once = np.arange(0.0, on_s, 1.0 / draws.between("blows_per_s", 30.0, 44.0))
    times = 0.005 + np.concatenate([once + r * (on_s + off_s) for r in range(rings)])
    return lay(
        min(5.0, times[-1] + 0.35), times, [gongs[i % 2] * g for i, g in enumerate(rng.uniform(0.8, 1.0, len(times)))]
    )


def car_horn(draws: Draws) -> np.ndarray:
    """A car's horn: two reeds a third apart, full of harmonics, pressed once to three times."""
    rng, presses = draws.rng("horn"), draws.count("presses", 1, 3)
    low_hz, interval = draws.ratio("pitch_hz", 330.0, 460.0), draws.between("interval", 1.18, 1.29)
    lengths = [draws.ratio(f"press_{k}_s", 0.2, 0.9) for k in range(presses)]
    lengths[-1] += 0.45
    starts = 0.005 + np.concatenate([[0.0], np.cumsum(np.array(lengths[:-1]) + rng.uniform(0.1, 0.3, presses - 1))])
    gains = np.exp(0.35 * rng.standard_normal(30)) * slope(30, 2.5)
    bell_hz = draws.ratio("bell_hz", 1_600.0, 2_800.0)
    blasts = [swell(harmonics(low_hz, gains, s) + harmonics(low_hz * interval, gains, s), 0.012, 0.03) for s in lengths]
    track = lay(starts[-1] + lengths[-1] + 0.02, starts, blasts)
    return shape(track, {200: -10, 600: -6, 3_000: -8, 9_000: -28}, [(bell_hz, 1.5, 1.2)])


def doorbell(draws: Draws) -> np.ndarray:
    """Ding-dong: two struck bars over their tubes, the second a third or so lower."""
    rng = draws.rng("bars")
    high_hz, interval = draws.ratio("pitch_hz", 560.0, 900.0), draws.pick("interval", (1.2, 1.26, 1.335, 1.5))
    ring_s, gap_s = draws.ratio("ring_s", 1.4, 3.0), draws.between("gap_s", 0.4, 0.75)
    gains = np.array([1.0, 0.35, 0.2, 0.1, 0.05]) * uneven(rng, 5, 2.0)
    ding, dong = (strike(p * FREE_BAR, ring_s / FREE_BAR, gains, 4e-4, 2.5) for p in (high_hz, high_hz / interval))
    times = [0.005, 0.005 + gap_s]
    if draws.pick("twice", (False, False, True)):
        times += [t + 2.6 * gap_s for t in times]
    return lay(min(5.0, times[-1] + 1.1), times, [ding, dong] * 2)


def busy_tone(draws: Draws) -> np.ndarray:
    """The busy tone of a telephone line: 480 and 620 Hz (North America) or 425 Hz (ITU-T E.180), on and off."""
    pitches, on_s = draws.pick(
        "country", (((480.0, 620.0), 0.5), ((425.0,), 0.48), ((400.0,), 0.375), ((425.0,), 0.25))
    )
    line = np.array([1.0, draws.between("second", 0.02, 0.2), draws.between("third", 0.05, 0.3), 0.03])
    on_s *= draws.between("pace", 0.93, 1.07)
    tone = np.sum([harmonics(p * draws.between("tuning", 0.97, 1.03), line, on_s) for p in pitches], axis=0)
    times = 0.005 + 2.0 * on_s * np.arange(max(2, int(draws.between("seconds", 2.0, 4.6) / (2.0 * on_s))))
    return lay(times[-1] + on_s + 0.01, times, [swell(tone, 0.004, 0.004)] * len(times))


def reversing_beeps(draws: Draws) -> np.ndarray:
    """A lorry that reverses: one hard beep about every second (SAE J994 allows 0.8 to 2 a second)."""
    pitch_hz, period_s = draws.ratio("pitch_hz", 950.0, 1_450.0), draws.between("period_s", 0.6, 1.1)
    on_s = period_s * draws.between("on", 0.4, 0.55)
    gains = np.array([1.0, 0.15, draws.between("third", 0.3, 0.7), 0.1, draws.between("fifth", 0.15, 0.4), 0.05, 0.15])
    times = 0.005 + period_s * np.arange(max(2, int(draws.between("seconds", 2.0, 4.8) / period_s)))
    return lay(times[-1] + on_s + 0.01, times, [beep(pitch_hz, gains, on_s)] * len(times))


def whistle(draws: Draws) -> np.ndarray:
    """A referee's whistle: two chambers close in pitch whose beat and the pea make it trill."""
    rng, blasts = draws.rng("whistle"), draws.count("blasts", 1, 3)
    lengths = [draws.ratio(f"blast_{k}_s", 0.25, 0.9) for k in range(blasts)]
    lengths[-1] += 0.4  # the last one is held
    starts = 0.005 + np.concatenate([[0.0], np.cumsum(np.array(lengths[:-1]) + rng.uniform(0.12, 0.3, blasts - 1))])
    pitch_hz, trill_hz = draws.ratio("pitch_hz", 2_300.0, 3_600.0), draws.between("trill_hz", 26.0, 60.0)
    split = draws.between("split", 1.03, 1.08)
    sounds = [_blast(rng, pitch_hz, split, trill_hz, s) for s in lengths]
    return lay(starts[-1] + lengths[-1] + 0.01, starts, sounds)


def _blast(rng: np.random.Generator, pitch_hz: float, split: float, trill_hz: float, seconds: float) -> np.ndarray:
    trill = np.sin(2.0 * np.pi * trill_hz * clock(seconds)).astype(np.float32)
    rise = curve(seconds, [(0.0, 0.94), (0.04, 1.0), (seconds, 1.0)])
    gains = np.array([1.0, 0.12, 0.06])
    tones = np.sum(
        [harmonics(pitch_hz * k * rise * (1.0 + 0.012 * trill), gains, seconds) for k in (1.0, split)], axis=0
    )
    breath = noise(rng, seconds, {800: -20, pitch_hz: 0, 2 * pitch_hz: -8, 16_000: -20})
    return swell(level(tones * (0.65 + 0.35 * trill)) + 0.15 * breath, 0.012, 0.03)
