"""`twnm-bench` called inside the test's own process, where what it calls can be replaced."""

import sys
from pathlib import Path

import pytest

from twnm_bench.cli import main

Said = tuple[int, str, str]  # exit code, and what was said on both ways out


def call_bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str | Path) -> Said:
    """`twnm-bench` with these arguments; it has to leave with an exit code."""
    monkeypatch.setattr(sys, "argv", ["twnm-bench", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, captured.out, captured.err
