"""`twnm-sim clips scan` and `twnm-sim clips stats`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from twnm_sim.clips.scan import Refusal
    from twnm_sim.clips.stats import Share, Stats

app = typer.Typer(help="Make and describe catalogs of dry clips.", no_args_is_help=True)

_SPEC_HELP = (
    "KIND:PLACE?OPTION=VALUE (fsd50k, clotho, musiccaps, emilia, esc50, esc10, folder, hf, builtin, espeak), a folder, "
    "or a catalog made before."
)
_LABELS_SHOWN = 20


@app.command("scan")
def scan(
    specs: Annotated[list[str], typer.Argument(metavar="SPEC...", help=_SPEC_HELP, show_default=False)],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The catalog to write.")] = Path("clips.parquet"),
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="by cores")] = None,
    license: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(metavar="SPDX", help="Licence of clips whose own is not known.", show_default=False)
    ] = None,
    license_profile: Annotated[
        str | None,
        typer.Option(
            metavar="PROFILE",
            help="Leave out what open, research-nc or recipe does not take.",
            show_default="all are listed",
        ),
    ] = None,
    min_rate: Annotated[int, typer.Option(min=1000, metavar="HZ", help="Lowest sample rate of a clip.")] = 16000,
    rejected: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV of what was rejected and why.", show_default=False)
    ] = None,
) -> None:
    """List the clips of datasets, look into each file, and write what may be used to a catalog.

    A scan that was stopped goes on when it is called again.
    """
    from twnm_shards.progress import showing
    from twnm_sim.clips.probe import Limits
    from twnm_sim.clips.scan import list_specs, scan_listed
    from twnm_sim.clips.stats import summarise

    listed = list_specs(specs, license, license_profile)
    with showing("scan", listed.files, "files") as show:
        catalog, refusals = scan_listed(
            listed, out, workers=workers, limits=Limits(min_sample_rate=min_rate), on_progress=show
        )
    if rejected:
        _write_refusals(rejected, refusals)
    _print_tables(out, summarise(catalog), _LABELS_SHOWN)


@app.command("stats")
def stats(
    catalog: Annotated[Path, typer.Argument(metavar="CATALOG", help="A catalog that clips scan wrote.")],
    json: Annotated[bool, typer.Option("--json", help="All numbers as JSON.")] = False,
    labels: Annotated[int, typer.Option(min=0, help="How many labels to show.")] = _LABELS_SHOWN,
) -> None:
    """Say what a catalog holds: clips and hours by dataset, split, licence, duration, label; and what was rejected."""
    from dataclasses import asdict

    from twnm_shards.files import json_bytes
    from twnm_sim.clips.catalog import read_catalog
    from twnm_sim.clips.stats import summarise

    summary = summarise(read_catalog(catalog))
    if json:
        typer.echo(json_bytes(asdict(summary)).decode(), nl=False)
    else:
        _print_tables(catalog, summary, labels)


def _write_refusals(path: Path, refusals: "tuple[Refusal, ...]") -> None:
    import csv
    import io

    from twnm_shards.files import write_bytes

    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("clip_id", "reason", "sentence"))
    writer.writerows((refusal.clip_id, refusal.reason, refusal.sentence) for refusal in refusals)
    write_bytes(path, text.getvalue().encode())


def _print_tables(path: Path, stats: "Stats", labels: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "clips", "hours", title=f"{path}", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, clips, hours in _rows(stats, labels):
        table.add_row(name, clips, hours)
    console = Console(markup=False, highlight=False)
    console.print(table)
    if len(stats.labels) > labels:
        console.print(f"and {len(stats.labels) - labels} more labels")
    console.print(f"digest {stats.digest[:16]}")


def _rows(stats: "Stats", labels: int) -> "Iterator[tuple[str, str, str]]":
    yield _row("all", stats.total)
    for title, shares in (("dataset", stats.datasets), ("split", stats.splits), ("licence", stats.licenses)):
        yield from (_row(f"{title}: {name}", share) for name, share in shares.items())
    yield from (_row(f"lasting {name}", share) for name, share in stats.durations.items() if share.clips)
    yield from (_row(f"label: {name or '-'}", share) for name, share in _first(stats.labels, labels))
    yield from ((f"rejected: {reason}", f"{count}", "") for reason, count in stats.rejections.items())


def _first(shares: "Mapping[str, Share]", count: int) -> "list[tuple[str, Share]]":
    return list(shares.items())[:count]


def _row(name: str, share: "Share") -> tuple[str, str, str]:
    return name, f"{share.clips}", f"{share.hours:.2f}"
