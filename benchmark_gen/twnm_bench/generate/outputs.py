"""The files of a question set beside its shards: questions as JSON lines and as Parquet."""

import io
from collections.abc import Sequence
from pathlib import Path

from twnm_bench.generate.run import QUESTIONS_NAME
from twnm_schemas.questions import Question
from twnm_shards.arrow import arrow_schema
from twnm_shards.files import disk_errors, write_bytes

PARQUET_NAME = "questions.parquet"


def write_questions(root: Path, questions: Sequence[Question]) -> Path:
    """Write `questions.jsonl` and `questions.parquet` into the root, each whole or not at all; the path of the first.

    The same questions give the same bytes. Raises MachineError on a full disk.
    """
    with disk_errors(root):
        write_bytes(root / PARQUET_NAME, _as_parquet(questions))
        write_bytes(root / QUESTIONS_NAME, "".join(q.model_dump_json() + "\n" for q in questions).encode())
    return root / QUESTIONS_NAME


def _as_parquet(questions: Sequence[Question]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([q.model_dump(mode="json") for q in questions], schema=arrow_schema(Question))
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd", store_schema=False)
    return stream.getvalue()
