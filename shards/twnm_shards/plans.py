"""What to make and how it is cut: a job, its shards and its units, and what tells one job from another.

What the fingerprint (`Job.fingerprint`, in every marker's name) leaves out, because no sample's bytes depend on it:

| left out                           | why                                          | what guards it                  |
|------------------------------------|----------------------------------------------|---------------------------------|
| number of workers, progress        | randomness is addressed, order is restored   | tests/resume compares bytes     |
| folder, mode (continue, overwrite) | where, not what                              | nothing need                    |
| number of samples                  | sample i is the same in a longer run         | compared on resume              |
| samples per shard                  | moves samples between files, not their bytes | compared on resume              |
| samples per unit                   | units are joined in order                    | the range in a unit's file name |
| versions of libraries              | recorded; the caller puts those that change  | compared on resume              |
|                                    | bytes into the fingerprint                   |                                 |
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from twnm_schemas.base import NameValue
from twnm_schemas.manifests import Kind, Manifest

_ABSENT = object()


@dataclass(frozen=True)
class Unit:
    """Samples [first, stop) of one shard: what a worker makes at a time and what a kill can lose."""

    first: int
    stop: int


@dataclass(frozen=True)
class Shard:
    """Samples [first, stop): one tar."""

    name: str
    first: int
    stop: int
    units: tuple[Unit, ...]

    @property
    def samples(self) -> int:
        return self.stop - self.first


@dataclass(frozen=True)
class Job:
    """What to make, independent of how. Shards of `kind` "brirs" are named brirs-000000.tar.

    `settings`: the whole run as JSON, compared on resume and kept in the manifest. `fingerprint`: of everything that
    changes a sample's bytes. Boundaries of shards and units come from the counts alone.
    """

    kind: Kind
    samples: int
    samples_per_shard: int
    samples_per_unit: int
    settings: dict[str, JsonValue]
    fingerprint: str
    seed: int
    versions: tuple[NameValue, ...]

    def __post_init__(self) -> None:
        if min(self.samples, self.samples_per_shard, self.samples_per_unit) < 1:
            raise ValueError("a job has at least one sample, in shards and units of at least one")

    def shards(self) -> Iterator[Shard]:
        """The shards in order."""
        for number, first in enumerate(range(0, self.samples, self.samples_per_shard)):
            stop = min(first + self.samples_per_shard, self.samples)
            starts = range(first, stop, self.samples_per_unit)
            units = tuple(Unit(start, min(start + self.samples_per_unit, stop)) for start in starts)
            yield Shard(shard_name(self.kind, number), first, stop, units)


def shard_name(kind: str, number: int) -> str:
    """`brirs-000000.tar`."""
    return f"{kind}-{number:06d}.tar"


def describe(job: Job) -> dict[str, JsonValue]:
    """What must be equal for two jobs to be one run."""
    return {
        "kind": job.kind,
        "samples": job.samples,
        "samples_per_shard": min(job.samples_per_shard, job.samples),
        "seed": job.seed,
        "settings": job.settings,
        "versions": {entry.name: entry.value for entry in job.versions},
        "fingerprint": job.fingerprint,
    }


def describe_manifest(manifest: Manifest) -> dict[str, JsonValue]:
    """The same of a finished run."""
    return {
        "kind": manifest.kind,
        "samples": manifest.samples,
        "samples_per_shard": manifest.shards[0].samples if manifest.shards else 0,
        "seed": manifest.seed,
        "settings": manifest.settings,
        "versions": {entry.name: entry.value for entry in manifest.versions},
        "fingerprint": manifest.fingerprint,
    }


def differences(there: JsonValue, here: JsonValue) -> list[str]:
    """Each value that differs, as "a.b.0 is 1 there and 2 here", with the fingerprint only if nothing else does."""
    # settings hold the whole run: what they name need not be named again from beside them
    there, here = json.loads(json.dumps([there, here]))  # tuples compare as lists
    found = dict(_differing("", there, here))
    named = {path.removeprefix("settings.") for path in found if path.startswith("settings.")}
    sentences = [
        f"{path.removeprefix('settings.')} is {_show(a)} there and {_show(b)} here"
        for path, (a, b) in found.items()
        if path != "fingerprint" and path not in named
    ]
    if not sentences and "fingerprint" in found:
        a, b = found["fingerprint"]
        sentences = [f"fingerprint is {_show(a)} there and {_show(b)} here"]
    return sentences


def _differing(path: str, there: object, here: object) -> Iterator[tuple[str, tuple[object, object]]]:
    if isinstance(there, dict) and isinstance(here, dict):
        for name in sorted(there.keys() | here.keys()):
            yield from _differing(f"{path}.{name}".lstrip("."), there.get(name, _ABSENT), here.get(name, _ABSENT))
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for place, (a, b) in enumerate(zip(there, here, strict=True)):
            yield from _differing(f"{path}.{place}", a, b)
    elif there != here or type(there) is not type(here):
        yield path, (there, here)


def _show(value: object) -> str:
    if value is _ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
