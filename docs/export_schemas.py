"""Write the JSON Schema of every record to docs/schemas/NAME.json, and the record reference docs/records.md.

`python docs/export_schemas.py` writes them; `--check` writes nothing, names what is not current and exits with 1.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import twnm_schemas

DOCS = Path(__file__).parent
Schema = dict[str, Any]

# In reading order. What people write has optional fields; in what the programs write every field is always present.
WRITTEN_BY_PROGRAMS = (
    "RoomRecord", "Conventions", "HrtfInfo", "Listener", "SourcePosition", "Acoustics", "BroadbandAcoustics",
    "BandAcoustics", "Scale", "Clip", "Scene", "Event", "SceneRoom", "SceneAcoustics", "Overlap", "AudioMember",
    "Attribution", "TrajectoryPoint", "SceneRecipe", "EventRecipe", "AmbienceRecipe", "Question",
    "AudioPlace", "Provenance", "Prediction", "QaSample", "TeachSample", "TaughtScene", "TaughtRoom", "TaughtClip",
    "Manifest", "ShardEntry", "Count", "NameValue",
)  # fmt: skip
WRITTEN_BY_PEOPLE = (
    "Room", "RenderSpec", "RoomSpec", "Atmosphere", "SceneSpec", "ClipFilter", "RoomFilter", "Placement", "Interval",
    "Loudness", "AmbienceSpec",
)  # fmt: skip

INTRODUCTION = """# Records

Every record the programs write, field by field. This page and the JSON Schema files beside it are written from the
models in `twnm_schemas` by `docs/export_schemas.py`; a test fails when they differ.

Three rules hold for all of them. Unknown fields are errors. Numbers are finite. Every field is always present, with
one type whatever its value: null or an empty list where nothing is known, floats as floats (`1.0`), maps with free
keys as lists of name and value; so that Arrow, and `datasets` with it, reads every shard alike. To hand the types to
`datasets` instead of letting it guess them from the first samples:

```python
from datasets import Features
from twnm_schemas import RoomRecord
from twnm_shards.arrow import arrow_schema

features = Features.from_arrow_schema(arrow_schema(RoomRecord))
```

Units stand in the names (`_m`, `_s`, `_deg`, `_db`, `_hz`, `_us`); frames and signs are in
[Conventions](conventions.md).
"""
PEOPLE = """## Settings

What a person writes to say which rooms to draw and how to render them, and which scenes to compose. Fields with a
default may be left out, except in `manifest.json`, where the whole run is written down.
"""


def model_named(name: str) -> type[BaseModel]:
    """The record of that public name."""
    model: type[BaseModel] = getattr(twnm_schemas, name)
    return model


def schema_of(name: str) -> Schema:
    """The JSON Schema (draft 2020-12) of a record."""
    mode = "validation" if name in WRITTEN_BY_PEOPLE else "serialization"
    schema = model_named(name).model_json_schema(mode=mode)  # type: ignore[arg-type]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def write_type(schema: Schema) -> str:
    """The type of a field in words, e.g. `list of 7 (number or null)`."""
    if "$ref" in schema:
        return link_to(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(write_type(choice) for choice in schema.get("anyOf") or schema["oneOf"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return write_list(schema)
    return str(schema.get("type", "any JSON value")) + write_range(schema)


def write_list(schema: Schema) -> str:
    """A list's type: how many, and of what."""
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    count = f"{low} " if low == high else f"{low} or more " if low else ""
    items = schema.get("items") or schema["prefixItems"][0]
    inner = write_type(items)
    inner += "s" if inner in ("string", "number", "integer") else ""
    return f"list of {count}({inner})" if " " in inner else f"list of {count}{inner}"


def write_range(schema: Schema) -> str:
    """The limits of a number, e.g. ` from 0 to below 360`."""
    words = (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"), ("exclusiveMaximum", "below"))
    limits = [
        f"{word} {'2^63' if schema[key] == 2**63 else f'{schema[key]:g}'}" for key, word in words if key in schema
    ]
    return f", {' '.join(limits)}" if limits else ""


def link_to(name: str) -> str:
    """A link to a record's heading; parts without a public name stand as code."""
    return f"[{name}](#{name.lower()})" if name in WRITTEN_BY_PROGRAMS + WRITTEN_BY_PEOPLE else f"`{name}`"


def write_default(field: Schema) -> str:
    """A field's default, where it has one that fits a table."""
    text = json.dumps(field["default"]) if "default" in field else ""
    return f"`{text}`" if 0 < len(text) <= 80 else "see the schema" if text else ""


def write_section(name: str) -> str:
    """One record: its description and a table of its fields."""
    schema = schema_of(name)
    people = name in WRITTEN_BY_PEOPLE
    head = ["| field | type | default |", "|---|---|---|"] if people else ["| field | type |", "|---|---|"]
    rows = [
        f"| `{field}` | {write_type(part)} |" + (f" {write_default(part)} |" if people else "")
        for field, part in schema["properties"].items()
    ]
    description = schema["description"].replace("\n    ", "\n")
    return "\n".join([f"### {name}", "", description, "", f"[JSON Schema](schemas/{name}.json)", "", *head, *rows, ""])


def write_pages() -> dict[str, str]:
    """Every file this program writes, by its path under docs/."""
    names = WRITTEN_BY_PROGRAMS + WRITTEN_BY_PEOPLE
    pages = {f"schemas/{name}.json": json.dumps(schema_of(name), indent=2, sort_keys=True) + "\n" for name in names}
    sections = [INTRODUCTION, "## What the programs write\n", *map(write_section, WRITTEN_BY_PROGRAMS)]
    sections += [PEOPLE, *map(write_section, WRITTEN_BY_PEOPLE)]
    return {**pages, "records.md": "\n".join(sections)}


def find_stale(out: Path) -> list[str]:
    """The files under `out` that are missing, differ from the models, or belong to no record any more."""
    pages = write_pages()
    stale = [
        name for name, text in pages.items() if not (out / name).is_file() or (out / name).read_text("utf-8") != text
    ]
    return stale + [name for path in out.glob("schemas/*.json") if (name := f"schemas/{path.name}") not in pages]


def main() -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description="Write docs/schemas/*.json and docs/records.md from the records.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is not current")
    parser.add_argument("--out", type=Path, default=DOCS, help="the docs folder (default: the one of this program)")
    arguments = parser.parse_args()
    if arguments.check:
        stale = find_stale(arguments.out)
        for name in stale:
            print(f"{arguments.out / name} is not current; run python docs/export_schemas.py.")
        return 1 if stale else 0
    for name, text in write_pages().items():
        path = arguments.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
