"""A record's acoustics measured again from the decoded audio.

The tolerances (`gates`) are under what a listener can tell (ISO 3382-1: 5 % of reverberation time, 1 dB of clarity) and
far over what 24 bits change: decoded audio differs from the rendered by 138 dB less than its peak.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.acoustics import Acoustics, BandAcoustics, BroadbandAcoustics
from twnm_schemas.records import SimulatedRoom, SimulatedSource
from twnm_sim.check.direct import DirectSound, direct_for_drr
from twnm_sim.check.gates import Value
from twnm_sim.measure import DirectImage, measure_brir

_RELATIVE = {"rt60_s": "rt60", "edt_s": "rt60"}
_ABSOLUTE = {"c50_db": "c50", "d50": "iacc", "iacc": "iacc", "drr_db": "drr", "ild_db": "ild", "direct_ild_db": "ild"}


def measure_again(
    response_CK: NDArray[np.float32], record: SimulatedRoom, source: SimulatedSource, direct: DirectSound | None
) -> Acoustics:
    """The acoustics of a decoded response as rendering measured them; without `direct` the DRR is not comparable."""
    image = None if direct is None else DirectImage(*direct_for_drr(direct))
    latency_s = record.hrtf.latency_s if "binaural" in record.outputs else 0.0
    onset_s = source.distance_m / record.speed_of_sound_m_s + latency_s
    return measure_brir(response_CK, record.sample_rate, onset_s=onset_s, direct_image=image)


def compare_acoustics(told: Acoustics, found: Acoustics, with_drr: bool, place: str) -> Iterator[Value]:
    """Deviations of all values that both have, and the share of values that only one of them has."""
    rows: list[tuple[BandAcoustics | BroadbandAcoustics, BandAcoustics | BroadbandAcoustics]]
    rows = [(told.broadband, found.broadband), *zip(told.bands, found.bands, strict=True)]
    compared = lost = 0
    for a, b in rows:
        for name in (*_RELATIVE, *_ABSOLUTE):
            if not hasattr(a, name) or (name == "drr_db" and not with_drr):
                continue
            before, after = getattr(a, name), getattr(b, name)
            compared += 1
            if (before is None) != (after is None):
                lost += 1
            elif before is not None:
                yield _deviation(name, before, after, place)
    yield Value("nulls", lost / compared, place)


def _deviation(name: str, told: float, found: float, place: str) -> Value:
    if name in _RELATIVE:
        return Value(_RELATIVE[name], 100.0 * abs(found / told - 1.0), place)
    return Value(_ABSOLUTE[name], abs(found - told), place)
