"""Things that are struck: bells, bars, glasses, plates, membranes. Modal synthesis.

The ratios of the modes are those of N. H. Fletcher and T. D. Rossing, The Physics of Musical Instruments, 2nd ed.,
Springer 1998 ("FR" below); modal synthesis as in K. van den Doel and D. K. Pai, "The sounds of physical shapes",
Presence 7(4), 1998: a sum of decaying sines whose strengths the place and the length of the blow decide.
"""

import numpy as np

from twnm_sim.clips.synthesis.draws import Draws
from twnm_sim.clips.synthesis.signals import burst, lay, random_times, steady_times, strike

# a church bell, from the hum on (FR 21.3, table 21.1); the strike note is the octave below the nominal (2.0)
BELL = np.array([0.5, 1.0, 1.183, 1.506, 2.0, 2.514, 2.662, 3.011, 4.166, 5.433, 6.796, 8.215])
# a bar or tube free at both ends, bending (FR 2.15: 3.011^2, 5^2, 7^2, ... over the first)
FREE_BAR = np.array([1.0, 2.756, 5.404, 8.933, 13.34])
# a wine glass: modes of n = 2, 3, ... meridians lie close to n^2 (FR 20.5; French, Am. J. Phys. 51, 688, 1983)
GLASS = np.arange(2, 8) ** 2 / 4.0
# a thin disc with a free edge (FR 3.6, table 3.3)
DISC = np.array([1.0, 1.73, 2.328, 3.91, 4.11, 6.30, 6.71])
# an ideal membrane (FR 3.3: zeros of Bessel functions over the first)
MEMBRANE = np.array([1.0, 1.594, 2.136, 2.296, 2.653, 2.917, 3.155, 3.5, 3.598, 3.647, 4.059])
# a xylophone's bar, undercut so that the second mode is the twelfth (FR 19.5)
XYLOPHONE = np.array([1.0, 3.0, 6.1, 9.9])


def uneven(rng: np.random.Generator, count: int, spread_db: float) -> np.ndarray:
    """Gains around 1, as the place of a blow makes them."""
    return 10.0 ** (spread_db / 20.0 * rng.standard_normal(count))


def paired(modes: np.ndarray, rng: np.random.Generator, split: float) -> np.ndarray:
    """Each mode twice, a part `split` apart: what is not quite round beats (FR 21.6)."""
    return np.concatenate([modes, modes * (1.0 + split * rng.uniform(0.3, 1.0, len(modes)))])


def church_bell(draws: Draws) -> np.ndarray:
    """A large bell, tolled once to three times."""
    rng, seconds = draws.rng("body"), draws.between("seconds", 2.8, 5.0)
    modes = draws.ratio("strike_note_hz", 230.0, 620.0) * paired(BELL, rng, 0.004)
    gains = np.tile([0.5, 0.8, 1.0, 0.4, 1.0, 0.4, 0.4, 0.7, 0.5, 0.35, 0.25, 0.2], 2) * uneven(rng, 24, 2.0)
    ring_s = draws.ratio("ring_s", 2.5, 7.0) * (modes / modes[1]) ** -0.9
    toll = strike(modes, ring_s, gains, draws.ratio("contact_s", 0.0002, 0.0006), seconds)
    times = steady_times(rng, seconds, draws.pick("period_s", [1.1, 1.6, 6.0]), 0.02)
    return lay(seconds, times, [toll * g for g in rng.uniform(0.7, 1.0, len(times))])


def bicycle_bell(draws: Draws) -> np.ndarray:
    """A small bright bell whose lever spins the strikers: a quick series of blows, once or twice."""
    rng = draws.rng("body")
    modes = draws.ratio("pitch_hz", 1_500.0, 2_600.0) * paired(np.array([1.0, 2.2, 3.6, 5.2]), rng, 0.006)
    ring_s = draws.ratio("ring_s", 1.0, 2.0) * (modes / modes[0]) ** -0.7
    gains = np.tile([1.0, 0.6, 0.35, 0.2], 2) * uneven(rng, 8, 2.0)
    blow = strike(modes, ring_s, gains, 0.0001, 2.0)
    turns, period_s = draws.count("turns", 1, 3), draws.between("turn_s", 0.35, 0.6)
    blows, step_s = draws.count("blows", 4, 7), draws.between("step_s", 0.028, 0.05)
    times = [0.005 + t * period_s + b * step_s * (1.0 + 0.05 * b) for t in range(turns) for b in range(blows)]
    return lay(times[-1] + 1.1, times, [blow * g for g in rng.uniform(0.3, 1.0, len(times))])


def wind_chimes(draws: Draws) -> np.ndarray:
    """Hanging tubes on a pentatonic scale, struck at random by the wind."""
    rng, seconds = draws.rng("body"), draws.between("seconds", 3.0, 5.0)
    scale = draws.ratio("lowest_hz", 650.0, 1_300.0) * 2.0 ** (np.array([0, 2, 4, 7, 9, 12]) / 12.0)
    ring_s, split = draws.ratio("ring_s", 1.5, 4.0), 0.002
    tubes = [
        strike(paired(p * FREE_BAR, rng, split), ring_s / np.tile(FREE_BAR, 2) ** 0.8, uneven(rng, 10, 3.0), 2e-4, 4.0)
        for p in scale
    ]
    times = np.concatenate([[0.005], random_times(rng, seconds - 0.2, draws.ratio("blows_per_s", 3.0, 8.0))])
    chosen = rng.integers(len(tubes), size=len(times))
    return lay(seconds, times, [tubes[c] * g for c, g in zip(chosen, rng.uniform(0.2, 1.0, len(times)), strict=True)])


def glass_clink(draws: Draws) -> np.ndarray:
    """Two glasses touched to each other, once or a few times."""
    rng, seconds = draws.rng("body"), draws.between("seconds", 1.0, 2.2)
    clink = np.zeros(1, np.float32)
    pitch_hz = draws.ratio("pitch_hz", 1_000.0, 2_400.0)
    for pitch in (pitch_hz, pitch_hz * draws.between("other", 1.05, 1.4)):
        modes = paired(pitch * GLASS, rng, 0.008)
        ring_s = draws.ratio("ring_s", 1.2, 2.4) * (modes / pitch) ** -0.6
        glass = strike(modes, ring_s, uneven(rng, len(modes), 5.0), 0.0001, seconds)
        clink = lay(seconds, (0.0, 0.0), (clink, glass))
    touches = draws.count("touches", 1, 3)
    times = 0.005 + np.concatenate([[0.0], np.cumsum(rng.uniform(0.09, 0.35, touches - 1))])
    return lay(seconds, times, [clink * g for g in rng.uniform(0.5, 1.0, touches)])


def wood_block(draws: Draws) -> np.ndarray:
    """A hollow block of wood, tapped in a short pattern: a damped bar over a cavity."""
    rng = draws.rng("body")
    modes = draws.ratio("pitch_hz", 620.0, 1_300.0) * np.array([1.0, 1.42, 2.756, 3.9])
    hit = strike(modes, draws.ratio("ring_s", 0.07, 0.16) / np.sqrt(modes / modes[0]), [1.0, 0.4, 0.3, 0.15], 3e-4, 0.3)
    step_s = draws.ratio("step_s", 0.17, 0.32)
    pattern = draws.pick("pattern", ((0, 1, 2, 3), (0, 2, 3, 4, 6), (0, 1, 2, 4), (0, 3, 6), (0, 1, 4, 5, 8)))
    times = 0.005 + step_s * np.array(pattern)
    return lay(times[-1] + 0.25, times, [hit * g for g in rng.uniform(0.7, 1.0, len(times))])


def metal_clang(draws: Draws) -> np.ndarray:
    """A sheet or pipe of metal that is hit hard: the dense modes of a plate, sides a and b (FR 3.9)."""
    rng, seconds = draws.rng("body"), draws.between("seconds", 1.2, 2.6)
    m, n = np.meshgrid(np.arange(1, 8), np.arange(1, 8))
    aspect = draws.between("aspect", 0.35, 0.9)
    modes = draws.ratio("lowest_hz", 130.0, 320.0) * np.sort((m**2 * aspect + n**2 / aspect).ravel() / 2.0)
    ring_s = draws.ratio("ring_s", 1.8, 3.8) / (modes / modes[0]) ** 0.35
    times = 0.005 + np.array([0.0, *np.cumsum(rng.uniform(0.12, 0.6, draws.count("more", 0, 2)))])
    hits = [strike(modes, ring_s, uneven(rng, len(modes), 6.0), 0.00015, seconds) for _ in times]
    return lay(seconds, times, hits)


def coin_drop(draws: Draws) -> np.ndarray:
    """A coin that falls on a hard floor, bounces, then spins down faster and faster (Euler's disc)."""
    rng = draws.rng("body")
    modes = draws.ratio("pitch_hz", 1_900.0, 4_000.0) * DISC * uneven(rng, len(DISC), 0.1)
    ring_s, floor_hz = draws.ratio("ring_s", 0.2, 0.5), draws.between("floor_hz", 700.0, 1_500.0)
    bounces = bounce_times(draws.between("first_s", 0.2, 0.42), draws.between("restitution", 0.55, 0.72), 5)
    count = draws.count("turns", 10, 26)
    spin = bounces[-1] + np.cumsum(draws.between("turn_s", 0.05, 0.09) * np.linspace(1.0, 0.15, count))
    times = np.concatenate([bounces, spin])
    force = np.concatenate([0.72 ** np.arange(len(bounces)), 0.25 * np.linspace(1.0, 0.5, count)])
    bodies, rings = np.append(modes, floor_hz), np.append(ring_s / np.sqrt(modes / modes[0]), 0.04)
    hits = [f * strike(bodies, rings, np.append(uneven(rng, len(DISC), 2.0), 0.6), 1.5e-4, 0.4) for f in force]
    return lay(times[-1] + 0.15, times, hits)


def bounce_times(first_s: float, restitution: float, most: int) -> np.ndarray:
    """The impacts of a body dropped on a floor: each flight is `restitution` times the last one, from 5 ms on."""
    return 0.005 + np.concatenate([[0.0], np.cumsum(first_s * restitution ** np.arange(most))])


def drum(draws: Draws) -> np.ndarray:
    """A tom or hand drum: the modes of a membrane and the slap of the stick, in a short rhythm."""
    rng = draws.rng("body")
    modes = draws.ratio("pitch_hz", 115.0, 240.0) * MEMBRANE
    ring_s = draws.ratio("ring_s", 0.35, 0.9) / (modes / modes[0]) ** 0.5
    skin = strike(modes, ring_s, uneven(rng, len(modes), 3.0), draws.ratio("contact_s", 0.0004, 0.0012), 1.0)
    slap = burst(rng, {300: 0, 1_500: 0, 5_000: -14, 12_000: -40}, 0.05)
    hit = lay(0.9, (0.0, 0.0), (skin / np.abs(skin).max(), draws.between("slap", 0.4, 0.8) * slap))
    step_s = draws.ratio("step_s", 0.13, 0.24)
    pattern = draws.pick("pattern", ((0, 2, 3, 6, 8), (0, 3, 4, 6, 7), (0, 4, 6, 8, 9, 10), (0, 2, 4, 6), (0, 3, 6, 8)))
    times = 0.005 + step_s * np.array(pattern)
    return lay(times[-1] + 0.6, times, [hit * g for g in rng.uniform(0.5, 1.0, len(times))])


def snare_drum(draws: Draws) -> np.ndarray:
    """A snare drum: a short skin and the rattle of the wires below it (FR 18.2), in strokes that may roll."""
    rng = draws.rng("body")
    modes = draws.ratio("pitch_hz", 170.0, 260.0) * MEMBRANE[:5]
    skin = strike(modes, 0.15, uneven(rng, 5, 2.0), 0.0008, 0.3)
    wires = burst(rng, {200: -20, 900: -4, 2_500: 0, 7_000: -3, 16_000: -14}, draws.ratio("rattle_s", 0.16, 0.35))
    hit = lay(0.4, (0.0, 0.002), (0.8 * skin / np.abs(skin).max(), wires))
    step_s = draws.ratio("step_s", 0.05, 0.16)
    count = int(draws.between("seconds", 1.0, 2.6) / step_s)
    times = 0.005 + step_s * (np.arange(count) + rng.uniform(-0.06, 0.06, count)).clip(0.0)
    accents = np.where(np.arange(count) % draws.pick("meter", (3, 4, 6)) == 0, 1.0, draws.between("soft", 0.3, 0.6))
    return lay(times[-1] + 0.35, times, [hit * g for g in accents * rng.uniform(0.85, 1.0, count)])


def xylophone(draws: Draws) -> np.ndarray:
    """A few notes on wooden bars that are tuned to a pentatonic scale."""
    rng = draws.rng("body")
    notes = np.array([0, 2, 4, 7, 9, 12, 14, 16])
    walk = np.abs(np.cumsum(rng.integers(-2, 3, draws.count("notes", 4, 9))) + draws.count("start", 0, 7)) % len(notes)
    lowest_hz, ring_s = draws.ratio("lowest_hz", 500.0, 1_050.0), draws.ratio("ring_s", 0.35, 0.8)
    step_s = draws.ratio("step_s", 0.14, 0.32)
    times = 0.005 + step_s * np.arange(len(walk))
    hits = [
        strike(lowest_hz * 2.0 ** (n / 12.0) * XYLOPHONE, ring_s / XYLOPHONE**0.9, [1.0, 0.45, 0.2, 0.1], 3e-4, 1.0)
        for n in notes[walk]
    ]
    return lay(times[-1] + 0.6, times, [h * g for h, g in zip(hits, rng.uniform(0.6, 1.0, len(hits)), strict=True)])
