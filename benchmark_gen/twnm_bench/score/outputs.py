"""Where a score goes: JSON, Markdown, LaTeX and a picture, each to a file, one of the texts to the standard output."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from twnm_bench.score.formats import write_latex, write_markdown
from twnm_bench.score.plot import check_picture_kind, draw_score
from twnm_bench.score.result import Score
from twnm_bench.score.tables import lay_out
from twnm_schemas.errors import SpecError
from twnm_shards.files import check_writable, disk_errors, json_bytes, write_bytes

STDOUT = "-"


@dataclass(frozen=True)
class OutputPlan:
    """What is wanted of a score; "-" among the texts stands for the standard output, null for not wanted."""

    json: str | None = None
    markdown: str | None = None
    latex: str | None = None
    plot: Path | None = None

    def check(self) -> None:
        """Raise SpecError, before any work is done, for what cannot be written."""
        if [self.json, self.markdown, self.latex].count(STDOUT) > 1:
            raise SpecError("Only one of --json, --markdown and --latex can go to the standard output; name a file.")
        if self.plot is not None:
            check_picture_kind(self.plot)
        paths = list(self._paths())
        for place, path in enumerate(paths):
            if path.is_dir():
                raise SpecError(f"{path} is a folder; name a file in it.")
            if path in paths[:place]:
                raise SpecError(f"{path} is named for two outputs; name another file for one of them.")

    def _paths(self) -> Iterator[Path]:
        yield from (Path(text) for text in (self.json, self.markdown, self.latex) if text not in (None, STDOUT))
        if self.plot is not None:
            yield self.plot

    def write(self, score: Score) -> str | None:
        """Write the files, and return the text for the standard output, null where none is wanted.

        Raises TwnmError where a folder cannot be written or the disk fails.
        """
        texts: tuple[tuple[str | None, Callable[[], bytes]], ...] = (
            (self.json, lambda: json_bytes(score.model_dump(mode="json"))),
            (self.markdown, lambda: write_markdown(lay_out(score)).encode()),
            (self.latex, lambda: write_latex(lay_out(score)).encode()),
        )
        said = None
        for target, make in texts:
            if target == STDOUT:
                said = make().decode()
            elif target is not None:
                _write_file(Path(target), make())
        if self.plot is not None:
            _write_file(self.plot, draw_score(score, self.plot.suffix.lower()[1:]))
        return said


def _write_file(path: Path, data: bytes) -> None:
    check_writable(path.parent)
    with disk_errors(path.parent):
        write_bytes(path, data)
