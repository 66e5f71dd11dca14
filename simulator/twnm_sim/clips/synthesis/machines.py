"""Machines that run: engines, drills, fans, rotors. Pulse trains and hums through resonances, with air noise.

Models after A. Farnell, Designing Sound (MIT Press 2010), part IV "Machines"; harmonics of the firing or blade rate.
"""

import numpy as np

from twnm_sim.clips.synthesis.draws import Draws
from twnm_sim.clips.synthesis.signals import (
    RATE,
    clock,
    curve,
    dispersed,
    harmonics,
    level,
    noise,
    samples_of,
    shape,
    slope,
    swell,
    wander,
)


def engine_idling(draws: Draws) -> np.ndarray:
    """A car or lorry at rest: one pulse a firing, uneven from cylinder to cylinder, through exhaust and body."""
    rng, seconds = draws.rng("engine"), draws.between("seconds", 2.5, 5.0)
    cycle_hz = draws.ratio("firings_per_s", 18.0, 42.0) / 4.0
    drift = cycle_hz * wander(rng, seconds, 3.0, 0.985, 1.015)
    firings = _four_firings(rng, int(4_000.0 / cycle_hz))
    firings *= dispersed(rng, len(firings), cycle_hz, 0.004)
    pulses = harmonics(drift, firings, seconds)
    pipe_hz = draws.ratio("pipe_hz", 90.0, 170.0)
    body = [(pipe_hz, 3.0, 2.0), (pipe_hz * 2.9, 3.0, 1.6), (pipe_hz * 5.3, 3.0, 1.4), (pipe_hz * 11.0, 2.0, 1.0)]
    sound = shape(pulses, {40: -10, 200: -8, 2_000: -12, 4_000: -40}, body)
    clatter = noise(rng, seconds, {300: -14, 900: 0, 2_500: 0, 7_000: -16}) * (0.15 + _gate(drift * 4.0, 6.0))
    return swell(level(sound) + draws.ratio("clatter", 0.15, 0.5) * clatter, 0.03, 0.05)


def _four_firings(rng: np.random.Generator, count: int) -> np.ndarray:
    """Harmonics of a cycle of four firings of unequal force, each a sharp pulse."""
    order = np.arange(1, count + 1)
    force, place = rng.uniform(0.6, 1.0, 4), np.arange(4) / 4.0 + rng.uniform(-0.01, 0.01, 4)
    gains: np.ndarray = np.exp(-2j * np.pi * np.outer(order, place)) @ force
    return gains


def _gate(rate_hz: np.ndarray, sharpness: float) -> np.ndarray:
    """A periodic bump between 0 and 1."""
    phase = np.cumsum(rate_hz / RATE)
    bumps: np.ndarray = np.exp(sharpness * (np.cos(2.0 * np.pi * (phase - np.floor(phase)).astype(np.float32)) - 1.0))
    return bumps


def electric_drill(draws: Draws) -> np.ndarray:
    """A drill: the motor runs up, whines with its gears, sags under load, and is let go."""
    rng, seconds = draws.rng("motor"), draws.between("seconds", 1.5, 4.0)
    top_hz = draws.ratio("gear_hz", 420.0, 900.0)
    load = draws.between("load", 0.72, 0.95)
    speed = curve(
        seconds,
        [(0, 0.35), (0.25, 1.0), (0.4 * seconds, 1.0), (0.5 * seconds, load), (seconds - 0.3, load), (seconds, 0.4)],
    )
    speed *= wander(rng, seconds, 12.0, 0.985, 1.015)
    gains = slope(24, draws.between("fall_db", 3.0, 6.0)) * np.exp(0.5 * rng.standard_normal(24))
    whine = level(harmonics(top_hz * speed, gains, seconds))
    brushes = noise(rng, seconds, {500: -20, 2_000: -4, 5_000: 0, 12_000: -8}) * (
        0.3 + 0.7 * _gate(top_hz / 8.0 * speed, 2.0)
    )
    return swell((whine + draws.ratio("brushes", 0.3, 0.8) * brushes) * speed, 0.03, 0.08)


def vacuum_cleaner(draws: Draws) -> np.ndarray:
    """A vacuum cleaner: strong broadband air, the motor's note with few harmonics, slow moves over the floor."""
    rng, seconds = draws.rng("motor"), draws.between("seconds", 2.5, 5.0)
    motor_hz = draws.ratio("motor_hz", 230.0, 420.0)
    move = wander(rng, seconds, 1.2, 0.96, 1.04)
    note = harmonics(motor_hz * move, np.array([1.0, 0.3, 0.15, 0.5, 0.1, 0.05, 0.2]), seconds)
    tube_hz = draws.ratio("tube_hz", 700.0, 1_300.0)
    air = noise(rng, seconds, {100: -14, 400: -3, tube_hz: 3, tube_hz * 2: -3, 6_000: -9, 14_000: -20})
    return swell((air + draws.ratio("note", 0.25, 0.6) * level(note)) * move**6, 0.15, 0.15)


def fan(draws: Draws) -> np.ndarray:
    """A table fan: soft air that each blade modulates, and a faint hum of the motor."""
    rng, seconds = draws.rng("blades"), draws.between("seconds", 2.5, 5.0)
    blades_hz = draws.ratio("blades_hz", 14.0, 40.0) * wander(rng, seconds, 1.0, 0.99, 1.01)
    air = noise(rng, seconds, {80: -8, 250: 0, 700: -3, 2_000: -12, 8_000: -32})
    beat = 0.45 + draws.between("depth", 0.5, 1.0) * _gate(blades_hz, 2.5)
    hum = harmonics(draws.pick("mains_hz", (100.0, 120.0)), np.array([1.0, 0.5, 0.3, 0.35, 0.1, 0.15]), seconds)
    return swell(level(air * beat) + draws.ratio("hum", 0.15, 0.5) * level(hum), 0.05, 0.1)


def helicopter(draws: Draws) -> np.ndarray:
    """A helicopter: the slap of the main rotor's blades, noise in each, and the turbine's whine."""
    rng, seconds = draws.rng("rotor"), draws.between("seconds", 3.0, 5.0)
    blades_hz = draws.ratio("blades_hz", 9.0, 20.0) * wander(rng, seconds, 0.5, 0.99, 1.01)
    slap = _gate(blades_hz, draws.ratio("sharpness", 9.0, 18.0))
    body = noise(rng, seconds, {40: -8, 120: 0, 500: -5, 1_500: -12, 5_000: -28})
    turbine_hz = draws.ratio("turbine_hz", 1_500.0, 3_200.0) * wander(rng, seconds, 0.5, 0.995, 1.005)
    turbine = level(harmonics(turbine_hz, np.array([1.0, 0.3]), seconds))
    return swell(level(body * (0.06 + slap)) + draws.ratio("turbine", 0.03, 0.1) * turbine, 0.05, 0.1)


def chainsaw(draws: Draws) -> np.ndarray:
    """A chainsaw: a two-stroke engine that is revved and drops back, rough and full of harmonics."""
    rng, seconds = draws.rng("engine"), draws.between("seconds", 2.5, 5.0)
    idle_hz, top = draws.ratio("idle_hz", 50.0, 75.0), draws.between("top", 2.0, 3.0)
    revs = _rev_curve(rng, seconds, top, draws.count("revs", 1, 3))
    rough = 1.0 + 0.03 * rng.standard_normal(int(seconds * 150.0) + 2).astype(np.float32)
    speed = revs * np.interp(clock(seconds) * 150.0, np.arange(len(rough)), rough)
    gains = slope(70, 2.0) * np.exp(0.3 * rng.standard_normal(70)) * dispersed(rng, 70, idle_hz, 0.0015)
    pipe_hz = draws.ratio("pipe_hz", 500.0, 900.0)
    sound = shape(
        harmonics(idle_hz * speed, gains, seconds), {60: -14, 300: -4, 3_000: -6, 9_000: -20}, [(pipe_hz, 2.0, 1.5)]
    )
    chain = noise(rng, seconds, {500: -20, 2_500: 0, 9_000: -6}) * (revs / top)
    return swell((level(sound) + 0.35 * chain) * (0.35 + 0.65 * revs / top), 0.05, 0.08)


def _rev_curve(rng: np.random.Generator, seconds: float, top: float, revs: int) -> np.ndarray:
    """From 1 (idle) to `top` and back, `revs` times."""
    each = seconds / revs
    points = [(0.0, 1.0)]
    for k in range(revs):
        rise = (k + rng.uniform(0.1, 0.2)) * each
        points += [
            (rise, 1.0),
            (rise + 0.18, top),
            ((k + rng.uniform(0.65, 0.8)) * each, top * 0.97),
            ((k + 0.97) * each, 1.05),
        ]
    return curve(seconds, points)


def hair_dryer(draws: Draws) -> np.ndarray:
    """A hair dryer: a high small motor and bright air."""
    rng, seconds = draws.rng("motor"), draws.between("seconds", 2.0, 4.5)
    run_up = np.minimum(1.0, 0.55 + 0.45 * np.arange(samples_of(seconds), dtype=np.float32) / samples_of(0.5))
    motor_hz = draws.ratio("motor_hz", 600.0, 1_300.0) * run_up
    note = level(harmonics(motor_hz, slope(8, draws.between("fall_db", 3.0, 9.0)), seconds))
    nozzle_hz = draws.ratio("nozzle_hz", 1_200.0, 4_500.0)
    air = noise(rng, seconds, {150: -16, nozzle_hz / 2: -5, nozzle_hz: 0, nozzle_hz * 2: -5, 15_000: -16})
    return swell((air + draws.ratio("note", 0.25, 1.1) * note) * run_up**2, 0.05, 0.1)
