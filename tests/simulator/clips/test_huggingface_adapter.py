"""Real local datasets, streamed by the same code as those of the Hub; nothing here needs a network."""

import io
import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from clip_files import make_found

from twnm_schemas.errors import SpecError, StoreError
from twnm_shards.tars import read_member
from twnm_sim.clips.adapters import huggingface
from twnm_sim.clips.adapters.huggingface import list_clips
from twnm_sim.clips.audio import decode_clip
from twnm_sim.clips.listing import ClipSpec, Found
from twnm_sim.clips.splits import group_of

datasets = pytest.importorskip("datasets")
NAMES = ["clock_alarm", "dog", "rain"]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWNM_CACHE", str(tmp_path / "cache"))


def make_wav(seed: int, form: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.1 * np.random.default_rng(seed).standard_normal(1600), 16000, format=form)
    return buffer.getvalue()


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """Seven clips in two files with class labels, as the Hub keeps them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    features = datasets.Features(
        {
            "filename": datasets.Value("string"),
            "audio": datasets.Audio(),
            "category": datasets.ClassLabel(names=NAMES),
            "who": datasets.Value("string"),
            "tags": datasets.List(datasets.ClassLabel(names=NAMES)),
        }
    )
    columns = {
        "filename": [f"{i}.wav" for i in range(7)],
        "audio": [{"bytes": make_wav(i), "path": f"{i}.wav"} for i in range(7)],
        "category": [0, 1, 2, 0, 1, 2, -1],
        "who": ["ann", "bob", None, "ann", "bob", "cat", "dan"],
        "tags": [[0, 1], [1], [], [0], [1], [2], None],
    }
    table = pa.table(columns, schema=features.arrow_schema)
    root = tmp_path / "sounds"
    (root / "data").mkdir(parents=True)
    pq.write_table(table.slice(0, 4), root / "data" / "train-00000-of-00002.parquet")
    pq.write_table(table.slice(4), root / "data" / "train-00001-of-00002.parquet")
    return root


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """An audiofolder: the class is the folder."""
    for seed, name in enumerate(("dog", "rain")):
        (tmp_path / "folders" / "train" / name).mkdir(parents=True)
        (tmp_path / "folders" / "train" / name / "one.flac").write_bytes(make_wav(seed, "FLAC"))
    return tmp_path / "folders"


def spec_of(place: Path | str, **options: str) -> ClipSpec:
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return ClipSpec(f"hf:{place}?{query}", "hf", str(place), options)


def listed(place: Path | str, **options: str) -> list[Found]:
    return list(list_clips(spec_of(place, **options)))


def stored_files(tmp_path: Path) -> dict[Path, tuple[int, int]]:
    paths = sorted((tmp_path / "cache" / "hf").rglob("rows-*"))
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in paths}


def test_a_row_carries_what_its_columns_say(tmp_path: Path, parquet: Path) -> None:
    clips = listed(parquet, label="category", speaker="who", caption="filename", license="cc-by-4.0")
    (tar,) = (tmp_path / "cache" / "hf").rglob("*.tar")
    assert clips[0] == Found(
        clip_id="sounds:train-00000000",
        dataset="sounds",
        path=str(tar),
        member="rows-000000-000000.wav",
        offset=0,
        label="clock alarm",
        labels=("clock alarm",),
        audioset_ids=("",),
        caption="0.wav",
        speaker="ann",
        license="CC-BY-4.0",
        source_split="train",
    )
    assert [clip.label for clip in clips] == ["clock alarm", "dog", "rain", "clock alarm", "dog", "rain", ""]
    assert clips[2].speaker == ""


def test_columns_may_say_whose_a_recording_is(tmp_path: Path) -> None:
    """A mirror of another dataset meets it under the same Freesound id, video and uploader."""
    root = tmp_path / "mirror"
    columns = {
        "audio": [{"bytes": make_wav(0), "path": "0.wav"}, {"bytes": make_wav(1), "path": "1.wav"}],
        "label": ["dog", "rain"],
        "by": ["Ann", None],
        "id": [100032.0, None],  # as tables keep integers beside nothing
        "ytid": ["abc", ""],
        "captions": [["A dog.", "It barks."], []],
    }
    write_dataset(root, columns)
    first, second = listed(
        root, label="label", uploader="by", freesound_id="id", video_id="ytid", caption="captions",
        caption_license="CC BY-SA 4.0",
    )  # fmt: skip
    assert (first.uploader, first.freesound_id, first.video_id) == ("Ann", "100032", "abc")
    assert (first.caption, first.caption_license) == ("A dog.", "CC-BY-SA-4.0")
    assert (second.uploader, second.freesound_id, second.video_id, second.caption) == ("", "", "", "")
    original = make_found("esc50:1-100032-A", uploader="ann", freesound_id="100032")
    assert group_of(first, {}) == group_of(original, {}) == "uploader:freesound/ann"


def write_dataset(root: Path, columns: dict[str, list[Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    root.mkdir()
    pq.write_table(pa.table(columns), root / "a.parquet")


def test_a_column_without_audio_is_one_sentence(tmp_path: Path) -> None:
    write_dataset(tmp_path / "numbers", {"audio": [1.5], "label": ["dog"]})
    with pytest.raises(StoreError, match=r"^The dataset '.*numbers' cannot be read: [^\n]*\.$"):
        listed(tmp_path / "numbers", label="label")


def test_the_stored_audio_is_the_datasets_own_bytes(parquet: Path) -> None:
    for seed, clip in enumerate(listed(parquet, label="category")):
        assert read_member(Path(clip.path), clip.offset or 0) == (clip.member, make_wav(seed))


def test_a_stored_clip_decodes_from_its_place(folders: Path) -> None:
    clips = listed(folders, label="label")
    assert [(clip.label, clip.member.rpartition(".")[2]) for clip in clips] == [("dog", "flac"), ("rain", "flac")]
    for seed, clip in enumerate(clips):
        audio_CT, rate = decode_clip(clip.path, clip.member, clip.offset)
        expected, _ = soundfile.read(io.BytesIO(make_wav(seed, "FLAC")), dtype="float32")
        assert rate == 16000
        assert np.array_equal(audio_CT[0], expected)


def test_several_classes_are_all_named(parquet: Path) -> None:
    labels = [clip.labels for clip in listed(parquet, label="tags")]
    assert labels == [("clock alarm", "dog"), ("dog",), (), ("clock alarm",), ("dog",), ("rain",), ()]


def test_one_class_may_be_given_to_all(parquet: Path) -> None:
    assert {clip.labels for clip in listed(parquet, **{"class": "speech"})} == {("speech",)}


def test_without_terms_the_licence_is_unknown(parquet: Path) -> None:
    assert {clip.license for clip in listed(parquet, label="category")} == {"LicenseRef-unknown"}


def test_what_is_stored_is_not_fetched_again(tmp_path: Path, parquet: Path) -> None:
    first = listed(parquet, label="category")
    files = stored_files(tmp_path)
    for path in parquet.rglob("*.parquet"):
        path.unlink()
    assert listed(parquet, label="category") == first
    assert stored_files(tmp_path) == files


@pytest.mark.parametrize("limit", [1, 4, 5])
def test_a_larger_max_goes_on_where_the_smaller_one_ended(tmp_path: Path, parquet: Path, limit: int) -> None:
    whole = listed(parquet, label="category", store=str(tmp_path / "other"))
    few = listed(parquet, label="category", max=str(limit))
    assert len(few) == limit
    files = stored_files(tmp_path)
    every = listed(parquet, label="category")
    assert stored_files(tmp_path).items() >= files.items()
    assert [(c.clip_id, c.label, read_audio(c)) for c in every] == [(c.clip_id, c.label, read_audio(c)) for c in whole]
    assert listed(parquet, label="category", max="3") == every[:3]


def read_audio(clip: Found) -> bytes:
    return read_member(Path(clip.path), clip.offset or 0)[1]


def test_a_stopped_run_goes_on_with_the_next_tar(
    tmp_path: Path, parquet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface, "_CLIPS_PER_TAR", 2)
    list(islice(list_clips(spec_of(parquet, label="category")), 3))  # the second tar is whole when its first is seen
    before = stored_files(tmp_path)
    assert [path.name for path in before] == [f"rows-00000{part}.{ext}" for part in (0, 1) for ext in ("json", "tar")]
    clips = listed(parquet, label="category")
    assert [read_audio(clip) for clip in clips] == [make_wav(seed) for seed in range(7)]
    assert stored_files(tmp_path).items() >= before.items()


def test_a_tar_without_its_marker_or_of_another_size_is_written_again(
    tmp_path: Path, parquet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface, "_CLIPS_PER_TAR", 3)
    first = listed(parquet, label="category")
    tars = sorted((tmp_path / "cache" / "hf").rglob("*.tar"))
    tars[1].write_bytes(tars[1].read_bytes()[:1000])
    tars[2].with_suffix(".json").unlink()
    assert listed(parquet, label="category") == first
    assert [read_audio(clip) for clip in first] == [make_wav(seed) for seed in range(7)]


def test_another_column_is_another_store(tmp_path: Path, parquet: Path) -> None:
    listed(parquet, label="category")
    assert [clip.label for clip in listed(parquet, label="who")][:2] == ["ann", "bob"]
    assert len(list((tmp_path / "cache" / "hf").iterdir())) == 2


def test_a_missing_column_is_named(parquet: Path) -> None:
    with pytest.raises(StoreError) as error:
        listed(parquet, label="kind")
    assert str(error.value) == (
        f"The dataset '{parquet}' has no column 'kind'; its columns are filename, audio, category, who, tags: "
        "say label=COLUMN."
    )


def test_a_missing_split_or_dataset_is_one_sentence(parquet: Path) -> None:
    with pytest.raises(StoreError, match=r"^The dataset '.*sounds' cannot be read: Bad split: dev\..*$"):
        listed(parquet, label="category", split="dev")
    with pytest.raises(StoreError, match=r"^The dataset '/no/such' cannot be read: [^\n]*\.$"):
        listed("/no/such", label="category")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "need one of label=COLUMN and class=NAME"),
        ({"label": "a", "class": "b"}, "need one of label=COLUMN and class=NAME"),
        ({"label": "a", "max": "0"}, "The option max=0 of the clips"),
        ({"label": "a", "max": "many"}, "is no number of clips."),
        ({"label": "a", "lable": "b"}, "have no option 'lable'; there are audio, caption, caption_license"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(SpecError) as error:
        listed("nobody/nothing", **options)
    assert sentence in str(error.value)


def test_without_the_package_it_says_what_to_install(tmp_path: Path) -> None:
    """In a process whose path holds everything but `datasets`."""
    code = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        "sys.modules['datasets'] = None\n"
        "u.find_spec = lambda name, *a: None if name == 'datasets' else find(name, *a)\n"
        "from twnm_sim.clips.adapters.huggingface import list_clips\n"
        "from twnm_sim.clips.listing import ClipSpec\n"
        "from twnm_schemas.errors import MissingExtraError\n"
        "try: list(list_clips(ClipSpec('hf:a/b', 'hf', 'a/b', {'label': 'c'})))\n"
        "except MissingExtraError as error: print(error)\n"
    )
    environment = os.environ | {"TWNM_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == (
        "The dataset 'a/b' is read with the package 'datasets', which is not installed: pip install 'twnm[hf]'."
    )


def test_a_row_without_audio_is_listed_as_an_empty_file(tmp_path: Path) -> None:
    root = tmp_path / "holes"
    root.mkdir()
    features = datasets.Features({"audio": datasets.Audio(), "label": datasets.Value("string")})
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells = [{"bytes": make_wav(0), "path": None}, None]
    pq.write_table(
        pa.table({"audio": cells, "label": ["dog", "rain"]}, schema=features.arrow_schema), root / "a.parquet"
    )
    clips = listed(root, label="label")
    assert [clip.member for clip in clips] == ["rows-000000-000000.wav", "rows-000000-000001.bin"]
    assert [len(read_audio(clip)) > 0 for clip in clips] == [True, False]


def test_the_marker_is_plain_json(tmp_path: Path, parquet: Path) -> None:
    listed(parquet, label="category")
    (path,) = (tmp_path / "cache" / "hf").rglob("*.json")
    marker = json.loads(path.read_text())
    assert marker["ended"] is True
    assert marker["bytes"] == path.with_suffix(".tar").stat().st_size
