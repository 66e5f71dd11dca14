"""What the options say that every run into a folder of shards has: where, how many workers, and what to do with a run
that is there."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twnm_shards.folders import Mode

PANEL = "Where and how"
Workers = Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="all cores", rich_help_panel=PANEL)]
Resume = Annotated[bool, typer.Option("--resume", help="Only go on with a run that is there.", rich_help_panel=PANEL)]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Remove the run that is there and start anew.", rich_help_panel=PANEL)
]


class SplitChoice(StrEnum):
    """Which split is made."""

    all = "all"
    train = "train"
    validation = "validation"
    test = "test"


def local_folder(out: str) -> Path:
    """The folder that --out names. Raises SpecError for a URL."""
    from twnm_schemas.errors import SpecError

    if "://" in out:
        raise SpecError(
            f"--out {out} is a URL, and this command writes to a local folder; write to one and send it with "
            "twnm-shards publish."
        )
    return Path(out)


def choose_mode(resume: bool, overwrite: bool) -> "Mode":
    """What --resume and --overwrite ask. Raises SpecError for both."""
    from twnm_schemas.errors import SpecError

    if resume and overwrite:
        raise SpecError("--resume and --overwrite exclude each other; give one of them.")
    return "resume" if resume else "overwrite" if overwrite else "continue"


def choose_workers(workers: int | None) -> int:
    """As many processes as --workers says, or as there are cores. Raises SpecError for none."""
    from twnm_schemas.errors import SpecError
    from twnm_sim.library.run import count_cores

    if workers is not None and workers < 1:
        raise SpecError(f"--workers {workers} is not a number of processes; give 1 or more.")
    return workers or count_cores()
