"""How fast the renderer is: ratios from one run on one machine, on one thread. A program, not a test.

    python tests/performance/bench.py [--quick] [--sofa FILE ...] [--only images,positions,workers]

Prints Markdown. The first table renders the same 7,175 image sources (order 17 in a 5 x 4 x 3 m room) here, with
pyroomacoustics' measured directivities and with pyshroom; the second renders mean Appendix A positions from the draw to
the encoded FLAC; the third is two workers against one. Times are medians; only ratios mean anything elsewhere.
"""

import os

ONE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
os.environ.update(dict.fromkeys(ONE, "1"))

import argparse  # noqa: E402  # the thread counts are read when numpy is imported
import io  # noqa: E402
import resource  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from contextlib import redirect_stdout  # noqa: E402
from importlib.metadata import PackageNotFoundError, version  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from twnm_schemas import Listener, RenderSpec, Room  # noqa: E402
from twnm_sim import load_hrtf  # noqa: E402
from twnm_sim.hrtf.catalog import packaged_kemar  # noqa: E402
from twnm_sim.render.binaural import add_binaural  # noqa: E402
from twnm_sim.render.images import Images, list_axes, list_images  # noqa: E402
from twnm_sim.render.receivers import Head, prepare_head  # noqa: E402

RATE, SPEED, ORDER = 44100, 343.0, 17
ROOM = Room(size_m=(5.0, 4.0, 3.0), absorption=0.3)
SOURCE, LISTENER = (3.7, 1.2, 1.4), Listener(position_m=(2.1, 2.3, 1.6))


def median_time(function: Callable[[], Any], runs: int) -> float:
    """Median seconds of `runs` calls, after one that is not counted."""
    function()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


# --- the same images --------------------------------------------------------------------------------------------------


def list_by_order() -> Images:
    """The images of order 17 and less: the complete list up to their farthest, less those of higher order."""
    farthest = SPEED * 0.32
    axes = list_axes(ROOM, SOURCE, LISTENER.position_m, farthest)
    images = list_images(axes, 0.0, farthest)
    most = [len(axis.displacement_A) // 2 for axis in axes]
    order_N = np.abs(images.index_N3 - most).sum(axis=1)
    kept = order_N <= ORDER
    return Images(*(getattr(images, name)[kept] for name in Images.__dataclass_fields__))


def render_listed(head: Head, images: Images, taps: int) -> np.ndarray:
    """Find directions and add: what is timed, the listing beside it."""
    direction_N = head.table.find(images.displacement_N3)
    return add_binaural(head.phases, direction_N, images.distance_N * (RATE / SPEED), images.gain_N[None], taps)[0]


def sum_exactly(head: Head, images: Images, taps: int) -> np.ndarray:
    """The float64 sum with exact phase ramps."""
    size = 1 << int(np.ceil(np.log2(taps + head.hrtf.taps + 1)))
    frequency_F = np.arange(size // 2 + 1) / size
    direction_N = np.argmax(images.displacement_N3 @ head.hrtf.directions_D3.T, axis=1)
    spectrum_CF = np.zeros((2, len(frequency_F)), complex)
    for d in np.unique(direction_N):
        delay_N = images.distance_N[direction_N == d] * (RATE / SPEED)
        train_F = images.gain_N[direction_N == d] @ np.exp(-2j * np.pi * np.outer(delay_N, frequency_F))
        spectrum_CF += train_F * np.fft.rfft(head.hrtf.hrirs_DCK[d].astype(float), size)
    return np.fft.irfft(spectrum_CF, size)[:, :taps]


def error_db(found_CK: np.ndarray, exact_CK: np.ndarray) -> float:
    size = 1 << int(np.ceil(np.log2(2 * exact_CK.shape[1])))
    frequency_F = np.fft.rfftfreq(size, 1 / RATE)
    band_F = (frequency_F > 100) & (frequency_F < 18000)
    energy = [np.sum(np.abs(np.fft.rfft(x, size)[:, band_F]) ** 2) for x in (found_CK - exact_CK, exact_CK)]
    return float(10 * np.log10(energy[0] / energy[1]))


def time_pyroomacoustics(sofa: Path, octave_bands: bool) -> float:
    """Image sources and response of both ears, one run after a warm one with few images."""
    import pyroomacoustics as pra
    from pyroomacoustics.directivities import MeasuredDirectivityFile, Rotation3D

    pra.constants.set("num_threads", 1)
    head = MeasuredDirectivityFile(path=str(sofa), fs=RATE)
    centres = [125, 250, 500, 1000, 2000, 4000, 8000]
    material = pra.Material({"coeffs": [0.3] * 7, "center_freqs": centres} if octave_bands else 0.3)

    def run(order: int) -> float:
        room = pra.ShoeBox(ROOM.size_m, fs=RATE, materials=material, max_order=order)
        room.add_source(SOURCE)
        for ear in (0, 1):
            facing = Rotation3D([0, 0], "yz", degrees=True)
            room.add_microphone(LISTENER.position_m, directivity=head.get_mic_directivity(ear, orientation=facing))
        begun = time.perf_counter()
        room.image_source_model()
        room.compute_rir()
        took = time.perf_counter() - begun
        assert room.sources[0].images.shape[1] == (7175 if order == ORDER else room.sources[0].images.shape[1])
        return took

    run(2)
    return run(ORDER)


def time_pyshroom() -> float | None:
    """Spherical-harmonic response of order 14, without the decoding to two ears that would follow."""
    try:
        from shroom import Room as ShroomRoom
    except ImportError:
        return None

    def run(order: int) -> float:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            room = ShroomRoom(
                dimensions=list(ROOM.size_m),
                absorption=0.3,
                sh_order=14,
                fs=RATE,
                max_ism_order=order,
                use_rand_ism=False,
            )
            room.add_source(list(SOURCE), signal=np.array([1.0]))
            room.set_receiver(list(LISTENER.position_m))
            begun = time.perf_counter()
            room.compute_arir()
            return time.perf_counter() - begun

    run(2)
    return run(ORDER)


def bench_images(sofas: list[Path]) -> None:
    images = list_by_order()
    taps = int(images.distance_N.max() * RATE / SPEED) + 700
    farthest = SPEED * 0.08
    axes = list_axes(ROOM, SOURCE, LISTENER.position_m, farthest)
    listing = median_time(lambda: list_images(axes, 0.0, farthest), 20) / len(list_images(axes, 0.0, farthest))
    print(f"\n## The same {len(images):,} images\n")
    print("| HRTF | us an image | error | pyroomacoustics, octave bands | pyroomacoustics, flat walls | pyshroom |")
    print("|---|---|---|---|---|---|")
    shroom_s = time_pyshroom()
    for sofa in sofas:
        head = prepare_head(load_hrtf(str(sofa), RATE))
        ours = median_time(lambda head=head: render_listed(head, images, taps), 20) + listing * len(images)
        error = error_db(render_listed(head, images, taps), sum_exactly(head, images, taps))
        bands, flat = (time_pyroomacoustics(sofa, octave_bands) for octave_bands in (True, False))
        shroom = f"{shroom_s / ours:,.0f} x" if shroom_s else "not installed"
        print(
            f"| {sofa.stem}, {head.hrtf.taps} taps | {1e6 * ours / len(images):.2f} | {error:.1f} dB "
            f"| {bands / ours:,.0f} x | {flat / ours:,.0f} x | {shroom} |"
        )
    print(f"\nListing is {1e9 * listing:.1f} ns an image of the first column; the rest is looking up and adding.")


# --- mean positions ---------------------------------------------------------------------------------------------------


class Stopwatch:
    """Adds up the seconds spent in named functions; an inner one's time is not counted to the outer."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stack: list[list[Any]] = []

    def wrap(self, module: Any, function: str, name: str) -> None:
        plain = getattr(module, function)

        def timed(*args: Any, **kwargs: Any) -> Any:
            self._stack.append([time.perf_counter(), 0.0])
            try:
                return plain(*args, **kwargs)
            finally:
                begun, inner = self._stack.pop()
                took = time.perf_counter() - begun
                self.seconds[name] = self.seconds.get(name, 0.0) + took - inner
                if self._stack:
                    self._stack[-1][1] += took

        setattr(module, function, timed)


def watch_stages() -> Stopwatch:
    """A stopwatch on the stages of a position, put where they are called."""
    from twnm_sim.library import produce
    from twnm_sim.render import brirs, receivers

    watch = Stopwatch()
    watch.wrap(brirs, "list_axes", "listing images")
    watch.wrap(brirs, "list_images", "listing images")
    for name in ("add_binaural", "place_images", "convolve_block", "empty_buffers"):
        watch.wrap(receivers, name, "looking up and adding images")
    watch.wrap(receivers.Ears, "add", "looking up and adding images")
    watch.wrap(brirs, "apply_air", "air")
    watch.wrap(brirs, "apply_highpass", "high-pass")
    watch.wrap(brirs, "shape_tail", "tail: its shape, once a room")
    for name in ("draw_noise", "mix_ears", "add_tail"):
        watch.wrap(brirs, name, "tail: its noise")
    watch.wrap(produce, "measure_rendered", "measuring")
    watch.wrap(produce, "encode_flac", "encoding")
    watch.wrap(produce, "draw_layout", "drawing rooms")
    return watch


def bench_positions(tail: str, rooms: int, sources: int) -> None:
    from twnm_shards.tars import write_sample
    from twnm_sim.library.plan import fingerprint_of, library_versions
    from twnm_sim.library.produce import Recipe, make_producer

    spec = RenderSpec(tail=tail, sources_per_room=sources)
    info = load_hrtf("kemar", RATE).info
    recipe = Recipe(spec, info, None, 1, fingerprint_of(spec, info, 1), library_versions())
    produce = make_producer(recipe)
    for index in (1000, 1001):
        produce(index)  # compiles, fills caches
    watch = watch_stages()
    audio_s = size = 0.0
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as stream:
        for index in range(rooms):
            produced = produce(index)
            write_begun = time.perf_counter()
            write_sample(stream, produced.key, produced.members)
            watch.seconds["writing"] = watch.seconds.get("writing", 0.0) + time.perf_counter() - write_begun
            audio_s += float(produced.row["duration_s"] or 0) * sources
            size += sum(len(data) for _, data in produced.members)
    wall = time.perf_counter() - begun
    positions = rooms * sources
    floor = watch.seconds["encoding"] + watch.seconds["writing"]
    print(
        f"\n## `--tail {tail}`: {rooms} rooms x {sources} positions of Appendix A, KEMAR, full length, measured, FLAC\n"
    )
    print(f"**{positions / wall:.1f} positions/s on one thread**; mean length {audio_s / positions:.2f} s; ", end="")
    print(f"encoding and writing alone would give {positions / floor:.0f}/s, {wall / floor:.1f} x as fast; ", end="")
    print(f"{size / audio_s / RATE / 2:.2f} bytes a sample.\n\n| stage | share |\n|---|---|")
    told = {**watch.seconds, "the rest (records, checks, Python)": wall - sum(watch.seconds.values())}
    for name, seconds in sorted(told.items(), key=lambda item: -item[1]):
        print(f"| {name} | {100 * seconds / wall:.1f} % |")


def bench_workers(rooms: int) -> None:
    from twnm_sim.library.run import Request, plan_run, run_plan

    print(f"\n## Two workers against one: {rooms} rooms x 30\n")
    walls = {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            request = Request(RenderSpec(), rooms, 3, Path(folder), "1GB", workers, "continue")
            walls[workers] = run_plan(plan_run(request)).wall_s
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{walls[1] / walls[2]:.2f} x, the start of the workers included. Peak memory of a worker: {peak:.0f} MiB.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--sofa", type=Path, action="append", default=[], help="one more HRTF for the first table")
    parser.add_argument("--only", default="images,positions,workers")
    options = parser.parse_args()
    names = ("twnm", "numpy", "scipy", "numba", "soundfile", "pyroomacoustics", "pyshroom")
    print(f"`python tests/performance/bench.py`: {', '.join(f'{name} {_version(name)}' for name in names)}")
    if "images" in options.only:
        bench_images([packaged_kemar(), *options.sofa])
    if "positions" in options.only:
        bench_positions("diffuse", *((4, 3) if options.quick else (60, 30)))
        bench_positions("images", *((4, 1) if options.quick else (120, 1)))
    if "workers" in options.only:
        bench_workers(4 if options.quick else 200)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
