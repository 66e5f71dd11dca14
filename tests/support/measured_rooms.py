"""A rendered room, written as others publish measured ones: the truth of every import is known."""

import csv
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import sofar
import soundfile

from twnm_schemas.geometry import direction_of, rotation_matrix, to_listener_frame
from twnm_schemas.render import Atmosphere
from twnm_schemas.rooms import Listener, Room
from twnm_shards.rng import rng_for
from twnm_sim.hrtf import load_hrtf
from twnm_sim.render.brirs import RoomRenderer
from twnm_sim.render.receivers import prepare_head

SIZE_M = (5.6, 4.4, 2.9)
HEAD_M = (2.9, 2.2, 1.5)
YAWS_DEG = (0.0, 90.0, 205.0)
SOURCES_M = ((4.4, 2.9, 1.5), (3.1, 3.6, 1.9), (2.2, 1.2, 1.2), (1.4, 2.5, 1.5))
EARS = np.array([[0.0, 0.09, 0.0], [0.0, -0.09, 0.0]])
_LEFT_OUT = (
    *("EmitterView", "EmitterUp", "EmitterDesc", "ReceiverView", "ReceiverUp", "ReceiverDesc"),
    *("RoomT", "RoomV", "Meas"),
)
LICENSE = "Creative Commons (CC-BY). Visit http://creativecommons.org/licenses/by/4.0/ for details"


@dataclass(frozen=True)
class Truth:
    """`brirs_MECK`: for each turn of the head and each source; `angles_ME4`: azimuth, elevation, lateral, distance."""

    brirs_MECK: np.ndarray
    angles_ME4: np.ndarray
    rate: int


@lru_cache(maxsize=2)
def render_truth(rate: int = 44100) -> Truth:
    """A room of about 0.35 s, rendered for every turn of the head."""
    head = prepare_head(load_hrtf("kemar", rate))
    room = Room(size_m=SIZE_M, absorption=0.3)
    brirs, angles = [], []
    for yaw in YAWS_DEG:
        listener = Listener(position_m=HEAD_M, yaw_deg=yaw)
        renderer = RoomRenderer(
            room, listener, head, sample_rate=rate, taps=round(0.5 * rate), tail="diffuse", atmosphere=Atmosphere()
        )
        for number, source in enumerate(SOURCES_M):
            rendered = renderer.render(source, lambda name, s=number, y=yaw: rng_for(0, "truth", s, int(y), name))
            brirs.append(rendered.responses["binaural"])
            local = to_listener_frame(rotation_matrix(yaw), tuple(np.subtract(source, HEAD_M).tolist()))
            found = direction_of(local)
            angles.append((found.azimuth_deg, found.elevation_deg, found.lateral_deg, found.distance_m))
    shape = (len(YAWS_DEG), len(SOURCES_M))
    return Truth(np.array(brirs, float).reshape(*shape, 2, -1), np.array(angles).reshape(*shape, 4), rate)


def views(yaws_deg=YAWS_DEG):
    """Where heads look (M, 3)."""
    turn = np.radians(yaws_deg)
    return np.stack([np.cos(turn), np.sin(turn), np.zeros(len(turn))], axis=1)


def write_sofa(path: Path, sofa) -> Path:
    """Write also what sofar no longer writes by its front door: MultiSpeakerBRIR, which most published files are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sofa.verify(mode="read")
        sofar.io._write_sofa(str(path), sofa, 4, verify=False)
    return path


def make_sofa(convention: str, **values):
    """A SOFA object with texts that every file has, and values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sofa = sofar.Sofa(convention)
    for name in [name for name in vars(sofa) if name.startswith(_LEFT_OUT)]:
        sofa.delete(name)
    texts = {"GLOBAL_License": LICENSE, "GLOBAL_References": "A. Author, A room, 2020", "GLOBAL_Title": "A room"}
    for name, value in {**texts, "GLOBAL_ListenerShortName": "KEMAR", **values}.items():
        setattr(sofa, name, value)
    return sofa


def multi_speaker(truth: Truth, **values):
    """Loudspeakers are emitters, each turn of the head a measurement."""
    count = len(SOURCES_M)
    given = {
        "Data_IR": truth.brirs_MECK.transpose(0, 2, 1, 3),
        "Data_SamplingRate": truth.rate,
        "Data_Delay": np.zeros((1, 2, count)),
        "ReceiverPosition": EARS,
        "ListenerPosition": np.array([HEAD_M]),
        "ListenerView": views(),
        "SourcePosition": np.zeros((1, 3)),
        "SourcePosition_Type": "cartesian",
        "SourcePosition_Units": "metre",
        "EmitterPosition": np.array(SOURCES_M),
    }
    return make_sofa("MultiSpeakerBRIR", **{**given, **values})


def single_source(truth: Truth, **values):
    """One loudspeaker that was moved: each measurement has a source and a turn of the head, poses interleaved."""
    turns, count = truth.brirs_MECK.shape[:2]
    rows = [(m, e) for e in range(count) for m in range(turns)]
    given = {
        "Data_IR": np.array([truth.brirs_MECK[m, e] for m, e in rows]),
        "Data_SamplingRate": truth.rate,
        "Data_Delay": np.zeros((1, 2)),
        "ReceiverPosition": np.array([[90.0, 0.0, 0.09], [270.0, 0.0, 0.09]]),
        "ListenerPosition": np.array([HEAD_M] * len(rows)),
        "ListenerView": np.array([views()[m] for m, _ in rows]),
        "SourcePosition": np.array([SOURCES_M[e] for _, e in rows]),
        "GLOBAL_RoomShortName": "Studio 3",
    }
    return make_sofa("SingleRoomSRIR", **{**given, **values})


def many_inputs(truth: Truth, **values):
    """A turned rig of loudspeakers: emitters are given, spherical, in the frame of a source that looks along +y."""
    centre = np.array([3.0, 2.0, 1.0])
    local_E3 = (np.array(SOURCES_M) - centre) @ np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    radius_E = np.linalg.norm(local_E3, axis=1)
    azimuth_E = np.degrees(np.arctan2(local_E3[:, 1], local_E3[:, 0])) % 360.0
    turns = len(truth.brirs_MECK)
    given = {
        "Data_IR": truth.brirs_MECK.transpose(0, 2, 3, 1),
        "Data_SamplingRate": truth.rate,
        "Data_Delay": np.zeros((1, 2, 1)),
        "ReceiverPosition": EARS,
        "ReceiverPosition_Type": "cartesian",
        "ReceiverPosition_Units": "metre",
        "ListenerPosition": np.array([HEAD_M] * turns),
        "ListenerView": views(),
        "SourcePosition": np.array([centre] * turns),
        "SourceView": np.array([[0.0, 1.0, 0.0]]),
        "RoomCornerB": np.array([SIZE_M]),
        "EmitterPosition": np.stack([azimuth_E, np.degrees(np.arcsin(local_E3[:, 2] / radius_E)), radius_E], axis=1),
    }
    return make_sofa("SingleRoomMIMOSRIR", **{**given, **values})


CONVENTIONS = {"MultiSpeakerBRIR": multi_speaker, "SingleRoomSRIR": single_source, "SingleRoomMIMOSRIR": many_inputs}


def write_folder(folder: Path, truth: Truth) -> Path:
    """The same as stereo files with a table of positions."""
    folder.mkdir(parents=True)
    rows = []
    for m, e in np.ndindex(truth.brirs_MECK.shape[:2]):
        name = f"turn{m}_speaker{e}.wav"
        soundfile.write(folder / name, truth.brirs_MECK[m, e].T, truth.rate, subtype="FLOAT")
        azimuth, elevation, _, distance = truth.angles_ME4[m, e]
        rows.append([name, azimuth, elevation, distance, "Studio 3", f"turn {m}"])
    with (folder / "positions.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "azimuth_deg", "elevation_deg", "distance_m", "room", "pose"])
        table.writerows(rows)
    return folder
