"""How clips are named on a command line."""

from pathlib import Path

import pytest
from clip_files import make_clip, write_noises, write_table

from twnm_schemas.errors import SpecError, StoreError
from twnm_sim.clips.adapters.registry import KINDS, list_spec, recognise
from twnm_sim.clips.catalog import write_catalog
from twnm_sim.clips.specs import parse_spec


@pytest.mark.parametrize(
    ("text", "kind", "place", "options"),
    [
        ("folder:sounds", "folder", "sounds", {}),
        ("folder:a/b c?license=CC0-1.0&labels=my.csv", "folder", "a/b c", {"license": "CC0-1.0", "labels": "my.csv"}),
        ("hf:org/name?class=rain%26wind", "hf", "org/name", {"class": "rain&wind"}),
        ("builtin", "builtin", "", {}),
        ("builtin?variations=3", "builtin", "", {"variations": "3"}),
        ("espeak:", "espeak", "", {}),
        ("old.parquet", "catalog", "old.parquet", {}),
        ("catalog:old.db", "catalog", "old.db", {}),
    ],
)
def test_a_spec_is_taken_apart(text: str, kind: str, place: str, options: dict[str, str]) -> None:
    spec = parse_spec(text)
    assert (spec.text, spec.kind, spec.place, dict(spec.options)) == (text, kind, place, options)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nowhere", r"'nowhere' are neither a folder nor a known kind; .* builtin:, catalog:, clotho:"),
        ("ftp:x", "'ftp:x' are neither a folder nor a known kind"),
        ("folder:x?license", "The option 'license' of the clips 'folder:x.license' is not usable"),
        ("folder:x?=1", "The option '=1' of the clips"),
        ("hf", "'hf' are neither"),
    ],
)
def test_what_names_no_clips_is_refused(text: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        parse_spec(text)


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sounds").mkdir()
    assert parse_spec("~/sounds").place == str(tmp_path / "sounds")
    assert parse_spec("folder:~/sounds").place == str(tmp_path / "sounds")


MARKS = {
    "FSD50K.ground_truth/dev.csv": "fsd50k",
    "clotho_captions_development.csv": "clotho",
    "musiccaps-public.csv": "musiccaps",
    "meta/esc50.csv": "esc50",
    "001 - Dog bark/1-100032-A.ogg": "esc10",
    "1-100032-A.ogg": "esc10",
    "dog/1.wav": "folder",
}


@pytest.mark.parametrize("name", MARKS)
def test_a_folder_is_known_by_the_file_it_must_have(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    assert recognise(tmp_path) == MARKS[name]
    assert parse_spec(str(tmp_path)).kind == MARKS[name]


@pytest.mark.parametrize("kind", ["fsd50k", "clotho", "musiccaps", "emilia", "esc50", "esc10", "folder"])
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SpecError, match=rf"The folder .*none of the clips '{kind}:.*none' is not there\."):
        list(list_spec(parse_spec(f"{kind}:{tmp_path / 'none'}")))


@pytest.mark.parametrize("kind", ["fsd50k", "clotho", "musiccaps", "emilia", "esc50", "esc10", "folder"])
def test_a_folder_of_something_else_is_refused_in_one_sentence(tmp_path: Path, kind: str) -> None:
    (tmp_path / "other.txt").touch()
    with pytest.raises((StoreError, SpecError)) as error:
        list(list_spec(parse_spec(f"{kind}:{tmp_path}")))
    assert str(tmp_path) in str(error.value)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def test_every_kind_has_its_module() -> None:
    folder = Path(__file__).parents[3] / "simulator" / "twnm_sim" / "clips" / "adapters"
    assert [entry.module for entry in KINDS.values() if not (folder / f"{entry.module}.py").exists()] == [""]


def test_a_catalog_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    write_catalog(tmp_path / "c.parquet", [make_clip()])
    write_noises(tmp_path / "sounds", 1)
    write_table(tmp_path / "labels.csv", "file,label", [])
    assert parse_spec(str(tmp_path / "c.parquet")).kind == "catalog"
    assert parse_spec(str(tmp_path / "sounds")).kind == "folder"
