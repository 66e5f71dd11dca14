"""A program called inside the test's own process, where what it calls can be replaced."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from twnm_sim.cli import main

Said = tuple[int, str, str]  # exit code, and what was said on both ways out


def call_main(
    program: str,
    main: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *words: str | Path,
) -> Said:
    """`main` as `program` with these arguments; it has to leave with an exit code."""
    monkeypatch.setattr(sys, "argv", [program, *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, captured.out, captured.err


def call_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str | Path) -> Said:
    """`twnm-sim` with these arguments."""
    return call_main("twnm-sim", main, monkeypatch, capsys, *words)
