"""`twnm-bench` called inside the test's own process, where what it calls can be replaced."""

from pathlib import Path

import pytest
from called_program import Said, call_main

from twnm_bench.cli import main


def call_bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str | Path) -> Said:
    """`twnm-bench` with these arguments; it has to leave with an exit code."""
    return call_main("twnm-bench", main, monkeypatch, capsys, *words)
