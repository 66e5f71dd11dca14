"""`twnm-bench export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twnm_bench.exports.run import ExportSummary


def export(
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS", help="questions.jsonl, its shards beside it.")],
    to: Annotated[str, typer.Option("--to", metavar="hf|lmms-eval|inspect", help="For which harness.")],
    out: Annotated[str, typer.Option(metavar="DIR", help="A new folder.")],
    split: Annotated[str, typer.Option(help="What the rows are called (hf, lmms-eval).")] = "test",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
) -> None:
    """Hand a question set to another harness: Hugging Face rows, an lmms-eval task or an inspect_ai task."""
    from twnm_bench.exports.run import ExportRequest, export_questions
    from twnm_bench.items import read_questions
    from twnm_shards.progress import showing
    from twnm_sim.cli.run_options import local_folder

    request = ExportRequest(questions, to, local_folder(out), split, overwrite)
    with showing("export", len(read_questions(questions)), "questions") as show:
        summary = export_questions(request, show)
    _print_summary(summary, to)


def _print_summary(summary: "ExportSummary", target: str) -> None:
    from twnm_sim.cli.amounts import say_bytes, say_count

    typer.echo(
        f"{say_count(summary.questions, 'question')} about {say_count(summary.recordings, 'recording')} "
        f"in {summary.out}, {say_bytes(summary.bytes)}."
    )
    typer.echo(_NEXT[target].format(out=summary.out))


_NEXT = {
    "hf": 'Load it with datasets.load_dataset("{out}"), or upload the folder as it is.',
    "lmms-eval": "Run it with: lmms-eval --include_path {out} --tasks twnm_listening --model ...",
    "inspect": "Run it with: inspect eval {out}/twnm_listening.py@twnm_listening --model ...",
}
