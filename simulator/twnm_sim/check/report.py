"""What a check found, as data: the table of gates, distributions, counts. The same library gives the same report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twnm_schemas.manifests import Manifest
from twnm_schemas.records import MeasuredRoom, RoomRecord
from twnm_schemas.render import RenderSpec
from twnm_sim.check.gates import Verdict
from twnm_sim.check.library import Place
from twnm_sim.check.records import Tally
from twnm_sim.check.tails import THIRD_OCTAVES_HZ, CoherenceSum, Floats
from twnm_sim.hrtf.model import Hrtf


@dataclass(frozen=True)
class Example:
    """A position that the report shows and plays."""

    place: Place
    source: int
    name: str


@dataclass(frozen=True)
class Distribution:
    """How a quantity is shown: its key, title, unit, and fixed bins (None: 24 from the least to the largest)."""

    name: str
    title: str
    unit: str
    edges: tuple[float, ...] | None = None


def _steps(low: int, high: int, step: int) -> tuple[float, ...]:
    return tuple(float(edge) for edge in range(low, high + 1, step))


DISTRIBUTIONS = (
    Distribution("t_mid_s", "Reverberation time (t_mid)", "s"),
    Distribution("drr_db", "Direct-to-reverberant ratio", "dB"),
    Distribution("c50_db", "Clarity C50", "dB"),
    Distribution("distance_m", "Distance", "m"),
    Distribution("azimuth_deg", "Azimuth", "degrees", _steps(0, 360, 15)),
    Distribution("elevation_deg", "Elevation", "degrees", _steps(-90, 90, 10)),
    Distribution("lateral_deg", "Lateral angle", "degrees", _steps(-90, 90, 10)),
    Distribution("duration_s", "Length of response, by room", "s"),
)
RATIO = Distribution("rt60_eyring", "Measured t_mid over Eyring's", "")
_BINS = 24


@dataclass(frozen=True)
class Report:
    """Everything that a report says or draws."""

    manifest: Manifest
    tally: Tally
    verdicts: tuple[Verdict, ...]
    rooms_heard: int
    positions_heard: int
    pooled: CoherenceSum
    theory_O: Floats | None
    hrtf: Hrtf | None
    spec: RenderSpec
    first: RoomRecord | None
    ratios: list[float]
    examples: tuple[Example, ...]

    @property
    def passed(self) -> bool:
        """Whether no gate failed."""
        return all(verdict.status != "fail" for verdict in self.verdicts)

    def column(self, distribution: Distribution) -> Sequence[float]:
        """The values of a distribution."""
        return self.ratios if distribution is RATIO else self.tally.columns[distribution.name]


def describe(report: Report) -> dict[str, Any]:
    """The report as JSON: no time, host, path or worker count is in it."""
    manifest = report.manifest
    return {
        "kind": "twnm-check-1",
        "passed": report.passed,
        "library": {
            "fingerprint": manifest.fingerprint,
            "seed": manifest.seed,
            "rooms": report.tally.rooms,
            "positions": report.tally.positions,
            "hours": _round(report.tally.hours),
            "rooms_heard": report.rooms_heard,
            "positions_heard": report.positions_heard,
            "settings": manifest.settings,
        },
        "versions": {version.name: version.value for version in manifest.versions},
        "hrtf": None
        if report.first is None or report.first.hrtf is None
        else report.first.hrtf.model_dump(mode="json"),
        "measured": _describe_measured(report.first),
        "gates": [describe_verdict(verdict) for verdict in report.verdicts],
        "distributions": {d.name: describe_distribution(d, report) for d in (*DISTRIBUTIONS, RATIO)},
        "classes": [
            {"size_category": size, "absorption_class": absorption, "rooms": count}
            for (size, absorption), count in sorted(report.tally.classes.items())
        ],
        "flags": dict(sorted(report.tally.flags.items())),
        "rejections": {count.reason: count.count for count in manifest.rejections},
        "coherence": _describe_coherence(report),
    }


def _describe_measured(first: RoomRecord | None) -> dict[str, str] | None:
    """Of a library of measured rooms, where its first one comes from."""
    if not isinstance(first, MeasuredRoom):
        return None
    return {"name": first.name, "citation": first.citation, "license": first.license, "source_url": first.source_url}


def describe_verdict(verdict: Verdict) -> dict[str, Any]:
    """One gate of the report."""
    gate = verdict.gate
    return {
        "name": gate.name,
        "part": gate.part,
        "sentence": gate.sentence,
        "unit": gate.unit,
        "limit": gate.limit,
        "status": verdict.status,
        "count": verdict.count,
        "worst": verdict.worst,
        "p95": verdict.p95,
        "median": verdict.median,
        "worst_at": verdict.place,
        "note": verdict.note,
    }


def describe_distribution(distribution: Distribution, report: Report) -> dict[str, Any]:
    """A histogram and its quantiles; of no values, nulls and no bins."""
    values = np.array(report.column(distribution))
    nulls = report.tally.nulls.get(distribution.name, 0)
    if not values.size:
        return {"unit": distribution.unit, "count": 0, "nulls": nulls, "edges": [], "counts": [], "quantiles": {}}
    edges = bin_edges(distribution, values)
    quantiles = {
        name: _round(float(np.quantile(values, q)))
        for name, q in (("min", 0.0), ("p05", 0.05), ("median", 0.5), ("p95", 0.95), ("max", 1.0))
    }
    return {
        "unit": distribution.unit,
        "count": int(values.size),
        "nulls": nulls,
        "edges": [_round(float(edge)) for edge in edges],
        "counts": np.histogram(values, edges)[0].tolist(),
        "quantiles": quantiles,
    }


def bin_edges(distribution: Distribution, values: Floats) -> Floats:
    """The edges of a histogram."""
    if distribution.edges is not None:
        return np.array(distribution.edges)
    return np.histogram_bin_edges(values, _BINS)


def _describe_coherence(report: Report) -> list[dict[str, Any]]:
    found_O = report.pooled.coherence()
    theory = [None] * len(found_O) if report.theory_O is None else [_round(float(x)) for x in report.theory_O]
    if report.pooled.tails == 0:
        return []
    return [
        {"centre_hz": _round(float(hz)), "measured": _round(float(found)), "theory": told}
        for hz, found, told in zip(THIRD_OCTAVES_HZ, found_O, theory, strict=True)
    ]


def _round(value: float) -> float:
    return float(f"{value:.6g}")
