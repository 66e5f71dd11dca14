"""Records are Arrow-stable: shards whose first samples know nothing are read with the right types.

`datasets` guesses a schema from the first five samples. Here the first six hold null and empty lists wherever a record
allows, and only then come values.
"""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import BaseModel, ValidationError

import twnm_schemas
from twnm_schemas import Listener, Manifest, RenderSpec, RoomRecord, canonical_json
from twnm_shards.arrow import arrow_schema

NOT_SAMPLES = {  # these live in manifest.json and in spec files
    "AmbienceSpec",
    "Loudness",
    "Manifest",
    "RenderSpec",
    "RoomSpec",
    "SceneSpec",
    "Strict",
}
RECORDS: dict[str, type[BaseModel]] = {
    name: value
    for name in twnm_schemas.__all__
    if isinstance(value := getattr(twnm_schemas, name), type) and issubclass(value, BaseModel)
    if name not in NOT_SAMPLES
}
SILENT, SPEAKING = 6, 2


def make_value(schema: dict[str, Any], defs: dict[str, Any], *, full: bool) -> Any:
    """A value of a JSON Schema: null and empty wherever it may be, or filled everywhere."""
    if "$ref" in schema:
        return make_value(defs[schema["$ref"].rsplit("/", 1)[-1]], defs, full=full)
    if "anyOf" in schema:
        present = [choice for choice in schema["anyOf"] if choice.get("type") != "null"]
        return make_value(present[0], defs, full=True) if full else None
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[-1])
    match schema["type"]:
        case "object":
            return {name: make_value(part, defs, full=full) for name, part in schema["properties"].items()}
        case "array":
            items = schema.get("items") or schema["prefixItems"][0]
            return [make_value(items, defs, full=full)] * (schema.get("minItems") or 2 * full)
        case "string":
            return "x" * schema.get("minLength", full)
        case "boolean":
            return full
        case "integer":
            return int(schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)) + full
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0.0))
    return low + (0.5 if full else 1.0 if "exclusiveMinimum" in schema else 0.0)


def make_record(model: type[BaseModel], *, full: bool) -> BaseModel:
    schema = model.model_json_schema(mode="serialization")
    value = make_value(schema, schema.get("$defs", {}), full=full)
    if value.get("size_m"):
        value["size_m"] = [4.0, 5.5, 3.0]
    for recipe in (value, value.get("recipe", {})):
        if "samples" in recipe:
            recipe["samples"] = 220500  # a scene ends after its events do
    if "answer_index" in value:  # what a question says of itself agrees
        value |= {"task": "causal_intent", "area": "reasoning", "answer": "ABCD"[value["answer_index"]]}
        value["choices"] = ["a", "b", "c", "d"]
    return model.model_validate(value)


def write_shard(path: Path, samples: list[dict[str, str]]) -> None:
    with tarfile.open(path, "w") as tar:
        for index, members in enumerate(samples):
            for extension, text in members.items():
                member = tarfile.TarInfo(f"room-{index:06d}.{extension}")
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))


def load_shard(path: Path, columns: dict[str, Any], *, streaming: bool) -> Any:
    import datasets

    features = datasets.Features({**columns, "__key__": datasets.Value("string"), "__url__": datasets.Value("string")})
    return datasets.load_dataset(
        "webdataset",
        data_files={"train": str(path)},
        features=features,
        split="train",
        streaming=streaming,
        cache_dir=str(path.parent / "cache"),
    )


def column_of(model: type[BaseModel]) -> dict[str, Any]:
    import datasets

    return dict(datasets.Features.from_arrow_schema(arrow_schema(model)))


@pytest.mark.parametrize("streaming", [False, True], ids=["cached", "streamed"])
def test_shards_whose_first_samples_know_nothing_are_read_as_written(tmp_path: Path, streaming: bool) -> None:
    silent = {f"{name.lower()}.json": canonical_json(make_record(model, full=False)) for name, model in RECORDS.items()}
    speaking = {
        f"{name.lower()}.json": canonical_json(make_record(model, full=True)) for name, model in RECORDS.items()
    }
    written = [silent] * SILENT + [speaking] * SPEAKING
    write_shard(tmp_path / "all.tar", written)
    columns = {f"{name.lower()}.json": column_of(model) for name, model in RECORDS.items()}
    rows = list(load_shard(tmp_path / "all.tar", columns, streaming=streaming))
    read = [{name: canonical_json(row[name]) for name in silent} for row in rows]  # text: 1 is not 1.0 here
    assert read == written


def test_a_room_beside_its_audio_is_read_as_written(tmp_path: Path) -> None:
    import datasets

    records = [make_record(RoomRecord, full=full) for full in [False] * SILENT + [True] * SPEAKING]
    write_shard(tmp_path / "brirs.tar", [{"json": canonical_json(record), "s00.flac": "fLaC"} for record in records])
    columns = {"json": column_of(RoomRecord), "s00.flac": datasets.Value("binary")}
    rows = load_shard(tmp_path / "brirs.tar", columns, streaming=False)
    assert [RoomRecord.model_validate_json(canonical_json(row["json"])) for row in rows] == records
    assert rows[0]["s00.flac"] == b"fLaC"
    assert rows.features["json"]["sources"].feature["acoustics"]["t_mid_s"].dtype == "float64"


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_fits_its_arrow_schema_empty_and_full(name: str) -> None:
    model = RECORDS[name]
    schema = arrow_schema(model)
    rows = [make_record(model, full=full).model_dump(mode="json") for full in (False, True)]
    table = pa.Table.from_pylist(rows, schema=schema)
    table.validate(full=True)
    assert [canonical_json(row) for row in table.to_pylist()] == [canonical_json(row) for row in rows]
    assert schema.names == list(model.model_fields)


@pytest.mark.parametrize("name", RECORDS)
def test_every_field_is_always_present(name: str) -> None:
    model = RECORDS[name]
    for record in (make_record(model, full=False), make_record(model, full=True)):
        assert set(json.loads(canonical_json(record))) == set(model.model_fields)


def test_what_may_be_null_is_nullable_and_nothing_else() -> None:
    schema = arrow_schema(RoomRecord)
    nullable = {"size_m", "absorption", "listener", "hrtf", "mixing_time_s", "speed_of_sound_m_s", "air_absorption"}
    nullable |= {"temperature_c", "humidity_percent", "pressure_kpa", "highpass_hz"}
    assert {field.name for field in schema if field.nullable} == nullable
    source = schema.field("sources").type.value_type
    known = {"index", "azimuth_deg", "elevation_deg", "lateral_deg", "acoustics", "scale"}
    assert {source.field(i).name for i in range(source.num_fields) if not source.field(i).nullable} == known
    assert schema.field("rt60_theory_s").type.value_field.nullable
    assert not schema.field("size_m").type.value_field.nullable
    assert schema.field("seed").type == pa.int64()
    assert schema.field("air_absorption").type == pa.bool_()
    assert schema.field("tail").type == pa.string()
    listener = schema.field("listener").type
    assert [listener.field(index).name for index in range(listener.num_fields)] == list(Listener.model_fields)


@pytest.mark.parametrize(
    ("model", "field"), [(Manifest, "Manifest.settings"), (RenderSpec, "RenderSpec.room: RoomSpec.sizes: SizeSpec.x_m")]
)
def test_a_union_or_a_free_map_is_refused_by_name(model: type[BaseModel], field: str) -> None:
    with pytest.raises(TypeError, match=field):
        arrow_schema(model)


def test_a_seed_that_no_column_holds_is_refused() -> None:
    record = make_record(RoomRecord, full=True).model_dump(mode="json")
    assert RoomRecord.model_validate({**record, "seed": 2**63 - 1})
    with pytest.raises(ValidationError, match="seed"):
        RoomRecord.model_validate({**record, "seed": 2**63})
