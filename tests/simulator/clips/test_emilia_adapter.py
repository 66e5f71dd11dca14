"""Emilia and Emilia-YODAS as they are published: WebDataset tars of MP3 and JSON."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from twnm_schemas.errors import StoreError
from twnm_shards.tars import read_member
from twnm_sim.clips.adapters.emilia import list_clips
from twnm_sim.clips.audio import decode_clip
from twnm_sim.clips.listing import ClipSpec, Found

# the first record is the example of the dataset's own README; the second has the form of those of YODAS
EN = {
    "id": "EN_B00000_S00000_W000000",
    "wav": "EN_B00000/EN_B00000_S00000/mp3/EN_B00000_S00000_W000000.mp3",
    "text": " You can help my mother and you- No.",
    "duration": 6.264,
    "speaker": "EN_B00000_S00000",
    "language": "en",
    "dnsmos": 3.2927,
}
YODAS = {
    "_id": "DE_B000000_S00109_W000023",
    "text": "und das ist auch gut so",
    "duration": 3.0,
    "speaker": "DE_wSq11gYbUgU_SPEAKER_04",
    "language": "de",
    "dnsmos": 3.1,
    "phone_count": 21,
}


def make_mp3(seed: int) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.1 * np.random.default_rng(seed).standard_normal(2400), 24000, format="MP3")
    return buffer.getvalue()


def write_tar(path: Path, members: list[tuple[str, bytes]], **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", **options) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def utterance(record: dict[str, Any], index: int = 0) -> list[tuple[str, bytes]]:
    key = str(record.get("_id") or record.get("id"))
    return [(f"{key}.json", json.dumps(record).encode()), (f"{key}.mp3", make_mp3(index))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    second = EN | {"id": "EN_B00000_S00000_W000001", "text": " Honda's gone."}
    write_tar(tmp_path / "Emilia/EN/EN-B000000.tar", [*utterance(EN), *utterance(second, 1)])
    write_tar(tmp_path / "Emilia-YODAS/DE/DE-B000000.tar", utterance(YODAS, 2)[::-1])  # the audio first
    return tmp_path


def listed(root: Path, **options: str) -> dict[str, Found]:
    return {found.clip_id: found for found in list_clips(ClipSpec(f"emilia:{root}", "emilia", str(root), options))}


def refusal(root: Path) -> str:
    with pytest.raises(StoreError) as error:
        listed(root)
    return str(error.value)


def test_an_utterance_carries_what_its_record_says(root: Path) -> None:
    found = listed(root)["emilia:EN_B00000_S00000_W000000"]
    assert found == Found(
        clip_id="emilia:EN_B00000_S00000_W000000",
        dataset="emilia",
        path=str(root / "Emilia/EN/EN-B000000.tar"),
        member="EN_B00000_S00000_W000000.mp3",
        offset=1024,  # after the record's header and its one block
        label="speech",
        labels=("speech",),
        audioset_ids=("/m/09x0r",),
        caption="You can help my mother and you- No.",
        language="en",
        speaker="EN_B00000_S00000",
        license="CC-BY-NC-4.0",
        dnsmos=3.2927,
    )


def test_yodas_is_known_by_its_ids_and_gives_the_video(root: Path) -> None:
    found = listed(root)["emilia-yodas:DE_B000000_S00109_W000023"]
    assert found.dataset == "emilia-yodas"
    assert (found.speaker, found.video_id) == ("DE_wSq11gYbUgU_SPEAKER_04", "wSq11gYbUgU")
    assert found.source_url == "https://www.youtube.com/watch?v=wSq11gYbUgU"
    assert (found.license, found.language, found.dnsmos) == ("CC-BY-4.0", "de", 3.1)


def test_each_place_holds_that_very_audio(root: Path) -> None:
    clips = listed(root)
    assert len(clips) == 3
    for index, found in enumerate(clips.values()):
        name, data = read_member(Path(found.path), found.offset or 0)
        assert name == found.member
        expected = make_mp3({"emilia-yodas": 2}.get(found.dataset, int(found.member[-5])))
        assert hashlib.sha256(data).digest() == hashlib.sha256(expected).digest(), index


def test_the_audio_decodes_from_its_place(root: Path) -> None:
    found = listed(root)["emilia:EN_B00000_S00000_W000001"]
    audio_CT, rate = decode_clip(found.path, found.member, found.offset)
    assert rate == 24000
    assert np.std(audio_CT) == pytest.approx(0.1, rel=0.2)


def test_long_names_and_folders_in_a_tar_are_followed(tmp_path: Path) -> None:
    record = EN | {"id": "EN_B00000_S00000_W" + "1" * 120}
    write_tar(tmp_path / "EN-B000000.tar", [(f"./{n}", d) for n, d in utterance(record)], format=tarfile.GNU_FORMAT)
    (found,) = listed(tmp_path).values()
    audio_CT, rate = decode_clip(found.path, found.member, found.offset)
    assert (rate, audio_CT.shape[0]) == (24000, 1)


def test_a_licence_may_be_stated(root: Path) -> None:
    licenses = {found.license for found in listed(root, license="LicenseRef-unknown").values()}
    assert licenses == {"LicenseRef-unknown"}


def test_a_folder_without_tars_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path} is not Emilia: it holds no tar such as EN-B000000.tar."


@pytest.mark.parametrize("lost", [1, 1500])
def test_a_cut_tar_is_refused_by_its_last_member(root: Path, lost: int) -> None:
    path = root / "Emilia/EN/EN-B000000.tar"
    whole = path.read_bytes()
    end = len(whole.rstrip(b"\0"))
    path.write_bytes(whole[: end - lost])
    sentence = refusal(root)
    assert sentence.startswith(f"{path} is cut")
    assert "EN_B00000_S00000_W00000" in sentence


def test_a_tar_cut_between_members_is_refused(root: Path) -> None:
    path = root / "Emilia/EN/EN-B000000.tar"
    with tarfile.open(path) as tar:
        third = tar.getmembers()[2].offset
    path.write_bytes(path.read_bytes()[:third])
    assert refusal(root) == f"{path} is cut after EN_B00000_S00000_W000000.mp3: its end is missing; fetch it again."


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "EN-B000000.tar").touch()
    assert refusal(tmp_path).startswith(f"{tmp_path / 'EN-B000000.tar'} is cut or damaged after its start")


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        (0, "the record EN_B00000_S00000_W000000.json without its audio"),
        (1, "EN_B00000_S00000_W000000.mp3 without its record"),
    ],
)
def test_a_half_of_an_utterance_is_refused(tmp_path: Path, kept: int, sentence: str) -> None:
    path = tmp_path / "EN-B000000.tar"
    write_tar(path, [utterance(EN)[kept]])
    assert refusal(tmp_path) == f"{path} holds {sentence}; fetch the tar again."


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({k: v for k, v in EN.items() if k != "id"}, "has neither 'id' nor '_id'."),
        ({k: v for k, v in EN.items() if k != "speaker"}, "has no field 'speaker'."),
    ],
)
def test_a_record_that_lacks_a_field_is_refused(tmp_path: Path, record: dict[str, Any], sentence: str) -> None:
    path = tmp_path / "EN-B000000.tar"
    write_tar(path, [("a.json", json.dumps(record).encode()), ("a.mp3", make_mp3(0))])
    assert refusal(tmp_path) == f"The record of a.mp3 in {path} {sentence}"


def write_record(root: Path, **changes: Any) -> Path:
    path = root / "EN-B000000.tar"
    write_tar(path, [("a.json", json.dumps(EN | changes).encode()), ("a.mp3", make_mp3(0))])
    return path


def test_null_says_nothing(tmp_path: Path) -> None:
    write_record(tmp_path, speaker=None, text=None, language=None, dnsmos=None)
    (found,) = listed(tmp_path).values()
    assert (found.speaker, found.caption, found.language, found.dnsmos) == ("", "", "", None)


@pytest.mark.parametrize("dnsmos", [float("nan"), float("inf"), 10**400])
def test_a_score_that_no_catalog_holds_is_none(tmp_path: Path, dnsmos: float) -> None:
    write_record(tmp_path, dnsmos=dnsmos)
    assert [found.dnsmos for found in listed(tmp_path).values()] == [None]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"speaker": 7}, "has no text in the field 'speaker'."),
        ({"text": ["a"]}, "has no text in the field 'text'."),
        ({"language": {}}, "has no text in the field 'language'."),
        ({"id": 3}, "has no text in the field 'id'."),
        ({"id": None}, "has neither 'id' nor '_id'."),
        ({"dnsmos": "3.2"}, "has no number in the field 'dnsmos'."),
        ({"dnsmos": True}, "has no number in the field 'dnsmos'."),
    ],
)
def test_a_value_of_another_type_is_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    path = write_record(tmp_path, **changes)
    assert refusal(tmp_path) == f"The record of a.mp3 in {path} {sentence}"


def test_a_folder_named_as_a_tar_is_passed_over(root: Path) -> None:
    (root / "cache.tar").mkdir()
    assert len(listed(root)) == 3


def test_a_record_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "EN-B000000.tar"
    write_tar(path, [("a.json", b"{"), ("a.mp3", make_mp3(0))])
    assert refusal(tmp_path).startswith(f"a.json in {path} is not JSON: ")
