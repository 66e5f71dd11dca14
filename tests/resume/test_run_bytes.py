"""However a run is cut among workers, its folder has the same bytes, and a second call makes nothing."""

import json
import os
from pathlib import Path

import pytest
from small_runs import bytes_of, make_noise, make_witness, small_job

from twnm_schemas.manifests import Count
from twnm_shards.jobs import Job, Progress, run_job
from twnm_shards.manifests import read_index, read_manifest
from twnm_shards.tars import iter_samples, read_sample


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference") / "brirs"
    run_job(small_job(), folder, make_noise, (7,), workers=1)
    return folder


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_gives_the_same_bytes(reference: Path, tmp_path: Path, workers: int) -> None:
    run_job(small_job(), tmp_path, make_noise, (7,), workers=workers)
    assert bytes_of(tmp_path) == bytes_of(reference)


def test_units_of_another_size_give_the_same_bytes(reference: Path, tmp_path: Path) -> None:
    job = small_job()
    coarse = Job(**{**vars(job), "samples_per_unit": 3})
    run_job(coarse, tmp_path, make_noise, (7,), workers=2)
    assert bytes_of(tmp_path) == bytes_of(reference)


def test_folder_holds_shards_manifest_and_index_only(reference: Path) -> None:
    names = sorted(path.name for path in reference.iterdir())
    shards = [f"brirs-{number:06d}.tar" for number in range(3)]
    assert names == [*shards, "index.parquet", "manifest.json"]
    manifest = read_manifest(reference)
    assert [(shard.name, shard.samples) for shard in manifest.shards] == list(zip(shards, [4, 4, 3], strict=True))
    assert manifest.rejections == (Count(reason="no_space_for_sources", count=4),)
    assert manifest.settings == small_job().settings


def test_samples_lie_in_order_and_where_the_index_says(reference: Path) -> None:
    rows = read_index(reference)
    keys = [sample.key for shard in sorted(reference.glob("*.tar")) for sample in iter_samples(shard)]
    assert keys == [f"room-{index:06d}" for index in range(11)] == [row["key"] for row in rows]
    for row in rows:
        sample = read_sample(reference / str(row["shard"]), int(row["offset"] or 0))
        assert sample.key == row["key"]
        assert json.loads(sample.members["json"])["scale"] == row["scale"]
    assert [row["t_mid_s"] for row in rows[:4]] == [0.0, None, 2.0, None]


def test_finished_run_makes_nothing_again(reference: Path, tmp_path: Path) -> None:
    folder, notes = tmp_path / "brirs", tmp_path / "notes"
    notes.mkdir()
    told: list[Progress] = []
    for _ in range(2):
        run_job(small_job(), folder, make_witness, (7, notes), workers=2, on_progress=told.append)
    made = [path.name.split("-")[1] for path in notes.glob("made-*")]
    assert sorted(map(int, made)) == list(range(11))  # once each, in both calls together
    assert told[-1].samples_done == 11
    assert bytes_of(folder) == bytes_of(reference)


def test_lost_shard_of_a_finished_folder_is_made_again(reference: Path, tmp_path: Path) -> None:
    folder, notes = tmp_path / "brirs", tmp_path / "notes"
    notes.mkdir()
    run_job(small_job(), folder, make_noise, (7,), workers=1)
    (folder / "brirs-000001.tar").unlink()
    run_job(small_job(), folder, make_witness, (7, notes), workers=1)
    assert sorted(int(path.name.split("-")[1]) for path in notes.glob("made-*")) == [4, 5, 6, 7]
    assert bytes_of(folder) == bytes_of(reference)


def test_workers_hold_one_thread_and_the_parent_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    run_job(small_job(), tmp_path / "brirs", make_witness, (7, tmp_path), workers=2)
    producers = [json.loads(path.read_text()) for path in tmp_path.glob("producer-*.json")]
    assert 1 <= len(producers) <= 2  # one a worker, not one a unit
    for threads in producers:
        assert {threads[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")} == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_progress_counts_samples_and_reasons(tmp_path: Path) -> None:
    told: list[Progress] = []
    run_job(small_job(), tmp_path, make_noise, (7,), workers=2, on_progress=told.append)
    done = [progress.samples_done for progress in told]
    assert done[0] == 0
    assert done[-1] == 11
    assert done == sorted(done)
    assert told[-1].rejections == {"no_space_for_sources": 4}
    assert told[-1].bytes_written == sum(path.stat().st_size - 1024 for path in tmp_path.glob("*.tar"))
