"""docs/schemas and docs/records.md say what the models say."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from pydantic import BaseModel

import twnm_schemas
from twnm_schemas import Listener, canonical_json

DOCS = Path(__file__).parents[2] / "docs"
PROGRAM = DOCS / "export_schemas.py"


def run_export(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_exported_files_are_current() -> None:
    done = run_export("--check")
    assert done.returncode == 0, done.stdout


def test_every_public_record_is_exported() -> None:
    public = {name: getattr(twnm_schemas, name) for name in twnm_schemas.__all__ if name != "Strict"}
    records = {name for name, value in public.items() if isinstance(value, type) and issubclass(value, BaseModel)}
    assert {path.stem for path in (DOCS / "schemas").glob("*.json")} == records
    page = (DOCS / "records.md").read_text("utf-8")
    assert [name for name in records if f"### {name}\n" not in page] == []


@pytest.mark.parametrize(
    "fault",
    [
        "schemas/Room.json is changed",
        "schemas/Room.json is missing",
        "records.md is changed",
        "schemas/Old.json is left over",
    ],
)
def test_the_check_names_what_is_not_current(tmp_path: Path, fault: str) -> None:
    shutil.copytree(DOCS / "schemas", tmp_path / "schemas")
    shutil.copy(DOCS / "records.md", tmp_path)
    name = fault.split()[0]
    if fault.endswith("missing"):
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    done = run_export("--check", "--out", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.startswith(f"{tmp_path / name} is not current")
    assert len(done.stdout.splitlines()) == 1
    if not fault.endswith("over"):
        run_export("--out", str(tmp_path))
        assert run_export("--check", "--out", str(tmp_path)).returncode == 0


def test_an_exported_schema_accepts_a_record_and_refuses_another() -> None:
    schema = json.loads((DOCS / "schemas" / "Listener.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    record = json.loads(canonical_json(Listener(position_m=(1.0, 2.0, 1.5), yaw_deg=30.0)))
    assert validator.is_valid(record)
    assert not validator.is_valid({**record, "pitch_deg": 91.0})
    assert not validator.is_valid({**record, "colour": "red"})
    assert not validator.is_valid({"position_m": [1.0, 2.0, 1.5]})  # every field is always present
