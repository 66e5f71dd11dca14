"""What `twnm-sim render` says to wrong arguments: one sentence, exit code 2, nothing written."""

import json

import pytest
from called_program import call_program

WRONG = [
    (["--out", "s3://bucket/x"], "twnm-shards publish"),
    (["--out", "hf://datasets/o/n"], "twnm-shards publish"),
    (["--output", "stereo"], "--output stereo is not usable"),
    (["--output", ","], "is not usable"),
    (["--rooms", "0"], "--rooms 0"),
    (["--seed", "-1"], "--seed -1"),
    (["--workers", "0"], "--workers 0"),
    (["--shard-size", "big"], "shard size 'big'"),
    (["--resume", "--overwrite"], "exclude each other"),
    (["--hrtf", "nobody"], "nobody"),
    (["--hrtf", "missing.sofa"], "missing.sofa"),
    (["--sample-rate", "44000"], "--sample-rate 44000"),
    (["--duration", "9"], "--duration 9.0"),
    (["--sources-per-room", "0"], "--sources-per-room 0"),
    (["--spec", "no-such.json"], "no-such.json cannot be read"),
    (["--resume"], "holds no run to resume"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(a) for a, _ in WRONG])
def test_a_wrong_argument_gets_one_sentence_and_exit_code_2(arguments, said, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, _, err = call_program(monkeypatch, capsys, "render", "--rooms", "2", *arguments)
    assert code == 2
    assert said in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert list(tmp_path.rglob("*.tar")) == []


def test_a_library_the_disk_cannot_hold_is_refused_before_it_starts(monkeypatch, capsys, tmp_path):
    code, _, err = call_program(monkeypatch, capsys, "render", "--rooms", "100000000", "--out", str(tmp_path / "x"))
    assert code == 2
    assert "GB free" in err
    assert not (tmp_path / "x").exists()


def test_a_spec_with_a_range_that_cannot_be_is_refused_by_place(monkeypatch, capsys, tmp_path):
    _, printed, _ = call_program(monkeypatch, capsys, "spec")
    spec = json.loads(printed)
    spec["absorptions"][0]["alpha"]["low"] = 0.9  # above its high
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec))
    code, _, err = call_program(monkeypatch, capsys, "render", "--spec", str(path), "--out", str(tmp_path / "x"))
    assert code == 2
    assert "absorptions.0" in err


def test_the_default_spec_printed_is_the_one_used(monkeypatch, capsys):
    from twnm_schemas import RoomSpec

    code, printed, _ = call_program(monkeypatch, capsys, "spec")
    assert code == 0
    assert RoomSpec.model_validate_json(printed) == RoomSpec()


def test_a_truncated_sofa_gets_one_sentence(monkeypatch, capsys, tmp_path):
    from twnm_sim.hrtf.catalog import packaged_kemar

    whole = packaged_kemar().read_bytes()
    (tmp_path / "cut.sofa").write_bytes(whole[: len(whole) // 2])
    arguments = ["--rooms", "2", "--hrtf", str(tmp_path / "cut.sofa"), "--out", str(tmp_path / "x")]
    code, _, err = call_program(monkeypatch, capsys, "render", *arguments)
    assert code == 2
    assert "cut.sofa" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda spec: spec["absorptions"][0].update(alpha={"kind": "constant", "value": 1.5}), "absorption"),
        (lambda spec: spec["sizes"][0].update(z_m={"kind": "constant", "value": 0.2}), "size"),
        (lambda spec: spec.update(nearest_source_m=0.01), "nearest_source_m"),
        (lambda spec: spec.update(unknown=1), "unknown"),
    ],
)
def test_a_spec_that_draws_what_cannot_be_gets_one_sentence(change, said, monkeypatch, capsys, tmp_path):
    _, printed, _ = call_program(monkeypatch, capsys, "spec")
    spec = json.loads(printed)
    spec["absorptions"], spec["sizes"] = spec["absorptions"][:1], spec["sizes"][:1]
    change(spec)
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    arguments = ["--rooms", "2", "--spec", str(tmp_path / "spec.json"), "--out", str(tmp_path / "x")]
    code, _, err = call_program(monkeypatch, capsys, "render", *arguments)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "x").exists()
