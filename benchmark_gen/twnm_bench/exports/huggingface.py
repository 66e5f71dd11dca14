"""Questions as rows of a Hugging Face dataset: Parquet files, the card that names them, and their schema.

The columns are declared once, in `COLUMNS`; the Arrow schema, the features that `datasets` reads from it and the card's
`dataset_info` follow from that, so that every split has the same schema whatever its values are. The metadata key
`huggingface` and the layout of the card are those of the `datasets` library (Features.arrow_schema and
Features._to_yaml_list, version 5.2.0); lists are written as sequences, which older versions read too.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twnm_bench.sounds import Sounds, name_audio
from twnm_schemas.questions import Question
from twnm_shards.files import write_bytes, write_json

if TYPE_CHECKING:
    import pyarrow

Row = dict[str, Any]
Show = Callable[[int], None]

COLUMNS = {
    "id": "string",
    "audio": "audio",
    "question": "string",
    "choices": "strings",
    "answer": "string",
    "answer_index": "int64",
    "task": "string",
    "area": "string",
    "scene_id": "string",
    "difficulty": "string",
    "asa_level": "string",
    "tags": "strings",
    "program": "string",
}
FEATURES_NAME, CARD_NAME, DATA_NAME = "features.json", "README.md", "data"
FILE_BYTES = 400 << 20
GROUP_BYTES, GROUP_ROWS = 16 << 20, 64  # what a reader must take in to see one row
_FEATURES: dict[str, dict[str, Any]] = {
    "string": {"dtype": "string", "_type": "Value"},
    "int64": {"dtype": "int64", "_type": "Value"},
    "strings": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"},
    "audio": {"_type": "Audio"},
}
_YAML = {"string": "dtype: string", "int64": "dtype: int64", "strings": "sequence: string", "audio": "dtype: audio"}


def list_features() -> dict[str, dict[str, Any]]:
    """The columns as `datasets.Features.from_dict` takes them."""
    return {name: _FEATURES[kind] for name, kind in COLUMNS.items()}


def make_schema() -> "pyarrow.Schema":
    """The columns as an Arrow schema that says which of them is audio."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "int64": pa.int64(),
        "strings": pa.list_(pa.string()),
        "audio": pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    }
    told = json.dumps({"info": {"features": list_features()}})
    return pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()], metadata={"huggingface": told})


def make_row(question: Question, audio: bytes) -> Row:
    """One question; its audio is the stored file itself."""
    values = question.model_dump(mode="json", include=COLUMNS.keys() - {"audio"})
    return {**values, "audio": {"bytes": audio, "path": name_audio(question.audio)}}


def write_dataset(questions: list[Question], sounds: Sounds, folder: Path, split: str, show: Show) -> list[str]:
    """Write card, features and Parquet files below `folder`; the names of the Parquet files, relative to it.

    `show` is told how many questions are written. Raises StoreError for audio that is not there.
    """
    (folder / DATA_NAME).mkdir(parents=True)
    rows = (make_row(question, sounds.read(question)) for question in questions)
    names = write_rows(_counted(rows, show), folder / DATA_NAME, split)
    write_json(folder / FEATURES_NAME, list_features())
    write_bytes(folder / CARD_NAME, write_card(split, len(questions)).encode())
    return [f"{DATA_NAME}/{name}" for name in names]


def _counted(rows: Iterable[Row], show: Show) -> Iterator[Row]:
    for done, row in enumerate(rows, 1):
        yield row
        show(done)


def write_rows(
    rows: Iterable[Row], folder: Path, split: str, file_bytes: int = FILE_BYTES, group_bytes: int = GROUP_BYTES
) -> list[str]:
    """Write rows as `SPLIT-00000-of-0000N.parquet`, in order; the names of the files.

    A file ends after the row group with which it reaches `file_bytes` of audio, a row group after the row with which
    it reaches `group_bytes`, or at 64 rows.
    """
    parts: list[Path] = []
    for number, groups in enumerate(_cut_files(_cut_groups(rows, group_bytes), file_bytes)):
        parts.append(folder / f"part-{number}")
        _write_file(groups, parts[-1])
    names = [f"{split}-{number:05d}-of-{len(parts):05d}.parquet" for number in range(len(parts))]
    for part, name in zip(parts, names, strict=True):
        part.rename(folder / name)
    return names


def _cut_groups(rows: Iterable[Row], group_bytes: int) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) == GROUP_ROWS or _weigh(group) >= group_bytes:
            yield group
            group = []
    if group:
        yield group


def _cut_files(groups: Iterable[list[Row]], file_bytes: int) -> Iterator[Iterator[list[Row]]]:
    """The groups file by file; each must be gone through before the next."""
    left = iter(groups)

    def one_file(first: list[Row]) -> Iterator[list[Row]]:
        weight, group = 0, first
        while True:
            yield group
            weight += _weigh(group)
            if weight >= file_bytes or (following := next(left, None)) is None:
                return
            group = following

    while (first := next(left, None)) is not None:
        yield one_file(first)


def _weigh(group: list[Row]) -> int:
    return sum(len(row["audio"]["bytes"]) for row in group)


def _write_file(groups: Iterable[list[Row]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = make_schema()
    repeating = ["task", "area", "difficulty", "asa_level", "answer"]
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=repeating, write_page_index=True) as writer:
        for group in groups:
            writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=len(group))


def write_card(split: str, count: int) -> str:
    """The dataset card: what `datasets` needs to find the files and know the columns, and what they hold."""
    features = "\n".join(f"  - name: {name}\n    {_YAML[kind]}" for name, kind in COLUMNS.items())
    return f"""---
configs:
- config_name: default
  data_files:
  - split: {split}
    path: {DATA_NAME}/{split}-*.parquet
dataset_info:
  features:
{features}
  splits:
  - name: {split}
    num_examples: {count}
---

# Questions about binaural scenes

{count} multiple-choice questions, each about one stereo recording: its left channel is what the left ear hears, its
right channel what the right ear hears. Keep both channels; a mono mixture holds no direction.

`choices` are four texts without letters, `answer` is the letter of the true one and `answer_index` its place, counted
from 0. `task` and `area` are what results are reported by; questions of one `scene_id` share their recording.
"""
