"""Textures: rain, wind, water, fire, crowds; many small events, or noise that drifts.

Models after A. Farnell, Designing Sound (MIT Press 2010), part IV "Nature"; what each takes from elsewhere it says.
"""

import numpy as np

from twnm_sim.clips.synthesis.draws import Draws
from twnm_sim.clips.synthesis.rhythms import bubble, clap
from twnm_sim.clips.synthesis.signals import (
    RATE,
    burst,
    lay,
    level,
    noise,
    random_times,
    samples_of,
    shape,
    swell,
    wander,
)


def specks(rng: np.random.Generator, seconds: float, rate_hz: float, spread: float) -> np.ndarray:
    """Impulses at Poisson times, their logarithms normal with standard deviation `spread`, (T,)."""
    track = np.zeros(samples_of(seconds), np.float32)
    places = (random_times(rng, seconds, rate_hz) * RATE).astype(int)
    heights = np.exp(spread * rng.standard_normal(len(places))) * rng.choice([-1.0, 1.0], len(places))
    np.add.at(track, places, heights)
    return track


def rain(draws: Draws) -> np.ndarray:
    """Drops on leaves or a roof: near drops that are heard one by one, and the hiss of the many farther ones."""
    rng, seconds = draws.rng("drops"), draws.between("seconds", 2.5, 5.0)
    ground_hz = draws.ratio("ground_hz", 900.0, 3_200.0)
    near = specks(rng, seconds, draws.ratio("drops_per_s", 300.0, 2_000.0), 0.25)
    near = shape(near, {200: -40, 1_000: -26, 20_000: -30}, [(ground_hz, 7.0, 1.0), (ground_hz * 2.3, 8.0, 0.6)])
    bright_db = draws.between("bright_db", -16.0, 2.0)
    far = noise(rng, seconds, {150: -20 + bright_db, 700: -6, 2_500: 0, 7_000: bright_db, 16_000: 2 * bright_db - 8})
    patter = level(near) + draws.ratio("far", 0.8, 1.8) * far
    return swell(patter + draws.ratio("plinks", 6.0, 14.0) * _plinks(draws, rng, ground_hz, seconds), 0.02, 0.05)


def _plinks(draws: Draws, rng: np.random.Generator, ground_hz: float, seconds: float) -> np.ndarray:
    """The heavy drops close by, each heard by itself."""
    kinds = [
        burst(
            rng, {200: -20, ground_hz * k: 0, 3 * ground_hz * k: -14, 16_000: -34}, draws.ratio("plink_s", 0.02, 0.06)
        )
        for k in (0.5, 0.7, 1.0, 1.4)
    ]
    times = random_times(rng, seconds, draws.ratio("plinks_per_s", 6.0, 25.0))
    return lay(seconds, times, (rng.uniform(0.3, 1.0) * kinds[rng.integers(4)] for _ in times))


def wind(draws: Draws) -> np.ndarray:
    """Gusts: a low rush, and the howl of edges that shed vortices at a pitch that follows the speed (Farnell 41)."""
    rng, seconds = draws.rng("air"), draws.between("seconds", 3.0, 5.0)
    speed = wander(rng, seconds, draws.ratio("gusts_per_s", 0.8, 2.0), 0.25, 1.0)
    rush = noise(rng, seconds, {40: -8, 150: 0, 600: -2, 1_800: -12, 6_000: -32})
    howl = np.sum([_narrow(rng, edge_hz * (0.5 + 0.6 * speed), seconds) for edge_hz in _edges(draws)], axis=0)
    return swell((rush + draws.ratio("howl", 0.6, 2.0) * level(howl)) * speed**1.6, 0.05, 0.1)


def _edges(draws: Draws) -> tuple[float, float]:
    """The pitches at which two edges howl in the strongest wind."""
    return draws.ratio("first_edge_hz", 450.0, 900.0), draws.ratio("second_edge_hz", 700.0, 1_400.0)


def _narrow(rng: np.random.Generator, centre_hz: np.ndarray, seconds: float) -> np.ndarray:
    """Noise some 30 Hz wide around a frequency that moves."""
    phase = 2.0 * np.pi * np.cumsum(centre_hz.astype(np.float64)) / RATE
    real, imaginary = (wander(rng, seconds, 30.0, -1.0, 1.0) for _ in range(2))
    sound: np.ndarray = (real * np.cos(phase) - imaginary * np.sin(phase)).astype(np.float32)
    return sound


def stream(draws: Draws) -> np.ndarray:
    """Running water: a crowd of bubbles of all sizes over a soft rush (van den Doel 2005, as for drips)."""
    rng, seconds = draws.rng("water"), draws.between("seconds", 2.5, 5.0)
    bubbles = int(draws.ratio("bubbles_per_s", 60.0, 140.0) * seconds)
    lowest_hz = draws.ratio("lowest_hz", 350.0, 600.0)
    kinds = [bubble(lowest_hz * 2.0 ** (k / 5.0), rng.uniform(0.1, 0.8), 0.16 * 2.0 ** (-k / 7.0)) for k in range(14)]
    chosen = (14.0 * rng.beta(1.2, 2.0, bubbles)).astype(int)
    gains = rng.exponential(1.0, bubbles)
    times = rng.uniform(0.0, seconds, bubbles)
    water = lay(seconds, times, (g * kinds[c] for c, g in zip(chosen, gains, strict=True)))
    rush = noise(rng, seconds, {200: -8, 600: 0, 2_000: -6, 8_000: -22, 16_000: -40})
    return swell(level(water) + draws.ratio("rush", 0.1, 0.35) * rush, 0.02, 0.05)


def fire(draws: Draws) -> np.ndarray:
    """A wood fire: crackles and pops at random over a low lapping of flames (Farnell 39)."""
    rng, seconds = draws.rng("flames"), draws.between("seconds", 2.5, 5.0)
    times = np.append(0.005, random_times(rng, seconds - 0.05, draws.ratio("crackles_per_s", 26.0, 50.0)))
    kinds = _crackles(rng, draws.ratio("crackle_hz", 1_400.0, 3_500.0))
    heights = rng.uniform(0.25, 0.8, len(times))
    crackles = lay(seconds, times, (h * kinds[rng.integers(len(kinds))] for h in heights))
    flames = noise(rng, seconds, {50: -4, 120: 0, 400: -6, 1_200: -22, 5_000: -46})
    flames *= wander(rng, seconds, 7.0, 0.3, 1.0)
    return swell(level(crackles) + draws.ratio("flames", 1.0, 1.4) * flames, 0.005, 0.03)


def _crackles(rng: np.random.Generator, middle_hz: float) -> list[np.ndarray]:
    """Cracks and pops of burning wood: short bursts around a pitch, the longer the lower."""
    stretch = 2.0 ** np.linspace(-1.0, 1.5, 10)
    return [
        burst(rng, {150: -9, middle_hz / k: 0, 3 * middle_hz / k: -8, 16_000: -24}, 0.035 * k, 0.0012) for k in stretch
    ]


def ocean_waves(draws: Draws) -> np.ndarray:
    """Surf: one or two waves that build up, break and run out, brighter the louder."""
    rng, seconds = draws.rng("sea"), draws.between("seconds", 3.5, 5.0)
    break_s = draws.between("break_s", 0.5, 2.4)
    t = np.arange(samples_of(seconds), dtype=np.float32) / RATE - np.float32(break_s)
    swash = np.where(
        t < 0.0, np.exp(t / draws.ratio("build_s", 0.15, 0.8)), np.exp(-t / draws.ratio("fade_s", 0.5, 2.0))
    )
    rush_hz = draws.ratio("rush_hz", 120.0, 420.0)
    rush = noise(rng, seconds, {50: -8, rush_hz: 0, 4 * rush_hz: -5, 12 * rush_hz: -16, 40 * rush_hz: -34})
    hiss = noise(rng, seconds, {400: -24, 1_500: -8, 4_000: 0, 9_000: -4, 16_000: -16})
    foam = np.maximum(swash, 0.03) ** 1.6
    return swell(rush * (0.15 + swash) + draws.ratio("foam", 0.2, 1.2) * hiss * foam, 0.05, 0.2)


def applause(draws: Draws) -> np.ndarray:
    """An audience: many people, each with hands and a pace of their own (Peltola et al., IEEE TASLP 15(3), 2007)."""
    rng, seconds = draws.rng("crowd"), draws.between("seconds", 2.5, 5.0)
    people = draws.count("people", 14, 40)
    hands = [clap(rng, cavity, rng.uniform(2.0, 5.0)) for cavity in np.exp(rng.uniform(np.log(700), np.log(2_200), 10))]
    times, sounds = [], []
    for _ in range(people):
        beat = rng.uniform(0.2, 0.32)
        own = np.arange(rng.uniform(0.0, beat), seconds, beat)
        own = own + 0.06 * beat * rng.standard_normal(len(own))
        hand, distance = hands[rng.integers(len(hands))], rng.uniform(1.0, 5.0)
        times += [max(0.0, t) for t in own]
        sounds += [hand / distance] * len(own)
    return swell(lay(seconds, times, sounds), 0.03, 0.1)


def steam(draws: Draws) -> np.ndarray:
    """Steam or air that escapes under pressure in one to three blasts: bright hiss with a whistling edge."""
    rng, blasts = draws.rng("valve"), draws.count("blasts", 1, 3)
    edge_hz, low_db = draws.ratio("edge_hz", 2_200.0, 6_500.0), draws.between("low_db", -24.0, -6.0)
    lengths = [draws.ratio(f"blast_{k}_s", 0.65, 1.4) for k in range(blasts)]
    starts = 0.005 + np.concatenate([[0.0], np.cumsum(np.array(lengths[:-1]) + rng.uniform(0.08, 0.3, blasts - 1))])
    knots = {300: 2 * low_db, 1_200: low_db, edge_hz: 0, edge_hz * 1.15: -5, 12_000: -8, 18_000: -18}
    puffs = [swell(noise(rng, s, knots) * np.linspace(1.0, 0.55, samples_of(s)), 0.008, 0.3 * s) for s in lengths]
    return lay(starts[-1] + lengths[-1], starts, puffs)
