"""What can be checked of a measured room: its angles agree, its audio is whole, its labels come out again, it is heard
on the right side. There is no simulation to compare the sound itself with.
"""

from collections.abc import Iterator

from twnm_schemas.geometry import direction_of, unit_vector
from twnm_schemas.records import MeasuredRoom, SourcePosition
from twnm_shards.tars import Sample
from twnm_sim.check.decoding import Audio, decode_position
from twnm_sim.check.gates import Value
from twnm_sim.check.records import compare_direction, name_place
from twnm_sim.check.remeasure import compare_acoustics
from twnm_sim.listening import localise_lateral
from twnm_sim.measure import find_onset_s, measure_brir

NOT_SIMULATED = "measured rooms: there is no simulation to compare them with"
NO_POSITIONS = "measured rooms whose files tell no positions"
NEED_POSITIONS = ("azimuth", "elevation", "distance")
NEED_SIMULATION = (
    *("clearance", "rt60_theory", "hrtf_error", "coverage", "dc"),
    *("direct_onset", "direct_level", "direct_itd", "direct_ild", "early", "coherence", "decay", "rt60_eyring"),
)
HEARD_S = 0.1  # of a response for the classical listener: it goes by onsets
HEARD_SIDES = (15.0, 60.0)  # degrees of lateral angle at which sides are clear and time differences still grow


def check_measured(record: MeasuredRoom) -> Iterator[Value]:
    """What can be told from a record alone: that angles and distances agree with positions, else with each other."""
    for source in record.sources:
        place = name_place(record.room_id, source.index)
        if record.listener is not None and source.position_m is not None:
            yield from compare_direction(record.listener, source.position_m, source, place)
        else:
            lateral_deg = direction_of(unit_vector(source.azimuth_deg, source.elevation_deg)).lateral_deg
            yield Value("lateral", abs(source.lateral_deg - lateral_deg), place)


def inspect_measured(sample: Sample, record: MeasuredRoom) -> list[Value]:
    """A measured room's audio against its record."""
    values: list[Value] = []
    for source in record.sources:
        response_CK = decode_position(sample, record, source, values).get("binaural")
        if response_CK is not None:
            place = name_place(record.room_id, source.index)
            found = measure_brir(response_CK, record.sample_rate)
            values += compare_acoustics(source.acoustics, found, True, place)
            values += _listen(response_CK, record.sample_rate, source, place)
    return values


def _listen(response_CK: Audio, rate: int, source: SourcePosition, place: str) -> Iterator[Value]:
    """By Woodworth's sphere: whose head it was is not known well enough for a table of its own."""
    if not is_heard_aside(source):
        return
    stop = round((find_onset_s(response_CK, rate) + HEARD_S) * rate)
    heard = localise_lateral(response_CK[:, :stop], rate)
    yield Value("side", float(heard.lateral_deg * source.lateral_deg < 0.0), place)
    yield Value("lateral_heard", abs(heard.lateral_deg - source.lateral_deg), place)


def is_heard_aside(source: SourcePosition) -> bool:
    """Whether a listener can be asked for the side: the direct sound is the louder part, and clearly to one side."""
    drr_db = source.acoustics.broadband.drr_db
    low, high = HEARD_SIDES
    return drr_db is not None and drr_db > 0.0 and low <= abs(source.lateral_deg) <= high
