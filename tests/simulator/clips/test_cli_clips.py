"""`twnm-sim clips`: what it prints, and one sentence for what is wrong."""

import csv
import json
from pathlib import Path

import pytest
from called_program import Said, call_program
from clip_files import noise, quiet, write_noises, write_sound

from twnm_sim.clips.catalog import read_catalog


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Said:
    monkeypatch.setenv("COLUMNS", "100")
    return call_program(monkeypatch, capsys, "clips", *arguments)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = write_noises(tmp_path / "sounds", 4)
    write_sound(folder / "class 0" / "silent.wav", quiet(0.5))
    write_sound(folder / "class 0" / "low.wav", noise(0.5, rate=8000), rate=8000)
    return folder


def test_scan_writes_a_catalog_and_says_what_is_in_it(monkeypatch, capsys, sounds, tmp_path) -> None:
    out, rejected = tmp_path / "c.parquet", tmp_path / "rejected.csv"
    code, output, _ = run(
        monkeypatch, capsys, "scan", sounds, "--out", out, "--license", "CC0-1.0", "--rejected", rejected
    )
    assert code == 0
    catalog = read_catalog(out)
    assert len(catalog.clips) == 4
    assert {clip.license for clip in catalog.clips} == {"CC0-1.0"}
    said = " ".join(output.replace("│", " ").split())
    for row in (
        "all 4 0.00",
        "label: class 0 2",
        "licence: CC0-1.0 4",
        "rejected: silent 1",
        "rejected: low_sample_rate 1",
    ):
        assert row in said
    assert catalog.digest[:16] in output
    with rejected.open(newline="") as stream:
        assert {(row["clip_id"], row["reason"]) for row in csv.DictReader(stream)} == {
            ("sounds:class 0/silent.wav", "silent"),
            ("sounds:class 0/low.wav", "low_sample_rate"),
        }


def test_scan_passes_its_options_on(monkeypatch, capsys, sounds, tmp_path) -> None:
    out = tmp_path / "c.parquet"
    assert run(monkeypatch, capsys, "scan", sounds, "--out", out, "--min-rate", "8000", "--workers", "1")[0] == 0
    assert len(read_catalog(out).clips) == 5
    code, _, err = run(
        monkeypatch, capsys, "scan", sounds, "--out", tmp_path / "d.parquet", "--license-profile", "open"
    )
    assert code == 2
    assert "can be used (6 license_unknown)." in err


def test_stats_as_json_is_the_same_every_time(monkeypatch, capsys, sounds, tmp_path) -> None:
    out = tmp_path / "c.parquet"
    run(monkeypatch, capsys, "scan", sounds, "--out", out)
    first, second = (run(monkeypatch, capsys, "stats", out, "--json")[1] for _ in range(2))
    assert first == second
    stats = json.loads(first)
    assert stats["total"] == {"clips": 4, "hours": pytest.approx(0.8 / 3600.0)}
    assert stats["rejections"] == {"silent": 1, "low_sample_rate": 1}
    assert stats["digest"] == read_catalog(out).digest


def test_stats_shows_as_many_labels_as_asked(monkeypatch, capsys, sounds, tmp_path) -> None:
    out = tmp_path / "c.parquet"
    run(monkeypatch, capsys, "scan", sounds, "--out", out)
    output = run(monkeypatch, capsys, "stats", out, "--labels", "1")[1]
    assert output.count("label: ") == 1
    assert "and 2 more labels" in output


WRONG = [
    (["scan", "nowhere"], "'nowhere' are neither a folder nor a known kind"),
    (["scan", "folder:nowhere"], "The folder nowhere of the clips 'folder:nowhere' is not there"),
    (["scan", "esc50:."], "holds no meta/esc50.csv"),
    (["scan", "none.parquet"], "none.parquet is not there"),
    (["scan", ".", "--license-profile", "free"], "The licence profile 'free' is not known"),
    (["scan", ".", "--license", "mine"], "The licence 'mine' is not known"),
    (["scan", "."], "holds no sound file"),
    (["stats", "none.parquet"], "none.parquet is not there; make one with twnm-sim clips scan"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(a) for a, _ in WRONG])
def test_a_wrong_argument_gets_one_sentence_and_exit_code_2(arguments, said, monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(monkeypatch, capsys, *arguments)
    assert code == 2
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert said in err
    assert list(tmp_path.iterdir()) == []
