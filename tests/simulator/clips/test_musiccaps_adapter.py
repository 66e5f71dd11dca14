"""MusicCaps as it is published: one table, beside audio that a user has under one of several names."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from twnm_schemas.errors import StoreError
from twnm_sim.clips.adapters.musiccaps import list_clips
from twnm_sim.clips.listing import ClipSpec, Found

HEADER = (
    "ytid,start_s,end_s,audioset_positive_labels,aspect_list,caption,author_id,is_balanced_subset,is_audioset_eval\n"
)
ROWS = (
    '-0Gj8-vB1q4,30,40,"/m/0140xf,/m/02cjck,/m/04rlf","[\'low quality\', \'sustained strings melody\']","The low '
    'quality recording features a ballad song, and a voice.",4,False,True\n'
    '-0SdAVK79lg,30,40,"/m/0155w,/m/01lyv,/m/0342h,/m/042v_gx,/m/04rlf,/m/04szw,/m/0fx80y",[\'guitar song\'],"This '
    'song features\nan electric guitar.",0,False,False\n'
    '_vyLOnKJD3g,0,10,/m/04rlf,[],A tune.,6,True,True\n'
    'zzNdwF40ID8,70,80,"/m/04rlf,/m/0l14gg",[],Strings.,9,False,True\n'
)  # fmt: skip


def write_dataset(root: Path, *names: str) -> None:
    (root / "musiccaps-public.csv").write_text(HEADER + ROWS, encoding="utf-8")
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.zeros(441), 44100)


def listed(root: Path, **options: str) -> list[Found]:
    return list(list_clips(ClipSpec(f"musiccaps:{root}", "musiccaps", str(root), options)))


def refusal(root: Path, **options: str) -> str:
    with pytest.raises(StoreError) as error:
        listed(root, **options)
    return str(error.value)


def test_a_clip_carries_what_the_table_says(tmp_path: Path) -> None:
    write_dataset(tmp_path, "audio/-0SdAVK79lg.wav")
    assert listed(tmp_path)[1] == Found(
        clip_id="musiccaps:-0SdAVK79lg",
        dataset="musiccaps",
        path=str(tmp_path / "audio" / "-0SdAVK79lg.wav"),
        label="blues",
        labels=("blues", "country", "acoustic guitar"),
        audioset_ids=("/m/0155w", "/m/01lyv", "/m/042v_gx"),
        ancestors=("guitar", "music", "musical instrument", "plucked string instrument"),
        caption="This song features\nan electric guitar.",
        caption_license="CC-BY-SA-4.0",
        video_id="-0SdAVK79lg",
        source_url="https://www.youtube.com/watch?v=-0SdAVK79lg&t=30",
        license="LicenseRef-unknown",
        source_split="train",
    )


@pytest.mark.parametrize(
    ("mids", "label", "labels"),
    [
        ("/m/04rlf", "music", ("music",)),
        ("/m/09x0r,/m/04rlf,/m/0155w", "blues", ("speech", "blues")),  # speech, music, blues
        ("/m/09x0r,/m/0838f", "speech", ("speech", "water")),
        ("", "", ()),
    ],
)
def test_the_label_is_the_music_among_the_labels(
    tmp_path: Path, mids: str, label: str, labels: tuple[str, ...]
) -> None:
    write_dataset(tmp_path, "_vyLOnKJD3g.wav")
    (tmp_path / "musiccaps-public.csv").write_text(HEADER + f'_vyLOnKJD3g,0,10,"{mids}",[],A tune.,6,True,True\n')
    (clip,) = listed(tmp_path)
    assert (clip.label, clip.labels) == (label, labels)
    assert len(clip.audioset_ids) == len(labels)


def test_names_of_common_downloaders_are_found(tmp_path: Path) -> None:
    names = ("[-0Gj8-vB1q4]-[30-40].mp3", "-0SdAVK79lg.wav", "_vyLOnKJD3g_0.flac", "zzNdwF40ID8_70_80.ogg")
    write_dataset(tmp_path, *(f"wav/{name}" for name in names))
    clips = listed(tmp_path, audio=str(tmp_path / "wav"))
    assert [Path(clip.path).name for clip in clips] == list(names)
    assert all(Path(clip.path).is_file() for clip in clips)
    assert [clip.source_split for clip in clips] == ["eval", "train", "eval", "eval"]


def test_the_cut_file_is_preferred_to_one_of_the_video(tmp_path: Path) -> None:
    write_dataset(tmp_path, "zzNdwF40ID8.wav", "zzNdwF40ID8_70_80.wav")
    assert Path(listed(tmp_path)[3].path).name == "zzNdwF40ID8_70_80.wav"


def test_absent_audio_is_listed_where_it_would_be(tmp_path: Path) -> None:
    write_dataset(tmp_path, "-0SdAVK79lg.wav")
    clips = listed(tmp_path)
    assert [Path(clip.path).is_file() for clip in clips] == [False, True, False, False]
    assert clips[0].path == str(tmp_path / "-0Gj8-vB1q4.wav")


def test_a_licence_may_be_stated(tmp_path: Path) -> None:
    write_dataset(tmp_path, "-0SdAVK79lg.wav")
    assert {clip.license for clip in listed(tmp_path, license="cc-by-4.0")} == {"CC-BY-4.0"}


def test_a_folder_without_the_table_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path / 'musiccaps-public.csv'} is not there."


def test_a_folder_without_any_audio_is_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    assert refusal(tmp_path) == (
        f"{tmp_path} holds the audio of no row of {tmp_path / 'musiccaps-public.csv'}; "
        "looked for -0Gj8-vB1q4.wav and the like."
    )


def test_an_audio_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    assert refusal(tmp_path, audio=str(tmp_path / "wav")).startswith(f"{tmp_path / 'wav'} is no folder;")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    table = tmp_path / "musiccaps-public.csv"
    table.write_text("ytid,start_s,end_s,caption\n")
    assert refusal(tmp_path).startswith(f"{table} has no column 'audioset_positive_labels'; its columns are ytid,")


def test_a_class_that_audioset_does_not_have_is_named(tmp_path: Path) -> None:
    write_dataset(tmp_path, "_vyLOnKJD3g.wav")
    table = tmp_path / "musiccaps-public.csv"
    table.write_text(table.read_text().replace("0,10,/m/04rlf", "0,10,/m/nope"))
    assert refusal(tmp_path) == "'/m/nope' is the id of no class of AudioSet."
