"""A scan: everything that is refused has a name and a count; kills, workers and order change nothing."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from clip_files import ESC10, make_clip, noise, quiet, tone, write_noises, write_sound, write_table

from twnm_schemas.errors import LockedError, SpecError
from twnm_schemas.splits import split_of
from twnm_shards.files import sha256_of
from twnm_shards.locks import locked
from twnm_sim.clips.catalog import read_catalog, write_catalog
from twnm_sim.clips.probe import Limits
from twnm_sim.clips.probing import IN_THIS_PROCESS
from twnm_sim.clips.scan import list_specs, scan_clips, scan_listed

MANY = 100  # files: enough for workers


@pytest.fixture(scope="module")
def noises(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert MANY > IN_THIS_PROCESS
    return write_noises(tmp_path_factory.mktemp("scan") / "noises", MANY)


@pytest.fixture(scope="module")
def reference(noises: Path) -> bytes:
    """The catalog as one worker makes it."""
    out = noises.parent / "reference.parquet"
    scan_clips([f"folder:{noises}"], out, workers=1)
    return out.read_bytes()


def test_a_folder_becomes_a_catalog(noises: Path, reference: bytes, tmp_path: Path) -> None:
    (tmp_path / "c.parquet").write_bytes(reference)
    catalog = read_catalog(tmp_path / "c.parquet")
    paths = sorted(noises.rglob("*.wav"))
    assert [clip.path for clip in catalog.clips] == [str(path) for path in paths]
    assert [clip.clip_id for clip in catalog.clips] == [f"noises:{p.relative_to(noises).as_posix()}" for p in paths]
    assert [clip.label for clip in catalog.clips] == [path.parent.name for path in paths]
    assert [clip.sha256 for clip in catalog.clips] == [sha256_of(path) for path in paths]
    assert {(clip.duration_s, clip.sample_rate, clip.channels) for clip in catalog.clips} == {(0.2, 44100, 1)}
    assert all(clip.split == split_of(clip.group) for clip in catalog.clips)
    assert catalog.rejections == {}


@pytest.mark.parametrize("workers", [2, 4])
def test_any_number_of_workers_gives_the_same_bytes(
    noises: Path, reference: bytes, tmp_path: Path, workers: int
) -> None:
    seen: list[int] = []
    scan_clips([f"folder:{noises}"], tmp_path / "c.parquet", workers=workers, on_progress=seen.append)
    assert (tmp_path / "c.parquet").read_bytes() == reference
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, MANY)
    assert [path.name for path in tmp_path.iterdir()] == ["c.parquet"]


def test_without_a_file_to_write_the_catalog_is_the_same(noises: Path, reference: bytes, tmp_path: Path) -> None:
    catalog = scan_clips([f"folder:{noises}"], workers=2)
    write_catalog(tmp_path / "c.parquet", catalog.clips, catalog.rejections, catalog.specs)
    assert (tmp_path / "c.parquet").read_bytes() == reference


def test_an_interrupted_scan_goes_on(noises: Path, reference: bytes, tmp_path: Path) -> None:
    out = tmp_path / "c.parquet"

    def interrupt(done: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_clips([f"folder:{noises}"], out, workers=1, on_progress=interrupt)
    assert not out.exists()
    seen: list[int] = []
    scan_clips([f"folder:{noises}"], out, workers=2, on_progress=seen.append)
    assert seen[0] > 0
    assert out.read_bytes() == reference
    assert [path.name for path in tmp_path.iterdir()] == ["c.parquet"]


SCAN = "import sys; from pathlib import Path; from twnm_sim.clips.scan import scan_clips\n" + (
    "if __name__ == '__main__': scan_clips([sys.argv[1]], Path(sys.argv[2]), workers=2)"
)


def test_a_killed_scan_goes_on(noises: Path, reference: bytes, tmp_path: Path) -> None:
    out = tmp_path / "c.parquet"
    script = tmp_path / "scan.py"
    script.write_text(SCAN)
    process = subprocess.Popen([sys.executable, script, f"folder:{noises}", out])
    units = tmp_path / "c.parquet.scan" / ".units"
    while process.poll() is None and not list(units.glob("*.json")):
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    script.unlink()
    assert not out.exists()
    seen: list[int] = []
    scan_clips([f"folder:{noises}"], out, workers=1, on_progress=seen.append)
    assert seen[0] > 0
    assert out.read_bytes() == reference
    assert [path.name for path in tmp_path.iterdir()] == ["c.parquet"]


UNGUARDED = "import sys; from twnm_sim.clips.scan import scan_clips\n" + (
    "print(len(scan_clips([sys.argv[1]], workers=int(sys.argv[2])).clips))"
)


def test_one_worker_needs_no_guard_in_a_script_and_two_name_it(noises: Path, tmp_path: Path) -> None:
    script = tmp_path / "scan.py"
    script.write_text(UNGUARDED)

    def run(workers: int) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, script, f"folder:{noises}", str(workers)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    assert run(1).stdout.strip() == str(MANY)
    assert "a worker was killed, most likely for memory, or a script calls this without `if __name__" in run(2).stderr


def test_a_file_that_changed_since_the_kill_is_looked_into_again(tmp_path: Path) -> None:
    folder = write_noises(tmp_path / "sounds", MANY)
    out = tmp_path / "c.parquet"

    def interrupt(done: int) -> None:
        if done == MANY:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_clips([f"folder:{folder}"], out, workers=2, on_progress=interrupt)
    changed = write_sound(folder / "class 0" / "000.wav", noise(0.3, seed=7))
    catalog = scan_clips([f"folder:{folder}"], out, workers=2)
    assert catalog.clips[0].duration_s == 0.3
    assert catalog.clips[0].sha256 == sha256_of(changed)


def test_two_scans_to_one_file_do_not_mix(noises: Path, tmp_path: Path) -> None:
    (tmp_path / "c.parquet.scan").mkdir()
    with (
        locked(tmp_path / "c.parquet.scan"),
        pytest.raises(LockedError, match=r"another run works in .*c\.parquet\.scan"),
    ):
        scan_clips([f"folder:{noises}"], tmp_path / "c.parquet", workers=1)


def test_words_have_the_terms_of_their_sound_unless_others_are_told(tmp_path: Path) -> None:
    root = write_noises(tmp_path / "sounds", 4)
    rows = [
        "class 0/000.wav,a,A bell.,CC-BY-4.0,CC BY-NC 4.0",
        "class 1/001.wav,b,A dog.,CC-BY-4.0,",
        "class 2/002.wav,c,,CC-BY-4.0,CC0-1.0",
        "class 0/003.wav,d,A cat.,,",
    ]
    write_table(root / "labels.csv", "file,label,caption,license,caption_license", rows)
    clips = scan_clips([f"folder:{root}?license=CC0-1.0"]).clips
    assert [(clip.license, clip.caption_license) for clip in clips] == [
        ("CC-BY-4.0", "CC-BY-NC-4.0"), ("CC-BY-4.0", "CC-BY-4.0"), ("CC-BY-4.0", ""), ("CC0-1.0", "CC0-1.0"),
    ]  # fmt: skip


def write_faulty(folder: Path) -> Path:
    """One good clip and one of each fault."""
    good = write_sound(folder / "a good.wav", noise(0.5))
    write_sound(folder / "silent.wav", quiet(0.5))
    write_sound(folder / "clipped.wav", np.clip(tone(0.5, 2.0, 100.0), -1.0, 1.0))
    write_sound(folder / "short.wav", noise(0.05))
    write_sound(folder / "low.wav", noise(0.5, rate=8000), rate=8000)
    write_sound(folder / "surround.wav", *(noise(0.5, seed) for seed in range(6)))
    write_sound(folder / "nan.wav", np.append(noise(0.5), np.nan), subtype="FLOAT")
    write_sound(folder / "empty.wav", np.zeros(0))
    (folder / "cut.wav").write_bytes(write_sound(folder / "x.wav", noise(0.5, 9)).read_bytes()[:20000])
    (folder / "text.wav").write_text("not a sound")
    (folder / "x.wav").unlink()
    (folder / "same.wav").write_bytes(good.read_bytes())
    (folder / "gone.wav").symlink_to(folder / "nowhere.wav")
    return folder


def test_everything_that_is_refused_has_a_name_and_a_count(tmp_path: Path) -> None:
    folder = write_faulty(tmp_path / "faulty")
    names = sorted(path.name for path in folder.iterdir())
    write_table(folder / "labels.csv", "file,label", [f"{name},thing" for name in (*names, "a good.wav")])
    catalog, refusals = scan_listed(list_specs([f"folder:{folder}"]))
    assert [clip.clip_id for clip in catalog.clips] == ["faulty:a good.wav"]
    named = {(refusal.clip_id.removeprefix("faulty:"), refusal.reason) for refusal in refusals}
    assert named == {
        ("a good.wav", "duplicate_id"),
        ("silent.wav", "silent"),
        ("clipped.wav", "clipped"),
        ("short.wav", "too_short"),
        ("low.wav", "low_sample_rate"),
        ("surround.wav", "multichannel"),
        ("nan.wav", "not_finite"),
        ("empty.wav", "zero_length"),
        ("cut.wav", "truncated"),
        ("text.wav", "unreadable"),
        ("same.wav", "duplicate_audio"),
        ("gone.wav", "missing"),
    }
    assert catalog.rejections == Counter(reason for _, reason in named)
    assert all(refusal.sentence.endswith(".") for refusal in refusals)


def test_rejections_are_kept_in_the_file(tmp_path: Path) -> None:
    folder = write_faulty(tmp_path / "faulty")
    out = tmp_path / "c.parquet"
    made = scan_clips([f"folder:{folder}"], out, limits=Limits(min_sample_rate=4000))
    assert read_catalog(out) == made
    assert made.rejections["silent"] == 1
    assert "low_sample_rate" not in made.rejections
    assert made.specs == (f"folder:{folder}",)


def test_where_no_clip_is_left_the_reasons_are_said(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", quiet(0.5))
    write_sound(tmp_path / "b.wav", quiet(0.6))
    with pytest.raises(SpecError, match=r"^No clip of folder:.* can be used \(2 silent\)\.$"):
        scan_clips([f"folder:{tmp_path}"], tmp_path / "c.parquet")
    assert not (tmp_path / "c.parquet").exists()


LICENSED = ("CC0-1.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "")


def write_licensed(folder: Path) -> str:
    for number in range(len(LICENSED)):
        write_sound(folder / f"{number}.wav", noise(0.2, seed=number))
    write_table(folder / "labels.csv", "file,label,license", [f"{n}.wav,x,{spdx}" for n, spdx in enumerate(LICENSED)])
    return f"folder:{folder}"


@pytest.mark.parametrize(
    ("profile", "kept", "rejections"),
    [
        (None, 5, {}),
        ("recipe", 5, {}),
        ("research-nc", 3, {"license_refused": 1, "license_unknown": 1}),
        ("open", 2, {"license_refused": 2, "license_unknown": 1}),
    ],
)
def test_a_licence_profile_leaves_out_what_it_does_not_take(
    tmp_path: Path, profile: str | None, kept: int, rejections: dict[str, int]
) -> None:
    catalog = scan_clips([write_licensed(tmp_path / "l")], profile=profile)
    assert (len(catalog.clips), catalog.rejections) == (kept, rejections)


def test_a_licence_that_is_given_stands_in_only_where_none_is_known(tmp_path: Path) -> None:
    spec = write_licensed(tmp_path / "l")
    known = list(LICENSED[:4])
    assert [c.license for c in scan_clips([spec]).clips] == [*known, "LicenseRef-unknown"]
    assert [c.license for c in scan_clips([spec], license="CC-BY-3.0").clips] == [*known, "CC-BY-3.0"]
    assert [c.license for c in scan_clips([f"{spec}?license=GPL-2.0-or-later"], license="MIT").clips][4] == (
        "GPL-2.0-or-later"
    )
    with pytest.raises(SpecError, match=r"The licence 'mine' is not known; give its SPDX id"):
        scan_clips([spec], license="mine")
    with pytest.raises(SpecError, match="The licence profile 'free' is not known"):
        scan_clips([spec], profile="free")


def write_named(folder: Path, rows: list[str], seed: int) -> str:
    for number, row in enumerate(rows):
        write_sound(folder / row.partition(",")[0], noise(0.2, seed=100 * seed + number))
    write_table(folder / "labels.csv", "file,label,uploader,freesound_id,speaker", rows)
    return f"folder:{folder}"


def test_an_uploader_named_in_one_dataset_is_found_for_another(tmp_path: Path) -> None:
    a = write_named(tmp_path / "a", ["1.wav,x,,77,"], 1)
    b = write_named(tmp_path / "b", ["2.wav,x,Ann,77,"], 2)
    assert [clip.group for clip in scan_clips([a]).clips] == ["freesound:77"]
    assert [clip.group for clip in scan_clips([a, b]).clips] == ["uploader:freesound/ann"] * 2


def split_user(wanted: str) -> str:
    return next(f"u{i}" for i in range(1000) if split_of(f"uploader:freesound/u{i}") == wanted)


def test_a_catalog_made_before_keeps_its_rows_wherever_it_stands(tmp_path: Path) -> None:
    old = tmp_path / "old.parquet"
    spec = write_named(tmp_path / "a", ["1.wav,x,,77,", "2.wav,x,,,"], 1)
    before = scan_clips([spec], old).clips
    assert before[0].split == split_of("freesound:77") == "train"
    other = split_user("test")
    new = write_named(tmp_path / "b", [f"3.wav,x,{other},77,", f"4.wav,x,{other},78,"], 2)
    for specs in ([str(old), new], [new, str(old)]):
        catalog = scan_clips(specs)
        assert set(before) < set(catalog.clips)
        assert catalog.rejections == {"split_clash": 1}  # 77 lies in train already; 78 may come
        assert catalog.by_id["b:4.wav"].split == "test"
    again = scan_clips([str(old), spec])  # the same files once more add nothing
    assert again.clips == before
    assert again.rejections == {"duplicate_id": 2}


def test_a_row_made_before_is_never_replaced_by_its_own_file_or_a_copy(tmp_path: Path) -> None:
    spec = write_named(tmp_path / "a", ["1.wav,x,,,"], 1)
    moved = [clip.model_copy(update={"group": "moved", "split": "test"}) for clip in scan_clips([spec]).clips]
    write_catalog(tmp_path / "old.parquet", moved)
    copy = write_named(tmp_path / "copy", ["1.wav,x,,,"], 1)
    catalog = scan_clips([spec, copy, str(tmp_path / "old.parquet")])
    assert list(catalog.clips) == moved
    assert catalog.rejections == {"duplicate_audio": 1, "duplicate_id": 1}


def test_one_catalog_alone_is_only_read(tmp_path: Path) -> None:
    write_catalog(tmp_path / "c.parquet", [make_clip(group="moved", split="test")], {"silent": 3}, ["folder:x"])
    assert scan_clips([str(tmp_path / "c.parquet")]) == read_catalog(tmp_path / "c.parquet")


def test_the_order_is_that_of_the_specs(tmp_path: Path) -> None:
    a, b = write_named(tmp_path / "a", ["1.wav,x,,,"], 1), write_named(tmp_path / "b", ["2.wav,x,,,"], 2)
    assert [clip.dataset for clip in scan_clips([b, a]).clips] == ["b", "a"]
    assert [clip.dataset for clip in scan_clips([a, b]).clips] == ["a", "b"]


def test_paths_are_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_noises(tmp_path / "sounds", 1)
    monkeypatch.chdir(tmp_path)
    assert scan_clips(["sounds"]).clips[0].path == str(tmp_path / "sounds" / "class 0" / "000.wav")


@pytest.mark.skipif(not ESC10.is_dir(), reason="no recordings at ../shared/data/audio/esc10")
def test_real_recordings_make_a_catalog(tmp_path: Path) -> None:
    catalog = scan_clips([str(ESC10)], tmp_path / "c.parquet", workers=2)
    assert len(catalog.clips) + sum(catalog.rejections.values()) == 400
    assert len(catalog.clips) >= 390
    assert Counter(clip.label for clip in catalog.clips)["rain"] == 40
    sides = {}
    for clip in catalog.clips:
        assert clip.uploader
        assert clip.license != "LicenseRef-unknown"
        assert sides.setdefault(clip.uploader, clip.split) == clip.split
    assert {clip.split for clip in catalog.clips} == {"train", "validation", "test"}


def test_a_dataset_is_held_out_for_one_split_whatever_its_groups_hash_to(tmp_path: Path) -> None:
    kept, rest = tmp_path / "kept", tmp_path / "rest"
    write_noises(kept, 12)
    write_noises(rest, 12, first=12)
    catalog = scan_clips([f"folder:{kept}?hold_out=test", f"folder:{rest}"], workers=1)
    splits = {clip.clip_id: clip.split for clip in catalog.clips}
    assert {split for name, split in splits.items() if name.startswith("kept:")} == {"test"}
    assert all(split == split_of(name) for name, split in splits.items() if name.startswith("rest:"))
    with pytest.raises(SpecError, match="cannot be held out for 'exam'; there are train, validation, test"):
        scan_clips([f"folder:{kept}?hold_out=exam"], workers=1)
