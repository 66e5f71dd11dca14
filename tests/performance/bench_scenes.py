"""How fast scenes are composed, and what memory that takes, on one thread. A program, not a test.

python tests/performance/bench_scenes.py [--quick] [--scenes 10000] [--only compose,stream]

Prints Markdown. First one scene of 5 s with three sources, from decoded clips and responses of 1 s: drawn gains
applied, convolved, levelled, measured, described; then the same convolutions by scipy.signal.fftconvolve, source by
source and ear by ear, alone. Then `SceneStream` over shards on disk, and the memory it holds as scenes go by. Times are
medians; only ratios mean anything elsewhere.
"""

import os

ONE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
os.environ.update(dict.fromkeys(ONE, "1"))
# as the workers of a run have it (twnm_shards.pool)
os.environ.update({"MALLOC_MMAP_THRESHOLD_": "200000000", "MALLOC_TRIM_THRESHOLD_": "400000000"})

import argparse  # noqa: E402  # the thread counts are read when numpy is imported
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from scipy.signal import fftconvolve  # noqa: E402

from twnm_schemas import RenderSpec, SceneSpec  # noqa: E402
from twnm_schemas.distributions import Constant  # noqa: E402
from twnm_sim import SceneStream, scan_clips  # noqa: E402
from twnm_sim.library.run import Request, plan_run, run_plan  # noqa: E402
from twnm_sim.scenes.compose import compose_recipe, convolve_recipe, finish_scene  # noqa: E402
from twnm_sim.scenes.draw import draw_scene  # noqa: E402
from twnm_sim.scenes.labels import Context  # noqa: E402
from twnm_sim.scenes.maker import SceneMaker, open_ingredients  # noqa: E402
from twnm_sim.scenes.store import pack_scene  # noqa: E402

ENVIRONMENT_SET = "TWNM_BENCH_CHILD"


def median_ms(function: Callable[[], Any], runs: int) -> float:
    """Median milliseconds of `runs` calls, after two that are not counted."""
    for _ in range(2):
        function()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return 1e3 * float(np.median(times))


def render_library(folder: Path, rooms: int, sources: int, duration_s: float | None) -> None:
    spec = RenderSpec(sources_per_room=sources, duration_s=duration_s)
    run_plan(plan_run(Request(spec, rooms, 0, folder, "1GB", 2, "continue")))


def bench_compose(clips: str, runs: int) -> None:
    """One scene of three sources, again and again."""
    with tempfile.TemporaryDirectory() as folder:
        render_library(Path(folder), 2, 8, 1.0)
        spec = SceneSpec(sources=Constant(value=3.0), onset_s=Constant(value=0.0))
        ingredients = open_ingredients(folder, clips, spec, "research-nc")
        maker = SceneMaker(ingredients, 0)
        drawn = _find_long(maker, spec)
        recipe, brirs, by_id = drawn.recipe, ingredients.brirs, {clip.clip_id: clip for clip in drawn.clips}
        context = Context("train", "research-nc")

        def compose() -> Any:
            return compose_recipe(recipe, brirs, by_id, maker.reader, context)

        convolved = convolve_recipe(recipe, brirs, by_id, maker.reader)
        responses = [brirs.response(drawn.room, event.source_index) for event in recipe.events]

        def convolve_apart() -> list[np.ndarray]:
            return [
                fftconvolve(piece_T, response_CK[ear])[: recipe.samples]
                for piece_T, response_CK in zip(convolved.pieces, responses, strict=True)
                for ear in range(2)
            ]

        rows = {
            "composed, measured, described": median_ms(compose, runs),
            "the same, packed as FLAC and JSON": median_ms(lambda: pack_scene(compose()), runs),
            "of it, the convolution": median_ms(lambda: convolve_recipe(recipe, brirs, by_id, maker.reader), runs),
            "of it, mixing and measuring": median_ms(lambda: finish_scene(recipe, convolved, brirs, context), runs),
            "scipy.signal.fftconvolve, source by source, alone": median_ms(convolve_apart, runs),
        }
    lengths = ", ".join(f"{len(piece_T) / recipe.sample_rate:.1f}" for piece_T in convolved.pieces)
    print(f"\n## One scene of 5 s: three sources ({lengths} s) through responses of 1 s, decoded\n")
    print("| what | ms | over fftconvolve alone |\n|---|---|---|")
    reference = rows["scipy.signal.fftconvolve, source by source, alone"]
    for name, value in rows.items():
        print(f"| {name} | {value:.1f} | {value / reference:.2f} |")


def _find_long(maker: SceneMaker, spec: SceneSpec) -> Any:
    """The first draw whose clips all sound to the scene's end: the most there is to convolve."""
    for index in range(2000):
        drawn = draw_scene(maker.ingredients, 0, index, "train")
        if all(event.length > 0.85 * drawn.recipe.samples for event in drawn.recipe.events):
            return drawn
    raise SystemExit("no scene of long clips was drawn; name others with --clips")


def bench_stream(clips: str, scenes: int, rooms: int) -> None:
    """Scenes a second and memory, as a trainer sees them."""
    with tempfile.TemporaryDirectory() as folder:
        render_library(Path(folder), rooms, 30, None)
        stream = SceneStream(folder, scan_clips([clips]), seed=1, length=scenes)
        process = psutil.Process()
        marks = sorted({scenes // 100 or 1, scenes // 20 or 1, *(scenes * k // 10 for k in range(1, 11))})
        rows = []
        begun = time.perf_counter()
        for number, _ in enumerate(stream, 1):
            if number in marks:
                rows.append((number, time.perf_counter() - begun, process.memory_info().rss / 2**20))
                print(f"{number} of {scenes}: {rows[-1][2]:.0f} MiB", file=sys.stderr)
    half = next(row for row in rows if row[0] >= scenes // 2)
    rate = (rows[-1][0] - half[0]) / (rows[-1][1] - half[1])
    print(f"\n## `SceneStream` from {rooms} rooms x 30 on disk, `{clips}`, default spec (1 to 4 sources)\n")
    print(f"**{rate:.1f} scenes/s on one core** over the second half of {scenes}.\n")
    print("| scenes | MiB resident |\n|---|---|")
    for number, _, mebibytes in rows:
        print(f"| {number} | {mebibytes:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--scenes", type=int, default=10000, help="of the stream")
    parser.add_argument("--clips", default="builtin", help="a spec of clips")
    parser.add_argument("--only", default="compose,stream")
    options = parser.parse_args()
    names = ("twnm", "numpy", "scipy", "soundfile", "soxr", "pyloudnorm")
    print(f"`python tests/performance/bench_scenes.py`: {', '.join(f'{name} {version(name)}' for name in names)}")
    if "compose" in options.only:
        bench_compose(options.clips, 3 if options.quick else 40)
    if "stream" in options.only:
        bench_stream(options.clips, *((40, 4) if options.quick else (options.scenes, 60)))


if __name__ == "__main__":
    if ENVIRONMENT_SET not in os.environ:  # the C library reads its settings when the process starts
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, ENVIRONMENT_SET: "1"})
    main()
