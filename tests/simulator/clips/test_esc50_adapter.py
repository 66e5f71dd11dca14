"""ESC-50 and ESC-10 in each layout in which they are published."""

from collections import Counter
from pathlib import Path

import pytest
from clip_files import ESC10, noise, write_sound, write_table

from twnm_schemas.errors import StoreError
from twnm_schemas.licences import UNKNOWN
from twnm_sim.clips.adapters.esc50 import list_clips, name_broader, name_class
from twnm_sim.clips.adapters.esc50_classes import CLASSES, SPELLINGS
from twnm_sim.clips.adapters.esc50_classes import ESC10 as ESC10_CLASSES
from twnm_sim.clips.audioset_ontology import load_ontology
from twnm_sim.clips.listing import Found
from twnm_sim.clips.scan import scan_clips
from twnm_sim.clips.specs import parse_spec

# every class as today's table spells it, and AudioSet's name for the same sound
AUDIOSET_NAMES = {
    "dog": "Bark",
    "rooster": "Crowing, cock-a-doodle-doo",
    "pig": "Pig",
    "cow": "Cattle, bovinae",
    "frog": "Frog",
    "cat": "Cat",
    "hen": "Chicken, rooster",
    "insects": "Insect",
    "sheep": "Sheep",
    "crow": "Crow",
    "rain": "Rain",
    "sea_waves": "Waves, surf",
    "crackling_fire": "Crackle",
    "crickets": "Cricket",
    "chirping_birds": "Chirp, tweet",
    "water_drops": "Drip",
    "wind": "Wind",
    "pouring_water": "Pour",
    "toilet_flush": "Toilet flush",
    "thunderstorm": "Thunderstorm",
    "crying_baby": "Baby cry, infant cry",
    "sneezing": "Sneeze",
    "clapping": "Clapping",
    "breathing": "Breathing",
    "coughing": "Cough",
    "footsteps": "Walk, footsteps",
    "laughing": "Laughter",
    "brushing_teeth": "Toothbrush",
    "snoring": "Snoring",
    "drinking_sipping": "",
    "door_wood_knock": "Knock",
    "mouse_click": "Clicking",
    "keyboard_typing": "Computer keyboard",
    "door_wood_creaks": "Creak",
    "can_opening": "",
    "washing_machine": "",
    "vacuum_cleaner": "Vacuum cleaner",
    "clock_alarm": "Alarm clock",
    "clock_tick": "Tick",
    "glass_breaking": "Shatter",
    "helicopter": "Helicopter",
    "chainsaw": "Chainsaw",
    "siren": "Siren",
    "car_horn": "Vehicle horn, car horn, honking",
    "engine": "Engine",
    "train": "Train",
    "church_bells": "Church bell",
    "airplane": "Fixed-wing aircraft, airplane",
    "fireworks": "Fireworks",
    "hand_saw": "Sawing",
}
ESC10_FOLDERS = [
    "001 - Dog bark", "002 - Rain", "003 - Sea waves", "004 - Baby cry", "005 - Clock tick", "006 - Person sneeze",
    "007 - Helicopter", "008 - Chainsaw", "009 - Rooster", "010 - Fire crackling",
]  # fmt: skip

# the forms of the published lists, with authors and titles of our own
FREESOUND = "http://www.freesound.org/people"
TEXT_LIST = rf"""## Licensing/attribution details for individual clips:

101 - Dog:
- [1-100032-A.ogg]: clip derived from bark.wav ({FREESOUND}/ann/sounds/100032/) by ann [CC0]
- [1-110389-A.ogg]: clip derived from Dog (nice).wav ({FREESOUND}/b%20c/sounds/110389/) by b c [CC-BY]
- [2-40730-B.ogg]:  clip derived from r\xf6hkii \u200bhere ({FREESOUND}/d.e/sounds/40730/) by d.e [CC-Sampling+]
- [3-115387-C.ogg]: clip derived from plane 24:96.wav ({FREESOUND}/f/sounds/115387/) by f [CC-BY-NC]
"""
MASTER = "https://github.com/karoldvl/ESC-10/raw/master/001%20-%20Dog%20bark"
COMMONS = "http://creativecommons.org"
LINKED_LIST = "\n".join(
    [
        "**001 - Dog bark**:",
        f"- **[1-100032-A.ogg]({MASTER}/1-100032-A.ogg)**:       clip derived from [bark.wav]({FREESOUND}/ann/sounds/"
        f"100032/) by *ann* ([CC0]({COMMONS}/publicdomain/zero/1.0/))",
        f"- **[1-110389-A.ogg]({MASTER}/1-110389-A.ogg)**: clip derived from [Dog [close] (nice).wav]({FREESOUND}/b%20c"
        f"/sounds/110389/) by *b c* ([CC-BY]({COMMONS}/licenses/by/3.0/))",
        f"- **[2-40730-B.ogg]({MASTER}/2-40730-B.ogg)**: clip derived from [r]({FREESOUND}/d.e/sounds/40730/) by *d.e* "
        f"([CC-Sampling+]({COMMONS}/licenses/sampling+/1.0/))",
    ]
)


def found_in(spec: str) -> dict[str, Found]:
    return {found.clip_id: found for found in list(list_clips(parse_spec(spec)))}


@pytest.fixture
def esc50(tmp_path: Path) -> Path:
    root = tmp_path / "ESC-50-master"
    rows = [
        "1-100032-A-0.wav,1,0,dog,True,100032,A",
        "1-110389-A-0.wav,1,0,dog,True,110389,A",
        "2-40730-B-1.wav,2,1,rooster,True,40730,B",
        "3-115387-C-47.wav,3,47,airplane,False,115387,C",
        "5-999-A-35.wav,5,35,washing_machine,False,999,A",
    ]
    write_table(root / "meta" / "esc50.csv", "filename,fold,target,category,esc10,src_file,take", rows)
    for number, row in enumerate(rows):
        write_sound(root / "audio" / row.partition(",")[0], noise(0.3, number))
    (root / "LICENSE").write_text(TEXT_LIST, "utf-8")
    return root


def test_esc50_as_its_repository_has_it(esc50: Path) -> None:
    assert parse_spec(str(esc50)).kind == "esc50"
    clips = found_in(str(esc50))
    assert clips["esc50:1-110389-A"] == Found(
        clip_id="esc50:1-110389-A",
        dataset="esc50",
        path=str(esc50 / "audio" / "1-110389-A-0.wav"),
        label="dog bark",
        labels=("dog bark",),
        audioset_ids=("/m/05tny_",),
        ancestors=("bark", "animal", "dog", "domestic animals, pets"),
        uploader="b c",
        freesound_id="110389",
        title="Dog (nice).wav",
        source_url="http://www.freesound.org/people/b%20c/sounds/110389/",
        license="CC-BY-3.0",
        source_split="fold1",
    )
    assert [clip.license for clip in clips.values()] == [
        "CC0-1.0", "CC-BY-3.0", "LicenseRef-CC-Sampling-Plus-1.0", "CC-BY-NC-3.0", UNKNOWN,
    ]  # fmt: skip
    assert clips["esc50:2-40730-B"].title == "röhkii \u200bhere"
    assert clips["esc50:3-115387-C"].title == "plane 24:96.wav"


def test_a_clip_that_the_list_does_not_name_has_nobody_and_no_licence(esc50: Path) -> None:
    unnamed = found_in(str(esc50))["esc50:5-999-A"]
    assert (unnamed.uploader, unnamed.title, unnamed.license) == ("", "", UNKNOWN)
    assert unnamed.source_url == "https://freesound.org/s/999/"
    assert (unnamed.label, unnamed.audioset_ids, unnamed.ancestors) == ("washing machine", ("",), ())
    (esc50 / "LICENSE").unlink()
    assert {found.license for found in found_in(str(esc50)).values()} == {UNKNOWN}


def test_the_open_profile_takes_what_is_open(esc50: Path) -> None:
    catalog = scan_clips([str(esc50)], profile="open")
    assert [clip.clip_id for clip in catalog.clips] == ["esc50:1-100032-A", "esc50:1-110389-A"]
    assert catalog.rejections == {"license_refused": 2, "license_unknown": 1}


def test_beyond_esc10_the_terms_of_the_whole_bind_too(esc50: Path) -> None:
    """ESC-50 as a whole is under CC BY-NC 3.0; the list says of each clip what it is under by itself."""
    lines = {
        "1-100032-A-0.wav,1,0,dog,True,100032,A": ("CC0", "CC0-1.0"),
        "1-200000-A-47.wav,1,47,airplane,False,200000,A": ("CC0", "CC-BY-NC-3.0"),
        "1-200001-A-5.wav,1,5,cat,False,200001,A": ("CC-BY", "CC-BY-NC-3.0"),
        "1-200002-A-9.wav,1,9,crow,False,200002,A": ("CC-BY-NC", "CC-BY-NC-3.0"),
        "1-200003-A-3.wav,1,3,cow,False,200003,A": ("CC-Sampling+", "LicenseRef-CC-Sampling-Plus-1.0"),
        "1-200004-A-2.wav,1,2,pig,False,200004,A": ("nothing at all", UNKNOWN),
    }
    write_table(esc50 / "meta" / "esc50.csv", "filename,fold,target,category,esc10,src_file,take", list(lines))
    (esc50 / "LICENSE").write_text(
        "\n".join(
            f"- [{row.partition(',')[0].rpartition('-')[0]}.ogg]: clip derived from a ({FREESOUND}/a/1/) by a [{own}]"
            for row, (own, _) in lines.items()
        )
    )
    assert [clip.license for clip in found_in(str(esc50)).values()] == [bound for _, bound in lines.values()]
    assert {clip.license for clip in found_in(f"esc10:{esc50}").values()} == {bound for _, bound in lines.values()}


def test_a_list_in_latin_letters_is_read(esc50: Path) -> None:
    line = f"- [1-100032-A.ogg]: clip derived from hör.wav ({FREESOUND}/a/1/) by Jürgen [CC0]\n"
    (esc50 / "LICENSE").write_bytes(line.encode("iso-8859-1"))
    clip = found_in(str(esc50))["esc50:1-100032-A"]
    assert (clip.title, clip.uploader) == ("hör.wav", "Jürgen")


def test_esc10_in_folders_with_a_readme(tmp_path: Path) -> None:
    for number, name in enumerate(("1-110389-A", "1-100032-A")):
        write_sound(tmp_path / "001 - Dog bark" / f"{name}.ogg", noise(0.3, number))
    write_sound(tmp_path / "009 - Rooster" / "2-40730-B.ogg", noise(0.3, 3))
    (tmp_path / "README.txt").write_text(TEXT_LIST, "utf-8")
    assert parse_spec(str(tmp_path)).kind == "esc10"
    clips = found_in(str(tmp_path))
    assert [(clip.clip_id, clip.label, clip.uploader) for clip in clips.values()] == [
        ("esc10:1-100032-A", "dog bark", "ann"),
        ("esc10:1-110389-A", "dog bark", "b c"),
        ("esc10:2-40730-B", "rooster", "d.e"),
    ]


def test_esc10_side_by_side_with_a_table_and_links(tmp_path: Path) -> None:
    names = ("1-100032-A", "1-110389-A", "2-40730-B")
    for number, name in enumerate(names):
        write_sound(tmp_path / f"{name}.ogg", noise(0.3, number))
    write_table(tmp_path / "labels.csv", "file,label,fold,freesound_id", [f"{n}.ogg,person sneeze,1,7" for n in names])
    (tmp_path / "ATTRIBUTION.md").write_text(LINKED_LIST, "utf-8")
    clips = found_in(str(tmp_path))
    assert [(clip.title, clip.uploader, clip.license) for clip in clips.values()] == [
        ("bark.wav", "ann", "CC0-1.0"),
        ("Dog [close] (nice).wav", "b c", "CC-BY-3.0"),
        ("r", "d.e", "LicenseRef-CC-Sampling-Plus-1.0"),
    ]
    assert {clip.label for clip in clips.values()} == {"sneeze"}


@pytest.mark.parametrize("kind", ["esc50", "esc10"])
def test_another_folder_is_refused_by_what_it_lacks(tmp_path: Path, kind: str) -> None:
    with pytest.raises(
        StoreError, match=r"holds no meta/esc50\.csv, no folders like '001 - Dog bark' and no labels\.csv"
    ):
        found_in(f"{kind}:{tmp_path}")


def test_a_file_with_another_name_is_refused(tmp_path: Path) -> None:
    write_sound(tmp_path / "001 - Dog bark" / "bark.ogg", noise(0.3))
    with pytest.raises(StoreError, match=r"bark\.ogg is not named as ESC names its clips"):
        found_in(f"esc10:{tmp_path}")


def test_every_class_is_known_under_one_label() -> None:
    labels = {name_class(category)[0] for category in AUDIOSET_NAMES}
    assert labels == CLASSES.keys()
    assert len(labels) == 50
    assert {name_class(folder)[0] for folder in ESC10_FOLDERS} == ESC10_CLASSES < labels
    assert set(SPELLINGS.values()) <= labels


@pytest.mark.parametrize("category", AUDIOSET_NAMES)
def test_a_class_has_the_id_of_the_same_sound(category: str) -> None:
    mid = name_class(category)[1]
    assert (load_ontology()[mid].name if mid else "") == AUDIOSET_NAMES[category]


def test_broader_classes_begin_with_audiosets_own_name() -> None:
    assert name_broader("sea waves", CLASSES["sea waves"]) == ("waves, surf", "natural sounds", "ocean", "water")
    assert name_broader("rain", CLASSES["rain"]) == ("natural sounds", "water")
    assert name_broader("can opening", "") == ()


@pytest.mark.skipif(not ESC10.is_dir(), reason="no recordings at ../shared/data/audio/esc10")
def test_the_real_list_names_every_clip() -> None:
    clips = found_in(str(ESC10)).values()
    assert Counter(clip.license for clip in clips) == {
        "CC0-1.0": 233, "CC-BY-3.0": 165, "LicenseRef-CC-Sampling-Plus-1.0": 2,
    }  # fmt: skip
    assert all(clip.uploader and clip.title and clip.freesound_id in clip.source_url for clip in clips)
    assert set(Counter(clip.label for clip in clips).values()) == {40}
