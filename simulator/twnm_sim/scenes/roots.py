"""The root that the scenes of all splits share: who may change it, and the catalog their clips are from."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from twnm_schemas.errors import MismatchError
from twnm_schemas.splits import SPLITS
from twnm_shards.files import check_writable, disk_errors, sweep_partials
from twnm_shards.folders import describe_run, holds_run
from twnm_shards.locks import locked
from twnm_sim.clips.catalog import Catalog, read_catalog, write_catalog
from twnm_sim.clips.scan import list_specs, scan_listed
from twnm_sim.scenes.credits import PAGE_NAME, TABLE_NAME, write_attribution
from twnm_sim.scenes.finding import KIND, find_scene_folders
from twnm_sim.scenes.records import iter_credits

OnScan = Callable[[int, int], None]  # files done, and how many there are
CATALOG_NAME = "clips.parquet"
_SHARED = {TABLE_NAME, PAGE_NAME, CATALOG_NAME, "writable"}
_PATIENCE_S = 60.0  # others hold the root for as long as credits are read, or a first scan takes


@dataclass(frozen=True)
class Gathered:
    """Clips, and the file that workers read them from; `is_written` False: it has yet to take its place there."""

    path: Path
    catalog: Catalog
    is_written: bool = True

    def write(self) -> None:
        """Put the catalog where it belongs, unless it is there."""
        if not self.is_written:
            write_catalog(self.path, self.catalog.clips, self.catalog.rejections, self.catalog.specs)


@contextmanager
def holding(root: Path) -> Iterator[None]:
    """Hold what the runs in a root share, swept of what killed ones left half-written.

    Another run that holds it is waited for. Raises LockedError if that takes over a minute, StoreError where the root
    cannot be written.
    """
    check_writable(root)
    with disk_errors(root), locked(root, _PATIENCE_S):
        sweep_partials(root, _SHARED)
        yield


def credit_scenes(root: Path) -> Path:
    """Write whose work is in the finished scenes of all splits; the root must be held. The path of the table."""
    return write_attribution(root, (row for folder in find_scene_folders(root) for row in iter_credits(folder)))


def find_runs(root: Path, splits: Sequence[str] = SPLITS) -> list[Path]:
    """The folders of these splits that hold a run, finished or not."""
    return [folder for folder in (root / KIND / split for split in splits) if holds_run(folder)]


def gather_clips(
    root: Path,
    specs: tuple[str, ...],
    removed: Sequence[str],
    workers: int,
    on_scan: OnScan | None = None,
    default_license: str | None = None,
) -> Gathered:
    """The catalog that is named, or one of the specs in the root; `removed`: splits whose scenes the run overwrites.

    One that an earlier run of the same specs left there is used as it is, unless nothing that was made of it stays.
    Where there are scenes a new one is not written yet. Raises MismatchError where scenes that stay were made of other
    clips, and what `scan_clips` raises.
    """
    if len(specs) == 1 and specs[0].endswith(".parquet"):
        return Gathered(Path(specs[0]).resolve(), read_catalog(Path(specs[0])))
    path = root.resolve() / CATALOG_NAME
    named = (*specs, f"--license {default_license}") if default_license else specs
    staying = [split for split in SPLITS if split not in removed]
    stay = find_runs(root, staying)
    if path.is_file() and (stay or not removed):
        catalog = read_catalog(path)
        if catalog.specs == named:
            return Gathered(path, catalog)
        if stay:
            raise _say_mismatch(stay[0], f"the clips {' '.join(catalog.specs)}, not {' '.join(named)}")
    listed = replace(list_specs(specs, default_license), specs=named)
    on_progress = (lambda done: on_scan(done, listed.files)) if on_scan else None
    with holding(root):
        is_safe = not find_runs(root)
        catalog, _ = scan_listed(listed, path if is_safe else None, workers=workers, on_progress=on_progress)
        for folder in find_runs(root, staying):  # also those that began while we waited
            _require_made_of(folder, catalog)
    return Gathered(path, catalog, is_safe)


def _require_made_of(folder: Path, catalog: Catalog) -> None:
    settings = (describe_run(folder) or {}).get("settings")
    if isinstance(settings, dict) and settings.get("clips") != catalog.digest:
        raise _say_mismatch(folder, f"other clips than {' '.join(catalog.specs)}")


def _say_mismatch(folder: Path, difference: str) -> MismatchError:
    return MismatchError(
        f"{folder} was made of {difference}; compose into another folder, or start over with twnm-sim compose "
        "--overwrite."
    )
