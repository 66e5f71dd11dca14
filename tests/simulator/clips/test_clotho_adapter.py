"""Clotho v2 as it is published: captions and metadata beside the audio folders."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from twnm_schemas.errors import StoreError
from twnm_sim.clips.adapters.clotho import list_clips
from twnm_sim.clips.listing import ClipSpec, Found

CAPTIONS = "file_name,caption_1,caption_2,caption_3,caption_4,caption_5\n"
METADATA = "file_name,keywords,sound_id,sound_link,start_end_samples,manufacturer,license\n"
# the first row is of the published tables; the name begins with a space
BIRDS_CAPTIONS = (
    " Ambience Birds.wav,A wild assortment of birds are chirping and calling out in nature.,Several different types of "
    'bird are tweeting and making calls.,"Birds tweeting and chirping happily, engine in the distance.",An assortment '
    "of  wild birds are chirping and calling out in nature.,Birds are chirping and making loud bird noises.\n"
)
BIRDS = (
    " Ambience Birds.wav,Ambience;outside;OWI;Birds;night,327673,https://freesound.org/people/Juan_Merie_Venter/sounds/"
    '327673,"[11162624, 11932169]",Juan_Merie_Venter,http://creativecommons.org/licenses/by-nc/3.0/\n'
)
CAFE_CAPTIONS = "Café 2.wav,People talk.,Talk.,Talk.,Talk.,Talk.\n"
CAFE = 'Café 2.wav,café;people,Not found,Not found,"[0, 881999]",Not found,http://creativecommons.org/publicdomain/zero/1.0/\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_part(tmp_path, "development", BIRDS_CAPTIONS, BIRDS, [" Ambience Birds.wav"])
    write_part(tmp_path, "evaluation", CAFE_CAPTIONS, CAFE, ["Café 2.wav"])
    return tmp_path


def write_part(root: Path, part: str, captions: str, metadata: str, names: list[str]) -> None:
    (root / f"clotho_captions_{part}.csv").write_text(CAPTIONS + captions, encoding="utf-8")
    (root / f"clotho_metadata_{part}.csv").write_bytes((METADATA + metadata).encode("iso-8859-1"))
    (root / part).mkdir()
    for name in names:
        soundfile.write(root / part / name, np.zeros(441), 44100, subtype="PCM_16")


def listed(root: Path) -> list[Found]:
    return list(list_clips(ClipSpec(f"clotho:{root}", "clotho", str(root))))


def refusal(root: Path) -> str:
    with pytest.raises(StoreError) as error:
        listed(root)
    return str(error.value)


def test_a_clip_carries_what_the_tables_say(root: Path) -> None:
    assert listed(root)[0] == Found(
        clip_id="clotho: Ambience Birds.wav",
        dataset="clotho",
        path=str(root / "development" / " Ambience Birds.wav"),
        label="ambience",
        labels=("ambience", "outside", "owi", "birds", "night"),
        audioset_ids=("", "", "", "", ""),
        caption="A wild assortment of birds are chirping and calling out in nature.",
        caption_license="LicenseRef-Tampere-NC",
        uploader="Juan_Merie_Venter",
        freesound_id="327673",
        title="Ambience Birds",
        source_url="https://freesound.org/people/Juan_Merie_Venter/sounds/327673",
        license="CC-BY-NC-3.0",
        source_split="development",
    )


def test_metadata_are_latin_and_captions_are_utf_8(root: Path) -> None:
    cafe = listed(root)[1]
    assert (cafe.clip_id, cafe.label, cafe.caption) == ("clotho:Café 2.wav", "café", "People talk.")
    assert soundfile.info(cafe.path).frames == 441
    assert cafe.source_split == "evaluation"


def test_not_found_stands_for_nothing(root: Path) -> None:
    cafe = listed(root)[1]
    assert (cafe.freesound_id, cafe.source_url, cafe.uploader) == ("", "", "")
    assert cafe.license == "CC0-1.0"


def test_the_folders_of_aac_datasets_are_found(tmp_path: Path, root: Path) -> None:
    for folder, pattern in (
        ("clotho_csv_files", "*.csv"),
        ("clotho_audio_files", "*tion"),
        ("clotho_audio_files", "*ment"),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        for path in list(root.glob(pattern)):
            path.rename(tmp_path / folder / path.name)
    assert [Path(found.path).is_file() for found in listed(tmp_path)] == [True, True]


def test_another_folder_is_refused_by_what_was_looked_for(tmp_path: Path) -> None:
    sentence = f"{tmp_path} is not Clotho: none of the folders development, validation, evaluation is there."
    assert refusal(tmp_path) == sentence


@pytest.mark.parametrize("table", ["clotho_captions_development.csv", "clotho_metadata_development.csv"])
def test_a_missing_table_is_named(root: Path, table: str) -> None:
    (root / table).unlink()
    assert refusal(root) == f"{root / table} is not there."


def test_a_missing_column_is_named(root: Path) -> None:
    table = root / "clotho_metadata_development.csv"
    table.write_text("file_name,keywords,sound_id,sound_link,start_end_samples,manufacturer\n")
    assert refusal(root).startswith(f"{table} has no column 'license'; its columns are file_name, keywords")


def test_a_clip_without_captions_is_refused(root: Path) -> None:
    table = root / "clotho_captions_development.csv"
    table.write_text(CAPTIONS + CAFE_CAPTIONS, encoding="utf-8")
    expected = f"{table} has no captions for ' Ambience Birds.wav', which clotho_metadata_development.csv lists."
    assert refusal(root) == expected


def test_a_table_in_another_encoding_is_refused(root: Path) -> None:
    table = root / "clotho_captions_evaluation.csv"
    table.write_bytes((CAPTIONS + CAFE_CAPTIONS).encode("iso-8859-1"))
    assert refusal(root).startswith(f"{table} is not a CSV file that can be read: ")
