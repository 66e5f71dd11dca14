"""Whether a run fits on its disk, asked before it starts."""

from pathlib import Path

from twnm_schemas.errors import StoreError
from twnm_shards.files import free_bytes
from twnm_shards.plans import Job

_MARGIN = 1.05  # of the predicted bytes


def require_space(folder: Path, job: Job, predicted_bytes: float, what: str, advice: str) -> None:
    """Raise StoreError where the disk cannot hold the run, counting what of it is there already.

    A shard is joined from units that stay until it is whole, so one shard more than the whole must fit.
    """
    shard = min(1.0, job.samples_per_shard / job.samples) * predicted_bytes
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    needed, free = _MARGIN * (predicted_bytes + shard) - there, free_bytes(folder)
    if needed > free:
        raise StoreError(
            f"{what} needs about {needed / 1e9:.1f} GB and the disk of {folder} has {free / 1e9:.1f} GB free; {advice}"
        )
