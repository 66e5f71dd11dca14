"""What a run does with a folder that already holds something."""

from pathlib import Path

import pytest
from small_runs import bytes_of, make_equal_keys, make_noise, make_witness, small_job

from twnm_schemas.base import name_values
from twnm_schemas.errors import MismatchError, StoreError
from twnm_shards.jobs import Job, Mode, run_job
from twnm_shards.plans import describe, differences
from twnm_shards.units import RUN_NAME, UNITS_NAME


def run(folder: Path, job: Job | None = None, mode: Mode = "continue") -> None:
    job = job or small_job()
    run_job(job, folder, make_noise, (job.seed,), workers=2, mode=mode)


@pytest.fixture(scope="module")
def finished_bytes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("finished")
    run(folder)
    return bytes_of(folder)


@pytest.fixture
def finished(tmp_path: Path, finished_bytes: dict[str, bytes]) -> Path:
    folder = tmp_path / "brirs"
    folder.mkdir()
    for name, data in finished_bytes.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("mode", ["continue", "resume"])
def test_changed_settings_are_refused_by_name_and_value(finished: Path, mode: Mode) -> None:
    before = bytes_of(finished)
    changed = small_job(samples=12, tail="images", seed=8)
    with pytest.raises(MismatchError) as refused:
        run(finished, changed, mode)
    sentence = str(refused.value)
    for difference in (
        "samples is 11 there and 12 here",
        "seed is 7 there and 8 here",
        'tail is "diffuse" there and "images" here',
    ):
        assert difference in sentence
    assert str(finished) in sentence
    assert "--overwrite" in sentence
    assert "fingerprint" not in sentence
    assert bytes_of(finished) == before


def test_changed_settings_of_an_unfinished_run_are_refused(tmp_path: Path) -> None:
    from twnm_shards.files import write_json

    (tmp_path / UNITS_NAME).mkdir()
    write_json(tmp_path / UNITS_NAME / RUN_NAME, describe(small_job()))
    with pytest.raises(MismatchError, match="samples_per_shard is 4 there and 5 here"):
        run(tmp_path, small_job(per_shard=5))


def test_differences_name_nested_values_and_the_fingerprint_only_alone() -> None:
    def job(**changes: object) -> dict[str, object]:
        return describe(Job(**{**vars(small_job()), **changes}))  # type: ignore[arg-type]

    lower = {"tail": "diffuse", "room": {"height_m": {"low": 2.0, "high": 3.5}}, "outputs": ["binaural"]}
    assert differences(job(), job(settings=lower, fingerprint="x")) == ["room.height_m.low is 2.5 there and 2.0 here"]
    more = {**small_job().settings, "outputs": ["binaural", "foa"], "new": None}
    assert differences(job(), job(settings=more)) == [
        "new is absent there and null here",
        'outputs is ["binaural"] there and ["binaural", "foa"] here',
    ]
    assert differences(job(), job(fingerprint="x")) == ['fingerprint is "diffuse-7" there and "x" here']
    assert differences(job(), job(versions=name_values({"twnm": "1"}))) == ['versions.twnm is "0" there and "1" here']
    assert differences(job(), job(samples_per_unit=9)) == []


@pytest.mark.parametrize("mode", ["continue", "resume", "overwrite"])
def test_foreign_file_is_named_and_kept(finished: Path, mode: Mode) -> None:
    (finished / "notes.txt").write_text("mine")
    before = bytes_of(finished)
    with pytest.raises(StoreError, match=r"holds notes\.txt, which no brirs run makes"):
        run(finished, mode=mode)
    assert bytes_of(finished) == before


def test_shards_of_another_kind_are_foreign(finished: Path) -> None:
    (finished / "scenes-000000.tar").write_bytes(b"")
    with pytest.raises(StoreError, match=r"scenes-000000\.tar"):
        run(finished, mode="overwrite")


def test_shards_without_a_run_are_refused(finished: Path) -> None:
    (finished / "manifest.json").unlink()
    before = bytes_of(finished)
    with pytest.raises(StoreError, match=r"brirs-000000\.tar but no manifest\.json"):
        run(finished)
    assert bytes_of(finished) == before


def test_overwrite_starts_over(finished: Path, tmp_path: Path, finished_bytes: dict[str, bytes]) -> None:
    (finished / "brirs-000009.tar").write_bytes(b"of a longer run")
    notes = tmp_path / "notes"
    notes.mkdir()
    run_job(small_job(), finished, make_witness, (7, notes), workers=2, mode="overwrite")
    assert len(list(notes.glob("made-*"))) == 11
    assert bytes_of(finished) == finished_bytes


def test_resume_needs_a_run(tmp_path: Path, finished: Path) -> None:
    with pytest.raises(StoreError, match="no run to resume"):
        run(tmp_path / "new", mode="resume")
    assert not (tmp_path / "new").exists()
    run(finished, mode="resume")


def test_lost_shard_that_comes_out_otherwise_is_refused(finished: Path) -> None:
    (finished / "brirs-000001.tar").unlink()
    with pytest.raises(StoreError, match=r"brirs-000001\.tar was missing and came out with other bytes"):
        run_job(small_job(), finished, make_noise, (8,), workers=1)


def test_two_samples_of_one_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="two samples have the key room-000000"):
        run_job(small_job(2), tmp_path, make_equal_keys, (), workers=1)
