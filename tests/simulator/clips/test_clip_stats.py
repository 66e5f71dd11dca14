"""A catalog in numbers, against counts made by hand."""

import pytest
from clip_files import make_clip

from twnm_sim.clips.catalog import Catalog
from twnm_sim.clips.stats import DURATION_EDGES_S, Share, name_duration, summarise

HOUR = 3600.0
CATALOG = Catalog(
    (
        make_clip("a:1", duration_s=HOUR, labels=("bell", "chime"), group="g"),
        make_clip("a:2", duration_s=0.25, labels=("bell",), group="g"),
        make_clip("b:1", duration_s=1.0, labels=(), split="test", license="CC-BY-4.0"),
    ),
    {"silent": 1, "clipped": 4},
)


def test_counts_and_hours() -> None:
    stats = summarise(CATALOG)
    short, one = 0.25 / HOUR, 1.0 / HOUR
    assert stats.total == Share(3, pytest.approx(1.0 + short + one))
    assert stats.datasets == {"a": Share(2, pytest.approx(1.0 + short)), "b": Share(1, one)}
    assert stats.splits == {
        "train": Share(2, pytest.approx(1.0 + short)),
        "validation": Share(0, 0.0),
        "test": Share(1, one),
    }
    assert stats.groups == {"train": 1, "validation": 0, "test": 1}
    assert stats.licenses == {"CC0-1.0": Share(2, pytest.approx(1.0 + short)), "CC-BY-4.0": Share(1, one)}
    assert stats.labels == {"bell": Share(2, pytest.approx(1.0 + short)), "": Share(1, one), "chime": Share(1, 1.0)}
    assert list(stats.labels) == ["bell", "", "chime"]
    assert {name: share.clips for name, share in stats.durations.items() if share.clips} == {
        "under 0.5 s": 1,
        "1-2 s": 1,
        "60 s and over": 1,
    }
    assert list(stats.rejections.items()) == [("clipped", 4), ("silent", 1)]
    assert stats.digest == CATALOG.digest


def test_a_duration_on_an_edge_belongs_to_the_longer_class() -> None:
    assert name_duration(0.4999) == "under 0.5 s"
    assert [name_duration(edge) for edge in DURATION_EDGES_S[:2]] == ["0.5-1 s", "1-2 s"]
    assert name_duration(DURATION_EDGES_S[-1]) == "60 s and over"
