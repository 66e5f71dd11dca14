"""The gates of the physics tests over many more rooms and places than a test run has time for. A program, not a test.

    python tests/performance/prove_physics.py [--quick] [--only early,images,diffuse,coherence]

Prints Markdown: for each gate, over scenes drawn anywhere legal, the worst and the median of what the tests bound.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse  # the thread count is read when numpy is imported
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from diffuse_coherence import diffuse_field_coherence, pooled_coherence
from incoherent_reference import BIN, IncoherentSum, compare_decays
from physics_cases import FABIAN_358, MILD_TABLE, TABLE, draw_scene, draw_sources, open_head
from reference_renderer import (
    error_db,
    octave_decay_db,
    octave_energy,
    sum_reference,
    sum_reference_long,
)

from twnm_schemas import Atmosphere, Room
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_sim import Hrtf, render_brirs
from twnm_sim.decay import response_length_s
from twnm_sim.render.tail import mixing_time_s

DRY = Atmosphere(absorption=False)


def heads() -> Iterator[tuple[str, Hrtf]]:
    names = ["kemar", "spherical-head", *(["fabian_358"] if FABIAN_358.exists() else [])]
    for name in names:
        yield name, open_head(name, 44100)


def draw_room(rng: np.random.Generator, low: float, high: float) -> Room:
    size_m = tuple(rng.uniform((3.0, 4.0, 2.5), (6.0, 8.0, 3.6)).tolist())
    return Room(size_m=size_m, absorption=rng.uniform(low, high, 6).tolist())


def print_row(name: str, gate: str, values: list[float]) -> None:
    print(f"| {name} | {gate} | {np.median(values):.2f} | {max(values):.2f} | {len(values)} |", flush=True)


def prove_early(scenes: int) -> None:
    """Error energy of the first 80 ms in dB against the exact sum."""
    for name, hrtf in heads():
        for label, absorption, air, gate_db in (("flat", None, False, -50), ("bands and air", TABLE, True, -40)):
            errors = []
            for seed in range(scenes):
                rng = np.random.default_rng(seed)
                room = draw_room(rng, 0.05, 0.6)
                room = Room(size_m=room.size_m, absorption=absorption or room.absorption)
                listener, source = draw_scene(room, rng, nearest_m=0.12)
                exact_CK = sum_reference(room, listener, source, hrtf, 3528, air=air)
                settings = {"duration_s": 0.2, "tail": "diffuse", "air_absorption": air, "highpass_hz": 0.0}
                found_CK = render_brirs(room, listener, [source], hrtf, **settings)[0, :, :3528]
                errors.append(float(error_db(found_CK, exact_CK, 44100)))
            print_row(f"early part, {name}, {label}", f"{gate_db} dB", errors)


def prove_images(scenes: int) -> None:
    """Largest difference in dB of any octave's decay, to -40 dB, from the coherent sum; `images`."""
    for name, hrtf in heads():
        differences = []
        for seed in range(scenes):
            rng = np.random.default_rng(seed)
            room = draw_room(rng, 0.15, 0.4)
            listener, source = draw_scene(room, rng)
            duration_s = min(response_length_s(room, DRY), 0.45)
            exact_CK = sum_reference_long(room, listener, source, hrtf, round(duration_s * 44100))
            settings = {"duration_s": duration_s, "tail": "images", "air_absorption": False, "highpass_hz": 0.0}
            found_CK = render_brirs(room, listener, [source], hrtf, **settings)[0]
            for centre in OCTAVE_CENTRES_HZ:
                ours_K, theirs_K = (octave_decay_db(h_CK, 44100, centre) for h_CK in (found_CK, exact_CK))
                differences.append(float(np.abs(ours_K - theirs_K)[theirs_K > -40.0].max()))
        print_row(f"`images` decay, {name}", "0.5 dB", differences)


def prove_diffuse(rooms: int) -> None:
    """Largest difference in dB of the pooled decay from the incoherent sum; ten heads with three sources a room."""
    for name, hrtf in heads():
        pooled: dict[float, list[float]] = {centre: [] for centre in OCTAVE_CENTRES_HZ}
        tails: dict[float, list[float]] = {centre: [] for centre in OCTAVE_CENTRES_HZ}
        for seed in range(rooms):
            room = draw_room(np.random.default_rng(seed), 0.2, 0.4)
            if seed % 2:
                room = Room(size_m=room.size_m, absorption=MILD_TABLE)
            for centre, whole_db, tail_db in compare_room(room, hrtf, seed):
                pooled[centre].append(abs(whole_db))
                tails[centre].append(abs(tail_db))
        for centre in OCTAVE_CENTRES_HZ:
            gate = "1 dB" if centre >= 1000 else "reported"
            print_row(f"`diffuse` pooled decay, {name}, {centre:g} Hz", gate, pooled[centre])
            print_row(f"`diffuse` level of the tail alone, {name}, {centre:g} Hz", gate, tails[centre])


def compare_room(room: Room, hrtf: Hrtf, seed: int) -> Iterator[tuple[float, float, float]]:
    """(centre, largest difference of the decay curve, level of what comes 20 ms after the mixing time) in dB."""
    rng, duration_s = np.random.default_rng(seed), min(response_length_s(room, DRY), 0.45)
    expected = IncoherentSum(room, hrtf, 44100, round(duration_s * 44100), air=True)
    responses = []
    for number in range(10):
        listener, _ = draw_scene(room, rng)
        sources = draw_sources(room, listener, 3, rng, nearest_m=0.5)
        responses.append(render_brirs(room, listener, sources, hrtf, duration_s=duration_s, seed=number))
        for source in sources:
            expected.add(listener, source)
    first = int((mixing_time_s(room, 343.0) + 0.02) * 44100) // BIN
    for centre, energy_W in zip(OCTAVE_CENTRES_HZ, expected.octave_energies(), strict=True):
        energy_K = octave_energy(np.concatenate(responses), 44100, centre)
        tail_db = 10.0 * np.log10(energy_K[first * BIN :].sum() / energy_W[first:].sum())
        yield centre, compare_decays(energy_K, energy_W), float(tail_db)


def prove_coherence(tails: int) -> None:
    """Largest difference of any third octave's coherence, 100 Hz to 4 kHz, from the diffuse field's."""
    for name, hrtf in heads():
        values = np.abs(pooled_coherence(hrtf, tails) - diffuse_field_coherence(hrtf))
        print_row(f"`diffuse` coherence, {name}, {tails} tails", "0.1", values.tolist())


def main() -> None:
    proofs: dict[str, tuple[Callable[[int], None], int, int]] = {
        "early": (prove_early, 40, 2),
        "images": (prove_images, 20, 1),
        "diffuse": (prove_diffuse, 8, 1),
        "coherence": (prove_coherence, 500, 30),
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--only", default=",".join(proofs))
    options = parser.parse_args()
    print("| gate | bound | median | worst | values |\n|---|---|---|---|---|")
    for name in options.only.split(","):
        prove, full, quick = proofs[name]
        prove(quick if options.quick else full)


if __name__ == "__main__":
    main()
