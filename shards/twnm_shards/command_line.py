"""The one place where a command line meets errors."""

import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from twnm_schemas.errors import TwnmError
from twnm_shards.files import GO_ON

INTERRUPTED = 130
PACKAGE = "twnm"


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"{PACKAGE} {version(PACKAGE)}")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit.")
]


def run_app(app: Callable[[], object]) -> NoReturn:
    """Run a typer app and exit with its code.

    A `TwnmError` is printed as one sentence and exits with its own code; Ctrl-C says that nothing is lost and exits
    with 130. Anything else is a bug and shows its traceback.
    """
    try:
        app()
    except TwnmError as error:
        _say(f"error: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _exit_interrupted()
    except SystemExit as stop:
        if _was_interrupted(stop):
            _exit_interrupted()
        raise
    sys.exit(0)


def _was_interrupted(error: BaseException | None) -> bool:
    # typer turns Ctrl-C into an exit of its own; what it began as is in the chain.
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _exit_interrupted() -> NoReturn:
    _say(f"stopped: {GO_ON}")
    sys.exit(INTERRUPTED)


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
