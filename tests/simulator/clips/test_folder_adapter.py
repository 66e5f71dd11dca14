"""Plain folders of sounds: labels by folder, by table, and by texts beside the files."""

import os
from pathlib import Path

import pytest
from clip_files import noise, write_sound, write_table

from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.licences import UNKNOWN
from twnm_schemas.splits import split_of
from twnm_sim.clips.adapters.folder import label_from_text, list_clips, say_name
from twnm_sim.clips.listing import Found
from twnm_sim.clips.scan import list_specs, scan_clips
from twnm_sim.clips.specs import parse_spec


def found_in(spec: str) -> list[Found]:
    return list(list_clips(parse_spec(spec)))


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    root = tmp_path / "my sounds"
    for number, name in enumerate(["Dog_Bark/b.wav", "Dog_Bark/a.FLAC", "rain/heavy/1.ogg", "top.mp3"]):
        settings = {"format": "FLAC"} if name.endswith("FLAC") else {}
        write_sound(root / name, noise(0.3, number), **settings)
    (root / "rain" / "notes.txt").write_text("not a sound")
    (root / "rain" / "cover.jpg").write_bytes(b"\xff\xd8")
    return root


def test_the_label_is_the_folder_a_file_lies_in(sounds: Path) -> None:
    assert [(f.clip_id, f.label, f.labels) for f in found_in(f"folder:{sounds}")] == [
        ("my sounds:Dog_Bark/a.FLAC", "dog bark", ("dog bark",)),
        ("my sounds:Dog_Bark/b.wav", "dog bark", ("dog bark",)),
        ("my sounds:rain/heavy/1.ogg", "heavy", ("heavy",)),
        ("my sounds:top.mp3", "my sounds", ("my sounds",)),
    ]
    assert {(f.dataset, f.license, f.audioset_ids) for f in found_in(f"folder:{sounds}")} == {
        ("my sounds", UNKNOWN, ("",))
    }


def test_the_name_can_be_given_and_the_place_does_not_matter(sounds: Path, tmp_path: Path) -> None:
    before = [found.clip_id for found in found_in(f"folder:{sounds}?name=mine")]
    assert before[0] == "mine:Dog_Bark/a.FLAC"
    sounds.rename(tmp_path / "moved")
    assert [found.clip_id for found in found_in(f"folder:{tmp_path / 'moved'}?name=mine")] == before


ROW = "rain/heavy/1.ogg,Rain,water;weather,Rain on a roof.,CC BY 4.0,Ann,77,s1,en,Roof,https://x.org/77,dev"
HEADER = "file,label,labels,caption,license,uploader,freesound_id,speaker,language,title,source_url,split"


def test_a_table_tells_all_it_can(sounds: Path) -> None:
    write_table(sounds / "labels.csv", HEADER, [ROW, "top.mp3,Song" + "," * 10])
    first, second = found_in(f"folder:{sounds}")
    assert first == Found(
        clip_id="my sounds:rain/heavy/1.ogg",
        dataset="my sounds",
        path=str(sounds / "rain/heavy/1.ogg"),
        label="Rain",
        labels=("Rain", "water", "weather"),
        audioset_ids=("", "", ""),
        caption="Rain on a roof.",
        language="en",
        speaker="s1",
        uploader="Ann",
        freesound_id="77",
        title="Roof",
        source_url="https://x.org/77",
        license="CC-BY-4.0",
        source_split="dev",
    )
    assert (second.label, second.license, second.uploader) == ("Song", UNKNOWN, "")


def test_another_table_may_be_named_and_a_fault_in_it_is_told(sounds: Path) -> None:
    write_table(sounds / "mine.csv", "file,label,title", ["top.mp3,song,A song"])
    assert [found.label for found in found_in(f"folder:{sounds}?labels=mine.csv")] == ["song"]
    with pytest.raises(StoreError, match=r"none\.csv is not there\."):
        found_in(f"folder:{sounds}?labels=none.csv")
    write_table(sounds / "bad.csv", "name,label", ["top.mp3,song"])
    with pytest.raises(StoreError, match=r"bad\.csv has no column 'file'"):
        found_in(f"folder:{sounds}?labels=bad.csv")


def test_a_column_that_nothing_reads_is_named(sounds: Path) -> None:
    for column in ("fold", "source_split", "Split", ""):
        write_table(sounds / "labels.csv", f"file,label,{column}", ["top.mp3,song,test"])
        with pytest.raises(
            StoreError, match=rf"labels\.csv has a column '{column}', which nothing reads; leave it out"
        ):
            scan_clips([f"folder:{sounds}"])


def test_the_dataset_s_own_split_is_kept_and_does_not_decide_ours(sounds: Path) -> None:
    files = ("Dog_Bark/b.wav", "Dog_Bark/a.FLAC", "rain/heavy/1.ogg")

    def scan(splits: tuple[str, ...]) -> list[tuple[str, str, str]]:
        rows = [f"{file},x,{split}" for file, split in zip(files, splits, strict=True)]
        write_table(sounds / "labels.csv", "file,label,split", rows)
        return [(clip.clip_id, clip.source_split, clip.split) for clip in scan_clips([f"folder:{sounds}"]).clips]

    told = ("train", "test", "")
    found = scan(told)
    assert {clip_id: own for clip_id, own, _ in found} == {
        f"my sounds:{file}": split for file, split in zip(files, told, strict=True)
    }
    ours = [split for _, _, split in scan(("test", "test", "test"))]
    assert ours == [split for _, _, split in found] == [split_of(clip_id) for clip_id, _, _ in found]


def test_a_path_in_a_table_may_be_absolute_and_lies_in_the_folder(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table(sounds / "labels.csv", "file,label", [f"{sounds / 'top.mp3'},song"])
    monkeypatch.chdir(tmp_path)
    for spec in (f"folder:{sounds}", "folder:my sounds"):
        assert [(f.clip_id, f.path) for f in found_in(spec)] == [("my sounds:top.mp3", str(sounds / "top.mp3"))]
    for outside in ("/elsewhere/a.wav", "../a.wav"):
        write_table(sounds / "labels.csv", "file,label", [f"{outside},song"])
        with pytest.raises(
            StoreError, match=rf"labels\.csv names '{outside}', which does not lie in .*my sounds; name"
        ):
            found_in(f"folder:{sounds}")


def test_a_table_that_cannot_be_read_is_one_sentence(sounds: Path) -> None:
    with pytest.raises(StoreError, match=r"heavy cannot be read: is a directory\.$"):
        scan_clips([f"folder:{sounds}?labels=rain/heavy"])
    (sounds / "latin.csv").write_bytes("file,label\ntop.mp3,Tür\n".encode("iso-8859-1"))
    with pytest.raises(StoreError, match=r"latin\.csv is not a CSV file that can be read"):
        scan_clips([f"folder:{sounds}?labels=latin.csv"])


def test_a_name_that_is_no_text_is_counted(sounds: Path) -> None:
    write_sound(sounds / "rain" / "ok.wav", noise(0.3, 8)).rename(
        os.fsdecode(os.fsencode(sounds) + b"/rain/t\xfcr.wav")
    )
    listed = list_specs([f"folder:{sounds}"])
    (refusal,) = listed.refusals
    assert (refusal.reason, refusal.clip_id) == ("bad_text", "my sounds:rain/t\\udcfcr.wav")
    write_table(sounds / "labels.csv", "file,label", ["to\0p.mp3,song", "top.mp3,song"])
    assert scan_clips([f"folder:{sounds}"]).rejections == {"bad_text": 1}


def test_texts_in_latin_letters_are_read(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.ogg", noise(0.3))
    (tmp_path / "a.txt").write_bytes("A männchen.".encode("iso-8859-1"))
    assert [found.label for found in found_in(f"folder:{tmp_path}?labels=txt")] == ["männchen"]


def test_a_file_that_the_table_names_and_is_not_there_is_counted(sounds: Path) -> None:
    write_table(sounds / "labels.csv", "file,label", ["top.mp3,song", "gone.wav,x"])
    assert scan_clips([f"folder:{sounds}"]).rejections == {"missing": 1}


def test_texts_beside_the_files_as_tux_paint_lays_its_stamps_out(tmp_path: Path) -> None:
    stamps = tmp_path / "stamps"
    texts = {
        "animals/birds/owl": "An owl.\nde.utf8=Eine Eule.\n",
        "animals/birds/rooster": "A colorful rooster.\n",
        "household/toilet_seat": "Remember to flush the toilet and wash your hands with soap!\n",
        "space/empty": "",
    }
    for number, (name, text) in enumerate(texts.items()):
        write_sound(stamps / f"{name}.ogg", noise(0.3, number))
        (stamps / f"{name}.txt").write_text(text)
    write_sound(stamps / "animals/birds/owl_desc_de.ogg", noise(0.3, 9))  # a voice that reads the text
    assert [(f.clip_id, f.label, f.caption) for f in found_in(f"folder:{stamps}?labels=txt&name=tux")] == [
        ("tux:animals/birds/owl.ogg", "owl", "An owl."),
        ("tux:animals/birds/rooster.ogg", "colorful rooster", "A colorful rooster."),
        (
            "tux:household/toilet_seat.ogg",
            "toilet seat",
            "Remember to flush the toilet and wash your hands with soap!",
        ),
        ("tux:space/empty.ogg", "empty", ""),
    ]
    catalog = scan_clips([f"folder:{stamps}?labels=txt&license=GPL-2.0-or-later"])
    assert {clip.license for clip in catalog.clips} == {"GPL-2.0-or-later"}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("A frog.", "frog"),
        ("an iguana", "iguana"),
        ("The Moon!", "Moon"),
        ("Anchor", "Anchor"),
        ("A baby sheep (a lamb).", "baby sheep (a lamb)"),
        ("We remember those who have died.", ""),
        ("", ""),
    ],
)
def test_a_text_gives_a_label_where_it_is_a_name(text: str, label: str) -> None:
    assert label_from_text(text) == label


def test_names_are_said_in_plain_words() -> None:
    assert say_name("002 - Sea_waves") == "sea waves"
    assert say_name("Washing  machine") == "washing machine"


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"The folder .*none of the clips 'folder:.*none' is not there\."):
        found_in(f"folder:{tmp_path / 'none'}")
    with pytest.raises(SpecError, match="holds no sound file"):
        found_in(f"folder:{tmp_path}")
    with pytest.raises(SpecError, match="have no option 'licence'; there are labels, license, name"):
        found_in(f"folder:{tmp_path}?licence=CC0-1.0")
