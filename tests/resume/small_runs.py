"""A small real run: noise from addressed seeds, encoded as FLAC. Also a script, so that tests can kill it."""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from twnm_schemas.base import name_values
from twnm_shards.command_line import run_app
from twnm_shards.flac import encode_flac
from twnm_shards.jobs import Job, Produce, Produced, Progress, run_job
from twnm_shards.rng import rng_for


def small_job(samples: int = 11, tail: str = "diffuse", per_shard: int = 4, seed: int = 7) -> Job:
    settings = {"tail": tail, "room": {"height_m": {"low": 2.5, "high": 3.5}}, "outputs": ["binaural"]}
    return Job(
        kind="brirs",
        samples=samples,
        samples_per_shard=per_shard,
        samples_per_unit=2,
        settings=settings,
        fingerprint=f"{tail}-{seed}",
        seed=seed,
        versions=name_values({"twnm": "0"}),
    )


def make_noise(seed: int, seconds: float = 0.0, taps: int = 400) -> Produce:
    """A producer of decaying noise that takes `seconds` a sample; every third sample has a rejected draw."""

    def produce(index: int) -> Produced:
        rng = rng_for(seed, "noise", index)
        audio_CT = (rng.standard_normal((2, taps)) * np.exp(-np.arange(taps) * 5 / taps)).astype(np.float32)
        data, scale = encode_flac(audio_CT, 44100)
        time.sleep(seconds)
        key = f"room-{index:06d}"
        record = json.dumps({"room_id": key, "scale": scale}).encode()
        rejections = ("no_space_for_sources",) if index % 3 == 0 else ()
        row = {"scale": scale, "draws": 1 + len(rejections), "t_mid_s": None if index % 2 else float(index)}
        return Produced(key, (("json", record), ("s00.flac", data)), row, rejections)

    return produce


def make_witness(seed: int, notes: Path) -> Produce:
    """As `make_noise`, and note each index made and the process's thread settings in the folder `notes`."""
    produce = make_noise(seed)
    threads = {name: value for name, value in os.environ.items() if name.endswith("_NUM_THREADS")}
    (notes / f"producer-{os.getpid()}-{time.monotonic_ns()}.json").write_text(json.dumps(threads))

    def witness(index: int) -> Produced:
        (notes / f"made-{index}-{os.getpid()}").touch()
        return produce(index)

    return witness


def make_failing(error: Exception | None, at: int) -> Produce:
    """Raise `error` at index `at` (at once if that is negative), or have the worker killed there if it is None."""
    if at < 0 and error:
        raise error
    produce = make_noise(7)

    def fail(index: int) -> Produced:
        if index != at:
            return produce(index)
        if error:
            raise error
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")

    return fail


def make_equal_keys() -> Produce:
    """Every sample is the same."""
    produce = make_noise(7)
    return lambda index: produce(0)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its name; what two runs are compared by."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def die_before_change(number: int, folder: Path) -> None:
    """SIGKILL this process just before its `number`th renaming, removal or making of a folder inside `folder`."""
    changes = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal changes
        if event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir"} and str(folder) in str(arguments[0]):
            changes += 1
            if changes == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def _run() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.03)
    parser.add_argument("--taps", type=int, default=400)
    parser.add_argument("--mode", default="continue")
    parser.add_argument("--die-before-change", type=int, default=0)
    options = parser.parse_args()
    die_before_change(options.die_before_change, options.folder)

    def tell(progress: Progress) -> None:
        sys.stdout.write(f"{progress.samples_done} of {progress.samples_total}\n")
        sys.stdout.flush()

    run_job(
        small_job(options.samples),
        options.folder,
        make_noise,
        (7, options.seconds, options.taps),
        workers=options.workers,
        mode=options.mode,
        on_progress=tell,
    )


if __name__ == "__main__":
    run_app(_run)
