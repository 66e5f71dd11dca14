"""Small valid BRIR samples: real records, real FLAC, made-up acoustics."""

import numpy as np

from twnm_schemas.acoustics import Acoustics, BandAcoustics, BroadbandAcoustics
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_schemas.records import HrtfInfo, RoomRecord, Scale, SourcePosition
from twnm_schemas.rooms import Listener
from twnm_schemas.splits import split_of
from twnm_shards.contents import CHANNELS, flac_name
from twnm_shards.flac import encode_flac
from twnm_shards.jobs import Job, Produce, Produced
from twnm_shards.rng import rng_for

SAMPLE_RATE = 44100
TAPS = 500
SOURCES = 2
OUTPUTS = ("binaural", "mono")


def room_job(samples: int = 5) -> Job:
    return Job("brirs", samples, 2, 2, {"rooms": samples}, "rooms", 3, ())


def make_rooms() -> Produce:
    return produce_room


def produce_room(index: int) -> Produced:
    """A room with `SOURCES` sources in `OUTPUTS`, its audio noise."""
    key = f"room-{index:06d}"
    members: list[tuple[str, bytes]] = []
    scales: list[dict[str, float]] = []
    for source in range(SOURCES):
        scales.append({})
        for output in OUTPUTS:
            audio_CT = rng_for(3, index, source, output).standard_normal((CHANNELS[output], TAPS)).astype(np.float32)
            data, scales[source][output] = encode_flac(audio_CT, SAMPLE_RATE)
            members.append((flac_name(source, output), data))
    record = make_record(key, scales).model_dump_json().encode()
    return Produced(key, (("json", record), *members), {"sources": SOURCES}, ())


def make_record(room_id: str, scales: list[dict[str, float]]) -> RoomRecord:
    return RoomRecord(
        room_id=room_id,
        origin="simulated",
        name="",
        license="CC0-1.0",
        citation="",
        source_url="",
        group=room_id,
        split=split_of(room_id),
        size_m=(5.0, 4.0, 3.0),
        absorption=((0.3,) * 7,) * 6,
        size_category="custom",
        absorption_class="custom",
        materials=(),
        listener=Listener(position_m=(2.0, 2.0, 1.5)),
        head="none",
        hrtf=_HEAD,
        rt60_theory_s=(0.3,) * 7,
        sources=tuple(_make_source(index, scale) for index, scale in enumerate(scales)),
        outputs=OUTPUTS,
        sample_rate=SAMPLE_RATE,
        duration_s=TAPS / SAMPLE_RATE,
        tail="images",
        mixing_time_s=None,
        speed_of_sound_m_s=343.0,
        air_absorption=False,
        temperature_c=20.0,
        humidity_percent=50.0,
        pressure_kpa=101.325,
        highpass_hz=20.0,
        rejections=(),
        versions=(),
        seed=3,
        fingerprint="rooms",
    )


_HEAD = HrtfInfo(
    name="none",
    sha256="",
    license="CC0-1.0",
    citation="",
    source_url="",
    directions=1,
    taps=1,
    sample_rate=SAMPLE_RATE,
    measured_sample_rate=SAMPLE_RATE,
    measured_distance_m=None,
    lowest_elevation_deg=-90.0,
    latency_s=0.0,
    diffuse_gain_db=0.0,
)
_NULLS = dict.fromkeys(("rt60_s", "edt_s", "c50_db", "d50", "drr_db", "iacc", "itd_us", "ild_db"))


def _make_source(index: int, scale: dict[str, float]) -> SourcePosition:
    return SourcePosition(
        index=index,
        position_m=(3.0, 2.0, 1.5),
        azimuth_deg=0.0,
        elevation_deg=0.0,
        distance_m=1.0,
        lateral_deg=0.0,
        hrtf_error_deg=0.0,
        acoustics=Acoustics(
            t_mid_s=None,
            broadband=BroadbandAcoustics(**_NULLS, rt60_range="", direct_itd_us=None, direct_ild_db=None),
            bands=tuple(BandAcoustics(**_NULLS, rt60_range="", centre_hz=centre) for centre in OCTAVE_CENTRES_HZ),
            drr_method="images",
            flags=(),
        ),
        scale=Scale(binaural=scale.get("binaural"), foa=scale.get("foa"), mono=scale.get("mono")),
    )
