"""`twnm-sim plot`: one position of a library to a picture or a page."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from twnm_schemas.errors import SpecError
from twnm_shards.files import disk_errors, write_bytes
from twnm_sim.check.library import open_library
from twnm_sim.plots.audition import audition_uri
from twnm_sim.plots.canvas import data_uri, drawing, save_figure
from twnm_sim.plots.position import draw_position
from twnm_sim.plots.view import PositionView, find_room, load_view

KINDS = (".png", ".svg", ".html")


def plot_position(path: Path, room: int, source: int, out: Path | None = None, hrtf: str | None = None) -> Path:
    """Draw a position of the library at `path` and return where (`room-000017-s03.png` here by default).

    Raises SpecError for a room, a source or a kind of file that there is not, StoreError for what is no library.
    """
    out = out or Path(f"room-{room:06d}-s{source:02d}.png")
    check_picture(out)
    library = open_library(path)
    view = load_view(library, *find_room(library, room), source, hrtf)
    write_picture(out, draw_file(view, out.suffix.lower()[1:]))
    return out


def check_picture(out: Path) -> None:
    """Raise SpecError for a file that cannot be drawn, before any work is done for it."""
    if out.suffix.lower() not in KINDS:
        raise SpecError(f"{out} is no kind of picture that can be drawn; end it in {', '.join(KINDS)}.")
    if not out.parent.is_dir():
        raise SpecError(f"The folder {out.parent} is not there; make it or name another --out.")


def write_picture(out: Path, data: bytes) -> None:
    """Write the file, whole or not at all. Raises TwnmError where the disk fails."""
    with disk_errors(out.parent):
        write_bytes(out, data)


def fill_template(template: str, **values: object) -> bytes:
    """A page of this package's templates; every value is escaped."""
    environment = Environment(loader=PackageLoader("twnm_sim.plots", "."), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(template).render(**values).encode()


def draw_file(view: PositionView, kind: str) -> bytes:
    """The position as "png", "svg" or a self-contained "html"."""
    with drawing():
        if kind != "html":
            return save_figure(draw_position(view), kind)
        picture = data_uri("image/svg+xml", save_figure(draw_position(view), "svg"))
    return fill_template(
        "position.html.j2",
        name=f"{view.record.room_id} s{view.source.index:02d}",
        picture=picture,
        sound=audition_uri(view.response_CK, view.sample_rate),
    )
