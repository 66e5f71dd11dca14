"""The command line: what it prints, where, and how it exits."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from room_samples import make_rooms, room_job

from twnm_shards.files import GO_ON
from twnm_shards.jobs import run_job


def run(*arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    script = "from twnm_shards.cli import main; main()"
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, cwd=cwd)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cli") / "data"
    run_job(room_job(3), root / "brirs", make_rooms, (), workers=1)
    return root


def test_whole_folder_exits_with_0_and_data_is_the_default(data: Path) -> None:
    done = run("verify", cwd=data.parent)
    assert (done.returncode, done.stdout, done.stderr) == (0, "data is whole\n", "")


def test_problems_exit_with_2_as_a_table_and_as_json(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data" / "brirs" / "brirs-000001.tar").unlink()
    table = run("verify", "--quick", str(tmp_path / "data"))
    assert table.returncode == 2
    assert "missing" in table.stdout
    listed = run("verify", "--json", "--quick", str(tmp_path / "data" / "brirs"))
    assert listed.returncode == 2
    problems = json.loads(listed.stdout)["problems"]
    assert [(Path(p["file"]).name, p["key"], p["problem_name"]) for p in problems] == [
        ("brirs-000001.tar", "", "missing"),
        ("brirs-000001.tar", "room-000002", "missing"),
    ]


def test_error_is_one_sentence_on_standard_error(tmp_path: Path) -> None:
    done = run("verify", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {tmp_path} holds no shards")
    assert done.stderr.count("\n") == 1


def test_wrong_option_says_so(tmp_path: Path) -> None:
    done = run("verify", "--nope")
    assert done.returncode == 2
    assert "No such option: --nope" in done.stderr


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['twnm-shards', 'verify', '--help']\n"
        "from twnm_shards.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print(sorted({'numpy', 'pyarrow', 'soundfile', 'scipy', 'webdataset'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "--quick" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("through_typer", [True, False])
def test_ctrl_c_says_that_nothing_is_lost(through_typer: bool) -> None:
    script = (
        "import os, signal, typer\n"
        "from twnm_shards.command_line import run_app\n"
        "def stop() -> None: os.kill(os.getpid(), signal.SIGINT)\n"
        "app = typer.Typer(); app.command()(stop)\n"
        f"run_app({'app' if through_typer else 'stop'})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1] == f"stopped: {GO_ON}"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("raised", "code", "last_line"),
    [
        ("MachineError('the disk is full')", 1, "error: the disk is full"),
        ("LockedError('another run')", 2, "error: another run"),
        ("KeyError('a bug')", 1, "KeyError: 'a bug'"),
    ],
)
def test_codes_are_the_errors_own_and_bugs_show_their_traceback(raised: str, code: int, last_line: str) -> None:
    script = (
        "from twnm_schemas.errors import *\n"
        "from twnm_shards.command_line import run_app\n"
        f"def fail() -> None: raise {raised}\n"
        "run_app(fail)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == code
    assert done.stderr.splitlines()[-1] == last_line
    assert ("Traceback" in done.stderr) == ("bug" in raised)
