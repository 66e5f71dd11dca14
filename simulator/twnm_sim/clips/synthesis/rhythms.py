"""What comes in beats: ticks, steps, bounces, keys, knocks, blows, claps, drips."""

import numpy as np

from twnm_sim.clips.synthesis.draws import Draws
from twnm_sim.clips.synthesis.impacts import bounce_times, uneven
from twnm_sim.clips.synthesis.signals import (
    RATE,
    burst,
    clock,
    lay,
    noise,
    samples_of,
    shape,
    steady_times,
    strike,
    swell,
)


def clock_tick(draws: Draws) -> np.ndarray:
    """A clock: the lever falls to one side and the other, two blows of a few small hard modes each."""
    rng, seconds = draws.rng("body"), draws.between("seconds", 2.5, 5.0)
    modes = draws.ratio("case_hz", 900.0, 2_200.0) * np.array([1.0, 1.7, 2.45, 3.6, 5.1])
    gains, ring_s = uneven(rng, 5, 4.0), draws.ratio("ring_s", 0.018, 0.05)
    uneven_tock = draws.between("tock", 0.78, 0.95)
    tick, tock = (_double_blow(modes * k, ring_s, gains, draws.between("gap_s", 0.008, 0.02)) for k in (1, uneven_tock))
    times = steady_times(rng, seconds, 1.0 / draws.pick("ticks_per_s", (1.0, 2.0, 2.5, 4.0, 5.0)), 0.002)
    return lay(times[-1] + 0.06, times, [(tick, tock)[i % 2] for i in range(len(times))])


def _double_blow(modes_hz: np.ndarray, ring_s: float, gains: np.ndarray, gap_s: float) -> np.ndarray:
    blow = strike(modes_hz, ring_s, gains, 5e-5, 0.1)
    return lay(0.1, (0.0, gap_s), (0.4 * blow, blow))


def footsteps(draws: Draws) -> np.ndarray:
    """Someone walks: heel, then sole, on wood, stone, gravel or snow.

    Heel and sole as in A. Farnell, Designing Sound (MIT Press 2010), ch. 37; gravel as many small grains (P. R. Cook,
    "Modeling Bill's gait", AES 22nd Int. Conf. 2002).
    """
    rng, seconds = draws.rng("gait"), draws.between("seconds", 2.5, 5.0)
    ground = draws.pick("ground", (_wood_step, _stone_step, _gravel_step))
    times = steady_times(rng, seconds, draws.ratio("step_s", 0.36, 0.68), 0.03)
    steps = [g * ground(draws, rng) for g in rng.uniform(0.7, 1.0, len(times))]
    return lay(times[-1] + 0.25, times, steps)


def _wood_step(draws: Draws, rng: np.random.Generator) -> np.ndarray:
    boards = draws.ratio("boards_hz", 110.0, 190.0) * np.array([1.0, 1.9, 3.1, 4.7, 7.2, 10.5])
    heel = strike(boards * rng.uniform(0.97, 1.03), 0.12, uneven(rng, 6, 3.0), 0.0012, 0.2)
    scuff = burst(rng, {200: -6, 900: 0, 3_000: -6, 9_000: -26}, 0.07, 0.004)
    return lay(0.3, (0.0, 0.0, 0.09), (heel / np.abs(heel).max(), 0.5 * scuff, 0.3 * scuff))


def _stone_step(draws: Draws, rng: np.random.Generator) -> np.ndarray:
    click_hz = draws.ratio("heel_hz", 1_300.0, 2_400.0) * np.array([0.3, 0.62, 1.0, 1.6])
    heel = strike(click_hz * rng.uniform(0.96, 1.04), 0.09, uneven(rng, 4, 3.0), 0.0004, 0.1)
    sole = burst(rng, {200: -10, 1_000: 0, 4_000: -4, 10_000: -22}, 0.06, 0.006)
    return lay(0.3, (0.0, 0.08), (heel / np.abs(heel).max(), 0.6 * sole))


def _gravel_step(draws: Draws, rng: np.random.Generator) -> np.ndarray:
    grains = draws.count("grains", 160, 320)
    places = 0.004 + np.sort(rng.beta(1.4, 2.6, grains)) * draws.between("crunch_s", 0.16, 0.26)
    track = np.zeros(samples_of(0.3), np.float32)
    track[(places * RATE).astype(int)] += rng.uniform(0.1, 1.0, grains) * rng.choice([-1.0, 1.0], grains)
    grain_hz = draws.ratio("grain_hz", 1_800.0, 3_600.0)
    return shape(track, {200: -40, 600: -20, 20_000: -30}, [(grain_hz, 5.0, 1.0), (grain_hz * 1.9, 5.0, 0.6)])


def bouncing_ball(draws: Draws) -> np.ndarray:
    """A ball that is let go: flights and forces shrink by the coefficient of restitution."""
    rng = draws.rng("body")
    restitution, first_s = draws.between("restitution", 0.72, 0.86), draws.between("first_s", 0.35, 0.6)
    times = bounce_times(first_s, restitution, int(np.log(0.035 / first_s) / np.log(restitution)))
    body_hz = draws.ratio("body_hz", 240.0, 900.0) * np.array([1.0, 1.62, 2.4, 3.7, 5.3])
    hardness, ring_s = draws.ratio("contact_s", 0.0004, 0.0016), draws.ratio("ring_s", 0.05, 0.16)
    force = restitution ** np.arange(len(times))
    floor = burst(rng, {150: 0, 800: -4, 3_000: -18, 9_000: -40}, 0.05, 0.002)
    hits = [
        f * lay(0.25, (0.0, 0.0), (_unit(strike(body_hz, ring_s, uneven(rng, 5, 2.0), hardness, 0.25)), 0.4 * floor))
        for f in force
    ]
    return lay(times[-1] + 0.15, times, hits)


def _unit(sound: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = sound / np.abs(sound).max()
    return scaled


def typing(draws: Draws) -> np.ndarray:
    """Keys of a keyboard: press and release, in bursts, with a longer key now and then."""
    rng, seconds = draws.rng("hands"), draws.between("seconds", 2.0, 5.0)
    case_hz = draws.ratio("case_hz", 900.0, 2_000.0) * np.array([0.25, 1.0, 2.1, 3.3])
    rate = draws.ratio("keys_per_s", 5.0, 11.0)
    gaps = rng.gamma(4.0, 1.0 / (4.0 * rate), int(seconds * rate)) + rng.choice(
        [0.0, 0.25], int(seconds * rate), p=[0.9, 0.1]
    )
    press = 0.005 + np.cumsum(gaps) - gaps[0]
    release = press + rng.uniform(0.05, 0.11, len(press))
    clacks = burst(rng, {300: -12, 1_500: 0, 4_000: 0, 12_000: -14}, draws.ratio("clack_s", 0.015, 0.03), 0.0005)
    down = [_key(case_hz, clacks, rng, 1.0) for _ in press]
    up = [_key(case_hz * 1.3, clacks, rng, 0.35) for _ in release]
    return lay(min(seconds, press[-1] + 0.15), [*press, *release], [*down, *up])


def _key(case_hz: np.ndarray, clack: np.ndarray, rng: np.random.Generator, force: float) -> np.ndarray:
    body = _unit(strike(case_hz * rng.uniform(0.9, 1.1), 0.035, uneven(rng, len(case_hz), 4.0), 0.0003, 0.06))
    return force * rng.uniform(0.5, 1.0) * lay(0.06, (0.0, 0.0), (0.7 * body, clack))


def door_knock(draws: Draws) -> np.ndarray:
    """Knuckles on a door, two to five blows, perhaps again: a wooden panel's low damped modes."""
    rng = draws.rng("hand")
    panel = draws.ratio("panel_hz", 170.0, 330.0) * np.array([1.0, 1.72, 2.5, 3.6, 4.9, 6.6, 9.1])
    ring_s, contact_s = draws.ratio("ring_s", 0.1, 0.22), draws.ratio("contact_s", 0.0002, 0.0006)
    step_s, blows = draws.ratio("step_s", 0.22, 0.33), draws.count("blows", 3, 5)
    once = step_s * np.arange(blows)
    rounds = draws.count("rounds", 1, 2)
    times = 0.005 + np.concatenate([once + r * (once[-1] + draws.between("pause_s", 0.5, 0.9)) for r in range(rounds)])
    hits = [
        g
        * strike(
            panel, ring_s / (panel / panel[0]) ** 0.4, np.sqrt(panel / panel[0]) * uneven(rng, 7, 2.0), contact_s, 0.3
        )
        for g in rng.uniform(0.7, 1.0, len(times))
    ]
    return lay(times[-1] + 0.25, times, hits)


def hammering(draws: Draws) -> np.ndarray:
    """A hammer on a nail in wood: steel rings, wood thuds, and the nail's note rises as it goes in."""
    rng, seconds = draws.rng("arm"), draws.between("seconds", 2.0, 4.5)
    nail_hz = draws.ratio("nail_hz", 1_500.0, 2_600.0) * np.array([1.0, 2.1, 2.9, 4.4, 5.8])
    wood_hz = draws.ratio("wood_hz", 180.0, 320.0) * np.array([1.0, 1.8, 2.9, 4.1])
    times = steady_times(rng, seconds, draws.ratio("blow_s", 0.28, 0.6), 0.04)
    rise = np.linspace(1.0, draws.between("rise", 1.1, 1.45), len(times))
    steel = [strike(nail_hz * r, draws.ratio("ring_s", 0.12, 0.35), uneven(rng, 5, 3.0), 8e-5, 0.4) for r in rise]
    wood = _unit(strike(wood_hz, 0.1, 1.0, 0.0008, 0.2))
    part = draws.between("steel", 0.5, 0.9)
    hits = [lay(0.4, (0.0, 0.0), (part * _unit(s), 0.8 * wood)) for s in steel]
    return lay(times[-1] + 0.3, times, [h * g for h, g in zip(hits, rng.uniform(0.75, 1.0, len(hits)), strict=True)])


def clap(rng: np.random.Generator, cavity_hz: float, quality: float) -> np.ndarray:
    """One clap: a burst through the resonance of the cupped hands.

    B. H. Repp, "The sound of two hands clapping", JASA 81(4), 1987: a spectral peak between 0.5 and 2.5 kHz.
    """
    puff = burst(rng, {200: -14, 700: -4, 2_500: -6, 8_000: -16, 16_000: -30}, 0.06, 0.0008)
    sound: np.ndarray = puff + shape(puff, {100: -80, 20_000: -80}, [(cavity_hz, quality, 3.0)])
    return sound


def hand_clapping(draws: Draws) -> np.ndarray:
    """One person who claps, in time."""
    rng, seconds = draws.rng("hands"), draws.between("seconds", 1.8, 4.5)
    cavity_hz, quality = draws.ratio("cavity_hz", 650.0, 2_000.0), draws.between("quality", 2.0, 5.0)
    times = steady_times(rng, seconds, draws.ratio("clap_s", 0.2, 0.55), 0.025)
    claps = [g * clap(rng, cavity_hz * rng.uniform(0.95, 1.05), quality) for g in rng.uniform(0.7, 1.0, len(times))]
    return lay(times[-1] + 0.1, times, claps)


def dripping(draws: Draws) -> np.ndarray:
    """Drops that fall in water: each traps a bubble that rings at Minnaert's frequency and rises.

    f = 3 / radius (metres, hertz) and the rise as in K. van den Doel, "Physically based models for liquid sounds",
    ACM Trans. Applied Perception 2(4), 2005.
    """
    rng, seconds = draws.rng("tap"), draws.between("seconds", 2.5, 5.0)
    times = steady_times(rng, seconds, draws.ratio("drop_s", 0.3, 0.9), draws.between("looseness", 0.01, 0.2))
    pitch_hz, rise = draws.ratio("pitch_hz", 700.0, 1_900.0), draws.ratio("rise", 0.15, 0.5)
    drops = []
    for _ in times:
        splash = burst(rng, {500: -20, 3_000: 0, 12_000: -12}, 0.012, 0.0004)
        drops.append(lay(0.3, (0.0, 0.018), (0.12 * splash, bubble(pitch_hz * rng.uniform(0.9, 1.1), rise, 0.12))))
    return lay(times[-1] + 0.2, times, [d * g for d, g in zip(drops, rng.uniform(0.6, 1.0, len(drops)), strict=True)])


def bubble(pitch_hz: float, rise: float, ring_s: float) -> np.ndarray:
    """A bubble's ring: 60 dB in `ring_s`, its pitch rising by a part `rise` meanwhile."""
    t = clock(ring_s)
    phase = 2.0 * np.pi * pitch_hz * (t + 0.5 * rise / ring_s * t**2)
    return swell(np.sin(phase) * np.exp(-6.9 / ring_s * t), 0.001, 0.1 * ring_s)


def sewing_machine(draws: Draws) -> np.ndarray:
    """A sewing machine: needle and shuttle clatter several times a second over a small motor."""
    rng, seconds = draws.rng("machine"), draws.between("seconds", 1.8, 4.0)
    times = steady_times(rng, seconds, 1.0 / draws.ratio("stitches_per_s", 8.0, 16.0), 0.02)
    arm_hz = draws.ratio("arm_hz", 420.0, 800.0) * np.array([1.0, 1.9, 3.2, 4.6, 6.8])
    needle = _unit(strike(arm_hz, 0.045, uneven(rng, 5, 3.0), 0.0003, 0.1))
    shuttle = burst(rng, {400: -10, 2_500: 0, 9_000: -10}, 0.025, 0.001)
    stitch = lay(0.1, (0.0, 0.028), (needle, draws.between("shuttle", 0.4, 0.9) * shuttle))
    hum = 0.03 * noise(rng, seconds, {150: -10, 400: 0, 1_500: -10, 6_000: -30})
    return swell(lay(seconds, times, [g * stitch for g in rng.uniform(0.7, 1.0, len(times))]) + hum, 0.02, 0.05)
