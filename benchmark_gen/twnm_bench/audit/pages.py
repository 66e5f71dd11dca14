"""An audit on disk: as JSON, and as one page that needs no script and no request."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from twnm_bench.audit.verdicts import Audit, Guess, Verdict
from twnm_bench.items import Item
from twnm_schemas.errors import StoreError
from twnm_shards.files import disk_errors, write_bytes, write_json

_SHOWN = 10  # offenders of a gate that the page quotes


def write_audit(
    audit: Audit, json_path: Path | None = None, html_path: Path | None = None, items: Iterable[Item] = ()
) -> None:
    """Write what was found; of `items` the page quotes those that a gate names.

    The same audit gives the same bytes. Raises StoreError where the place cannot be written.
    """
    if json_path is not None:
        with _writing(json_path):
            write_json(json_path, audit.model_dump(mode="json"))
    if html_path is not None:
        page = render_page(audit, items).encode()
        with _writing(html_path):
            write_bytes(html_path, page)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    with disk_errors(path.parent, read_only_is=StoreError):
        try:
            yield
        except (PermissionError, FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            reason = (error.strerror or "it cannot be").lower()
            raise StoreError(f"{path} cannot be written ({reason}); choose another place.") from error


def render_page(audit: Audit, items: Iterable[Item] = ()) -> str:
    """The HTML of an audit."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("twnm_bench.audit", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    quoted = {item.id: item for item in items}
    return environment.get_template("audit.html.j2").render(
        audit=audit,
        counts=count_statuses(audit.verdicts),
        named=[(verdict, _quote(verdict, quoted)) for verdict in audit.verdicts if verdict.offenders],
        baselines=list(dict.fromkeys(guess.baseline for guess in audit.guesses)),
        guesses=_lay_out(audit.guesses),
        places=max(len(row.counts) for row in audit.positions),
        say=say_number,
    )


def count_statuses(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many gates came out how."""
    found = [verdict.status for verdict in verdicts]
    return {status: found.count(status) for status in ("pass", "fail", "not checked")}


def say_number(value: float) -> str:
    """Three significant digits; whole numbers whole."""
    return f"{value:.0f}" if value == int(value) else f"{value:.3g}"


def _quote(verdict: Verdict, items: dict[str, Item]) -> list[tuple[str, Item | None]]:
    return [(item_id, items.get(item_id)) for item_id in verdict.offenders[:_SHOWN]]


def _lay_out(guesses: Iterable[Guess]) -> dict[str, dict[str, Guess]]:
    """By task, by baseline."""
    table: dict[str, dict[str, Guess]] = {}
    for guess in guesses:
        table.setdefault(guess.task, {})[guess.baseline] = guess
    return table
