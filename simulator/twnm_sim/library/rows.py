"""A room's row of index.parquet: what people filter rooms by."""

from math import prod

from twnm_schemas.records import RoomRecord
from twnm_shards.manifests import Cell


def index_row(record: RoomRecord) -> dict[str, Cell]:
    """The row of a room, simulated or measured. `t_mid_s`: the median over its positions; null where unknown."""
    times = [source.acoustics.t_mid_s for source in record.sources]
    known = sorted(t for t in times if t is not None)
    return {
        "origin": record.origin,
        "name": record.name,
        "group": record.group,
        "split": record.split,
        "size_category": record.size_category,
        "absorption_class": record.absorption_class,
        "volume_m3": None if record.size_m is None else prod(record.size_m),
        "t_mid_s": known[len(known) // 2] if known else None,
        "sources": len(record.sources),
        "duration_s": record.duration_s,
        "hrtf": record.head,
        "license": record.license,
        "fingerprint": record.fingerprint,
    }
