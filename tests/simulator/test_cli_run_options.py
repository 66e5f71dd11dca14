"""What every run into a folder asks of its options, and that every such command asks it."""

import os
from pathlib import Path

import pytest
from scene_runs import run_program

from twnm_schemas.errors import SpecError
from twnm_sim.cli.run_options import choose_mode, choose_workers, local_folder

URL = "hf://datasets/o/n"
COMMANDS = {
    "render": ["render", "--rooms", "1"],
    "import": ["import", "none.sofa"],
    "compose": ["compose", "--brirs", "lib", "--clips", "builtin:1"],
    "rebuild": ["rebuild", "recipes", "--brirs", "lib", "--clips", "none.parquet"],
}


@pytest.mark.parametrize(
    ("resume", "overwrite", "mode"),
    [(False, False, "continue"), (True, False, "resume"), (False, True, "overwrite")],
)
def test_a_run_goes_on_resumes_or_starts_anew(resume: bool, overwrite: bool, mode: str) -> None:
    assert choose_mode(resume, overwrite) == mode


def test_what_cannot_be_chosen_is_one_sentence() -> None:
    with pytest.raises(SpecError, match=r"^--resume and --overwrite exclude each other; give one of them\.$"):
        choose_mode(True, True)
    with pytest.raises(SpecError, match=r"^--workers 0 is not a number of processes; give 1 or more\.$"):
        choose_workers(0)
    with pytest.raises(SpecError, match=r"^--out s3://b/x is a URL, and this command writes to a local folder; "):
        local_folder("s3://b/x")


def test_workers_are_as_many_as_asked_or_as_there_are_cores() -> None:
    assert choose_workers(3) == 3
    assert choose_workers(None) == len(os.sched_getaffinity(0))


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_no_command_takes_a_url_for_a_folder(words: list[str], tmp_path: Path) -> None:
    done = run_program(*words, "--out", URL, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: --out {URL} is a URL, and this command writes to a local folder; ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
