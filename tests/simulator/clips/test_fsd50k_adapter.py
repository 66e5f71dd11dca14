"""FSD50K as it is published: ground truth, metadata and audio in their folders."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from twnm_schemas.errors import StoreError
from twnm_sim.clips.adapters.fsd50k import list_clips
from twnm_sim.clips.listing import ClipSpec, Found

# rows of the published dev.csv and eval.csv, of which one ("Purr") is made up in the same form
DEV = """fname,labels,mids,split
64760,"Electric_guitar,Guitar,Plucked_string_instrument,Musical_instrument,Music","/m/02sgy,/m/0342h,/m/0fx80y,/m/04szw,/m/04rlf",train
193768,"Electric_guitar,Bass_guitar,Crash_cymbal,Hi-hat,Bass_drum,Drum,Snare_drum,Drum_kit,Guitar,Plucked_string_instrument,Musical_instrument,Music,Percussion,Cymbal","/m/02sgy,/m/018vs,/m/0bm0k,/m/03qtq,/m/0bm02,/m/026t6,/m/06rvn,/m/02hnl,/m/0342h,/m/0fx80y,/m/04szw,/m/04rlf,/m/0l14md,/m/01qbl",val
21914,"Purr,Cat,Domestic_animals_and_pets,Animal","/m/02yds9,/m/01yrx,/m/068hy,/m/0jbk",train
"""
EVAL = """fname,labels,mids
240186,"Electric_guitar,Applause,Crowd,Cheering,Clapping,Human_group_actions,Crying_and_sobbing,Shout,Guitar,Plucked_string_instrument,Musical_instrument,Music,Human_voice,Hands","/m/02sgy,/m/028ght,/m/03qtwd,/m/053hz1,/m/0l15bq,/t/dd00012,/m/0463cq4,/m/07p6fty,/m/0342h,/m/0fx80y,/m/04szw,/m/04rlf,/m/09l8g,/m/0k65p"
"""


def info(title: str, license_url: str, uploader: str) -> dict[str, object]:
    return {
        "title": title,
        "description": "electric guitar",
        "tags": ["a"],
        "license": license_url,
        "uploader": uploader,
    }


DEV_INFO = {
    "64760": info("guitarras_63.wav", "http://creativecommons.org/licenses/sampling+/1.0/", "casualsamples"),
    "193768": info("Küche, live", "http://creativecommons.org/licenses/by-nc/3.0/", "someone"),
    "21914": info("purr.wav", "http://creativecommons.org/publicdomain/zero/1.0/", "cat_lady"),
}
EVAL_INFO = {"240186": info("gig.wav", "http://creativecommons.org/licenses/by/3.0/", "fan")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for part, ground_truth, metadata in (("dev", DEV, DEV_INFO), ("eval", EVAL, EVAL_INFO)):
        for folder in (f"FSD50K.{part}_audio", "FSD50K.ground_truth", "FSD50K.metadata"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "FSD50K.ground_truth" / f"{part}.csv").write_text(ground_truth, encoding="utf-8")
        path = tmp_path / "FSD50K.metadata" / f"{part}_clips_info_FSD50K.json"
        path.write_text(json.dumps(metadata, indent=4), encoding="utf-8")
        for fname in metadata:
            soundfile.write(tmp_path / f"FSD50K.{part}_audio" / f"{fname}.wav", np.zeros(441), 44100, subtype="PCM_16")
    return tmp_path


def listed(root: Path) -> dict[str, Found]:
    return {found.clip_id: found for found in list_clips(ClipSpec(f"fsd50k:{root}", "fsd50k", str(root)))}


def refusal(root: Path) -> str:
    with pytest.raises(StoreError) as error:
        listed(root)
    return str(error.value)


def test_a_clip_carries_what_the_tables_say(root: Path) -> None:
    assert listed(root)["fsd50k:21914"] == Found(
        clip_id="fsd50k:21914",
        dataset="fsd50k",
        path=str(root / "FSD50K.dev_audio" / "21914.wav"),
        label="purr",
        labels=("purr",),
        audioset_ids=("/m/02yds9",),
        ancestors=("cat", "domestic animals and pets", "animal"),
        uploader="cat_lady",
        freesound_id="21914",
        title="purr.wav",
        source_url="https://freesound.org/s/21914/",
        license="CC0-1.0",
        source_split="train",
    )


def test_every_listed_file_is_there(root: Path) -> None:
    clips = listed(root)
    assert clips.keys() == {"fsd50k:64760", "fsd50k:193768", "fsd50k:21914", "fsd50k:240186"}
    assert all(soundfile.info(found.path).samplerate == 44100 for found in clips.values())


def test_leaves_are_told_from_smeared_labels(root: Path) -> None:
    clips = listed(root)
    band = clips["fsd50k:193768"]
    assert band.labels == (
        "electric guitar", "bass guitar", "crash cymbal", "hi-hat", "bass drum", "snare drum", "drum kit",
    )  # fmt: skip
    assert band.ancestors == (
        "drum", "guitar", "plucked string instrument", "musical instrument", "music", "percussion", "cymbal",
    )  # fmt: skip
    assert band.label == "electric guitar"
    assert len(band.audioset_ids) == len(band.labels)
    gig = clips["fsd50k:240186"]
    assert gig.labels[1:] == ("applause", "crowd", "cheering", "clapping", "crying and sobbing", "shout")
    assert {"human group actions", "hands", "human voice"} < set(gig.ancestors)


def test_licences_and_splits_are_read(root: Path) -> None:
    found = {clip.freesound_id: (clip.license, clip.source_split) for clip in listed(root).values()}
    assert found == {
        "64760": ("LicenseRef-CC-Sampling-Plus-1.0", "train"),
        "193768": ("CC-BY-NC-3.0", "val"),
        "21914": ("CC0-1.0", "train"),
        "240186": ("CC-BY-3.0", "eval"),
    }


def test_a_part_whose_audio_is_not_there_is_left_out(root: Path) -> None:
    for path in (root / "FSD50K.dev_audio").iterdir():
        path.unlink()
    (root / "FSD50K.dev_audio").rmdir()
    assert listed(root).keys() == {"fsd50k:240186"}


def test_another_folder_is_refused_by_what_was_looked_for(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path} is not FSD50K: neither FSD50K.dev_audio nor FSD50K.eval_audio is there."


@pytest.mark.parametrize("name", ["FSD50K.ground_truth/dev.csv", "FSD50K.metadata/dev_clips_info_FSD50K.json"])
def test_a_missing_table_is_named(root: Path, name: str) -> None:
    (root / name).unlink()
    assert refusal(root) == f"{root / name} is not there."


def test_a_missing_column_is_named(root: Path) -> None:
    table = root / "FSD50K.ground_truth" / "dev.csv"
    table.write_text("fname,labels,split\n1,Rain,train\n")
    assert refusal(root) == f"{table} has no column 'mids'; its columns are fname, labels, split."


def test_a_cut_row_is_named_by_its_line(root: Path) -> None:
    table = root / "FSD50K.ground_truth" / "dev.csv"
    table.write_text(DEV[: DEV.index(",val")])
    assert refusal(root) == f"Line 3 of {table} has another number of fields than its header."


def test_labels_without_their_ids_are_refused(root: Path) -> None:
    table = root / "FSD50K.ground_truth" / "dev.csv"
    table.write_text('fname,labels,mids,split\n64760,"Guitar,Music",/m/0342h,train\n')
    assert refusal(root) == f"{table} gives clip 64760 2 labels and 1 ids."


def test_metadata_that_lack_a_clip_are_refused(root: Path) -> None:
    path = root / "FSD50K.metadata" / "dev_clips_info_FSD50K.json"
    path.write_text(json.dumps({key: value for key, value in DEV_INFO.items() if key != "193768"}))
    assert refusal(root).startswith(f"{path} says nothing of clip 193768, which the ground truth lists")


def test_metadata_that_lack_a_licence_are_refused(root: Path) -> None:
    path = root / "FSD50K.metadata" / "dev_clips_info_FSD50K.json"
    path.write_text(json.dumps(DEV_INFO | {"64760": {"title": "a", "uploader": "b"}}))
    assert refusal(root) == f"Clip 64760 in {path} has no field 'license'."


def test_null_says_nothing_and_what_is_no_text_is_refused(root: Path) -> None:
    path = root / "FSD50K.metadata" / "dev_clips_info_FSD50K.json"
    path.write_text(json.dumps(DEV_INFO | {"64760": {"title": None, "uploader": None, "license": None}}))
    clip = listed(root)["fsd50k:64760"]
    assert (clip.title, clip.uploader, clip.license) == ("", "", "LicenseRef-unknown")
    path.write_text(json.dumps(DEV_INFO | {"64760": {"title": "a", "license": "", "uploader": ["b"]}}))
    assert refusal(root) == f"Clip 64760 in {path} has no text in the field 'uploader'."


def test_a_clip_without_labels_has_none(root: Path) -> None:
    (root / "FSD50K.ground_truth" / "dev.csv").write_text("fname,labels,mids,split\n64760,,,train\n")
    clip = listed(root)["fsd50k:64760"]
    assert (clip.label, clip.labels, clip.audioset_ids) == ("", (), ())


def test_cut_metadata_are_refused(root: Path) -> None:
    path = root / "FSD50K.metadata" / "dev_clips_info_FSD50K.json"
    path.write_text(json.dumps(DEV_INFO)[:200])
    assert refusal(root).startswith(f"{path} is not JSON: ")
