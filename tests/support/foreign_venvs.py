"""Virtual environments of other people's programs, whose pinned versions are not ours: made once, kept in the cache.

Installing takes a minute and up to 1.5 GB, so a missing one is made only where TWNM_SLOW_VENVS is 1; elsewhere the test
that wants it is skipped and says so. One that is there is used in any case.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twnm_sim.caches import cache_folder

_DONE = "installed.json"  # written last: without it the folder is what a killed installation left


@dataclass(frozen=True)
class Wanted:
    """`name`: of the program; `steps`: the arguments of one `pip install` after another."""

    name: str
    steps: tuple[tuple[str, ...], ...]

    @property
    def folder(self) -> Path:
        """Another one for every change of versions or of Python."""
        key = json.dumps([self.steps, sys.version_info[:2]])
        return cache_folder() / "venvs" / f"{self.name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


INSPECT = Wanted("inspect", (("inspect-ai==0.3.285",),))
# torch by itself and first, as constraints.txt has it. lmms-eval without what it asks for: 60 packages for all its
# tasks and models, of which loading and scoring a task imports these. It imports filelock._api, which newer ones lack.
LMMS = Wanted(
    "lmms-eval",
    (
        ("torch==2.13.0",),
        ("--no-deps", "lmms-eval==0.7.3"),
        (
            "accelerate==1.15.0",
            "datasets==5.2.0",
            "evaluate==0.4.6",
            "filelock==3.20.0",
            "jinja2==3.1.6",
            "loguru==0.7.3",
            "numpy==2.4.6",
            "pillow==13.0.0",
            "pytz==2026.6",
            "pyyaml==6.0.4",
            "sacrebleu==2.6.0",
            "soundfile==0.14.0",
            "tenacity==9.2.1",
            "tqdm==4.70.1",
            "transformers==5.24.0",
        ),
    ),
)


def require_venv(wanted: Wanted) -> Path:
    """The Python of that environment; skips the test where it is not there and cannot or may not be made."""
    if not (wanted.folder / _DONE).exists():
        if os.environ.get("TWNM_SLOW_VENVS") != "1":
            pytest.skip(f"{wanted.name} is not installed in {wanted.folder}; TWNM_SLOW_VENVS=1 installs it")
        with _alone(wanted.folder):
            _make_venv(wanted)
    return wanted.folder / "bin" / "python"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _make_venv(wanted: Wanted) -> None:
    folder = wanted.folder
    if (folder / _DONE).exists():  # somebody else made it meanwhile
        return
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
    for step in wanted.steps:
        command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *step]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            said = done.stderr.strip().splitlines() or ["pip says nothing"]
            pytest.skip(f"{wanted.name} cannot be installed: {said[-1]}")
    (folder / _DONE).write_text(json.dumps(wanted.steps))


def run_foreign(python: Path, script: Path, told: Any, folder: Path) -> Any:
    """Run a script of `tests/support/foreign` in such an environment, cut off from model hubs and from our packages.

    The script reads `told` as JSON from standard input; what it answers is the last line of standard output.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_", "TWNM"))}
    environment = {**kept, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1", "INSPECT_LOG_DIR": str(folder)}
    done = subprocess.run(
        [python, script],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.strip().splitlines()[-1])
