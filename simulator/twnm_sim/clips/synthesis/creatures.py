"""Animals: insects, birds, frogs, dogs. Carriers that are gated, glided and filtered as the animal does it."""

import numpy as np

from twnm_sim.clips.synthesis.draws import Draws
from twnm_sim.clips.synthesis.signals import (
    RATE,
    clock,
    curve,
    harmonics,
    lay,
    level,
    noise,
    samples_of,
    shape,
    slope,
    steady_times,
    swell,
    wander,
)


def crickets(draws: Draws) -> np.ndarray:
    """A field cricket: each closing of the wings is a pulse of an almost pure tone, three to five of them a chirp.

    The teeth of the file that strike the scraper are heard as a little noise: without it no ear could tell from where.
    H. C. Bennet-Clark, "Songs and the physics of sound production", in Cricket Behavior and Neurobiology, Cornell 1989.
    """
    rng, seconds = draws.rng("song"), draws.between("seconds", 2.5, 5.0)
    carrier_hz, pulse_s = draws.ratio("carrier_hz", 3_600.0, 5_600.0), draws.between("pulse_s", 0.012, 0.02)
    pulses, step_s = draws.count("pulses", 3, 5), pulse_s * draws.between("gap", 1.8, 2.3)
    fall = carrier_hz * curve(pulse_s, [(0.0, 1.03), (pulse_s, 0.97)])
    scrape = draws.ratio("scrape", 0.06, 0.16) * noise(rng, pulse_s, {400: -8, 2_000: 0, 6_000: 0, 14_000: -12})
    tone = harmonics(fall, np.array([1.0, 0.08, 0.03]), pulse_s)
    pulse = swell(tone + scrape, 0.4 * pulse_s, 0.4 * pulse_s)
    chirps = steady_times(rng, seconds, step_s * (pulses + draws.between("pause", 3.0, 10.0)), 0.03)
    times = [c + p * step_s for c in chirps for p in range(pulses)]
    return lay(times[-1] + pulse_s + 0.01, times, [pulse * (0.6 + 0.4 * (i % pulses > 0)) for i in range(len(times))])


def bird_chirps(draws: Draws) -> np.ndarray:
    """A songbird: phrases of short syllables that each glide in their own way, repeated as birds do."""
    rng, seconds = draws.rng("song"), draws.between("seconds", 2.0, 4.5)
    centre_hz = draws.ratio("centre_hz", 2_600.0, 4_800.0)
    kinds = [_syllable(rng, centre_hz) for _ in range(draws.count("kinds", 2, 4))]
    times, sounds, now = [], [], 0.005
    while now < seconds - 0.3:
        syllable, repeats = kinds[rng.integers(len(kinds))], rng.integers(1, 5)
        gap_s = len(syllable) / RATE + rng.uniform(0.02, 0.08)
        times += [now + k * gap_s for k in range(repeats)]
        sounds += [syllable * rng.uniform(0.6, 1.0)] * repeats
        now += repeats * gap_s + rng.uniform(0.05, 0.35)
    return lay(min(5.0, now + 0.1), times, sounds)


def _syllable(rng: np.random.Generator, centre_hz: float) -> np.ndarray:
    seconds = rng.uniform(0.05, 0.16)
    bends = centre_hz * np.exp(0.28 * rng.standard_normal(4)).clip(0.6, 1.7)
    pitch = curve(seconds, list(zip(np.linspace(0.0, seconds, 4), bends, strict=True)))
    kernel = np.hanning(2 * samples_of(0.005) + 1)
    pitch = np.convolve(np.pad(pitch, samples_of(0.005), "edge"), kernel / kernel.sum(), "valid")
    breath = noise(rng, len(pitch) / RATE, {400: -12, 1_500: 0, 6_000: -4, 14_000: -16})
    tone = harmonics(pitch, np.array([1.0, 0.1, 0.04]), len(pitch) / RATE)
    return swell(tone + 0.04 * breath, 0.3 * seconds, 0.4 * seconds)


def frog_croak(draws: Draws) -> np.ndarray:
    """A frog: a train of pulses through the vocal sac's resonance, in a few croaks."""
    rng, seconds = draws.rng("call"), draws.between("seconds", 1.8, 4.5)
    pulse_hz, croak_s = draws.ratio("pulse_hz", 28.0, 75.0), draws.ratio("croak_s", 0.22, 0.5)
    rise = pulse_hz * curve(croak_s, [(0.0, 0.85), (0.5 * croak_s, 1.08), (croak_s, 0.95)])
    train = harmonics(rise, np.ones(int(6_000.0 / pulse_hz)), croak_s)
    sac_hz = draws.ratio("sac_hz", 480.0, 1_100.0)
    sac = [(sac_hz, 6.0, 1.0), (sac_hz * draws.between("second", 2.0, 2.6), 6.0, 0.6), (3_200.0, 3.0, 0.1)]
    croak = swell(shape(train, {60: -70, 6_000: -50}, sac), 0.2 * croak_s, 0.15 * croak_s)
    times = steady_times(rng, seconds, croak_s * draws.between("gap", 1.4, 2.4), 0.08)
    return lay(times[-1] + croak_s + 0.01, times, [croak * g for g in rng.uniform(0.7, 1.0, len(times))])


def owl_hoot(draws: Draws) -> np.ndarray:
    """An owl: soft low hoots with a breath of air, in the rhythm of a tawny or great horned owl."""
    rng = draws.rng("call")
    pitch_hz = draws.ratio("pitch_hz", 310.0, 520.0)
    rhythm = draws.pick(
        "rhythm",
        (
            ((0.0, 0.8), (1.5, 0.25), (1.8, 1.1)),
            ((0.0, 0.4), (0.6, 0.2), (0.9, 0.2), (1.5, 0.5)),
            ((0.0, 0.5), (1.1, 0.5), (2.2, 0.5)),
        ),
    )
    pace = draws.between("pace", 0.85, 1.25)
    hoots = [_hoot(rng, pitch_hz * rng.uniform(0.97, 1.03), length * pace) for _, length in rhythm]
    return lay(pace * (rhythm[-1][0] + rhythm[-1][1]) + 0.02, [0.005 + pace * start for start, _ in rhythm], hoots)


def _hoot(rng: np.random.Generator, pitch_hz: float, seconds: float) -> np.ndarray:
    bend = curve(seconds, [(0.0, 0.92), (0.25 * seconds, 1.03), (0.7 * seconds, 1.0), (seconds, 0.9)])
    shake = 1.0 + 0.012 * np.sin(2.0 * np.pi * rng.uniform(6.0, 9.0) * clock(seconds))
    tone = level(harmonics(pitch_hz * bend * shake, np.array([1.0, 0.14, 0.08, 0.03]), seconds))
    breath = noise(rng, seconds, {pitch_hz / 2: -20, pitch_hz: 0, pitch_hz * 3: -14, 6_000: -34})
    return swell(tone + 0.12 * breath, 0.25 * seconds, 0.3 * seconds)


def bee(draws: Draws) -> np.ndarray:
    """A bee that flies about: the wing beat's harmonics, its pitch and nearness wandering."""
    rng, seconds = draws.rng("flight"), draws.between("seconds", 2.0, 4.5)
    wing_hz = draws.ratio("wing_hz", 170.0, 270.0) * wander(rng, seconds, 4.0, 0.93, 1.07)
    buzz = harmonics(
        wing_hz, slope(26, draws.between("fall_db", 3.0, 5.0)) * np.exp(0.4 * rng.standard_normal(26)), seconds
    )
    buzz = shape(buzz, {100: -14, 400: -2, 2_500: -4, 7_000: -24})
    near = wander(rng, seconds, 2.0, 0.2, 1.0)
    air = noise(rng, seconds, {300: -12, 1_000: 0, 5_000: -12})
    return swell((level(buzz) + 0.06 * air) * near, 0.08, 0.1)


def dog_bark(draws: Draws) -> np.ndarray:
    """A dog: rough harmonics that rise and fall in pitch, through the resonances of the throat.

    Pitch and noise as in P. Pongracz et al., "Acoustic parameters of dog barks", Behav. Processes 73, 2006.
    """
    rng, seconds = draws.rng("dog"), draws.between("seconds", 1.2, 3.8)
    pitch_hz, bark_s = draws.ratio("pitch_hz", 320.0, 720.0), draws.between("bark_s", 0.13, 0.24)
    throat = draws.ratio("throat", 0.8, 1.35) * np.array([850.0, 1_600.0, 3_000.0])
    times = steady_times(rng, seconds, draws.ratio("gap_s", 0.38, 0.8), 0.12)
    barks = [
        g * _bark(rng, pitch_hz * rng.uniform(0.94, 1.06), throat, bark_s) for g in rng.uniform(0.7, 1.0, len(times))
    ]
    return lay(times[-1] + bark_s + 0.02, times, barks)


def _bark(rng: np.random.Generator, pitch_hz: float, throat_hz: np.ndarray, seconds: float) -> np.ndarray:
    bend = curve(seconds, [(0.0, 0.62), (0.3 * seconds, 1.08), (0.55 * seconds, 1.0), (seconds, 0.55)])
    rough = 1.0 + 0.035 * rng.standard_normal(samples_of(seconds) // 110 + 2)
    bend = bend * np.interp(np.arange(len(bend)) / 110.0, np.arange(len(rough)), rough)
    voice = level(harmonics(pitch_hz * bend, slope(24, 3.0), seconds))
    voice += 0.45 * noise(rng, seconds, {300: -10, 900: 0, 3_000: -4, 9_000: -20})
    mouth = shape(voice, {150: -24, 500: -12, 5_000: -18, 12_000: -40}, [(f, 4.0, 1.0) for f in throat_hz])
    return swell(level(mouth), 0.018, 0.55 * seconds)
