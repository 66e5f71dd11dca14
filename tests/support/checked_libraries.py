"""A small rendered library, and copies of it in which one thing is broken."""

import json
import shutil
from pathlib import Path

import numpy as np

from twnm_schemas.render import RenderSpec
from twnm_shards.flac import decode_flac, encode_flac
from twnm_shards.tars import END_OF_ARCHIVE, iter_samples, write_sample
from twnm_sim.library.run import Request, plan_run, run_plan

SHARD = "brirs/brirs-000000.tar"


def render_library(root: Path, rooms: int = 3, sources: int = 4, seed: int = 3, **spec) -> Path:
    """Render a library of short responses through the library's own run; the root folder."""
    settings = {"duration_s": 0.45, **spec}
    recipe = RenderSpec(sources_per_room=sources, **settings)
    run_plan(plan_run(request_of(root, rooms, seed, recipe)))
    return root


def request_of(root: Path, rooms: int, seed: int, recipe: RenderSpec) -> Request:
    return Request(spec=recipe, rooms=rooms, seed=seed, out=root, shard_size="64", workers=1, mode="continue")


def break_library(source: Path, target: Path, key: str, change) -> Path:
    """A copy of a library in which `change(members)` has altered the members of one room (of all where key is "")."""
    shutil.copytree(source, target)
    samples = list(iter_samples(target / SHARD))
    with (target / SHARD).open("wb") as stream:
        for sample in samples:
            members = dict(sample.members)
            if key in ("", sample.key):
                change(members)
            write_sample(stream, sample.key, members.items())
        stream.write(END_OF_ARCHIVE)
    return target


def change_audio(ext: str, change):
    """Alter the decoded audio (C, K) of one FLAC; its peak may not grow, so that its scale stays the record's."""

    def alter(members) -> None:
        steps_CK, rate = decode_flac(members[ext])
        changed_CK = np.asarray(change(steps_CK), np.float32)
        data, scale = encode_flac(changed_CK, rate)
        members[ext] = data
        record = json.loads(members["json"])
        record["sources"][int(ext[1:3])]["scale"]["binaural"] *= scale
        members["json"] = json.dumps(record).encode()

    return alter


def change_record(change):
    """Alter the record as JSON."""

    def alter(members) -> None:
        record = json.loads(members["json"])
        change(record)
        members["json"] = json.dumps(record).encode()

    return alter
