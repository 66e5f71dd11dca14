"""Files that go into a task folder as they are and run where this package is not installed."""

from importlib import resources
from pathlib import Path

from twnm_shards.files import write_bytes


def write_grammar(folder: Path) -> None:
    """Write the one parser of answers, `twnm_schemas.answers`, as `answer_grammar.py`."""
    write_bytes(folder / "answer_grammar.py", (resources.files("twnm_schemas") / "answers.py").read_bytes())


def write_template(name: str, path: Path) -> None:
    """Write one of the files in `templates`."""
    write_bytes(path, (resources.files("twnm_bench.exports") / "templates" / name).read_bytes())
