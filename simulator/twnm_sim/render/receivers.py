"""Who hears the images: two ears, or an Ambisonic microphone where the head is.

A receiver takes the images of one block of time after another. `begin` opens a block, `add` is called once or more with
images, `finish` returns what the block sounds like. Shapes: N images, R rows of wall losses, C channels, T samples.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.geometry import angle_between, rotation_matrix, to_listener_frame
from twnm_schemas.rooms import Listener
from twnm_sim.hrtf.model import Hrtf
from twnm_sim.render.ambisonics import add_impulses, spherical_harmonics
from twnm_sim.render.binaural import PhaseTable, add_binaural, build_phase_table
from twnm_sim.render.images import Images
from twnm_sim.render.late import (
    BLOCK_LEAD,
    LateHead,
    build_late_head,
    convolve_block,
    empty_buffers,
    place_images,
)
from twnm_sim.render.nearest import DirectionTable, build_direction_table
from twnm_sim.render.tail import DiffuseField, diffuse_field

Float = NDArray[np.floating]
_LEAD = 64  # samples before a block that its sound may reach into


@dataclass(frozen=True, eq=False)
class Head:
    """An HRTF set made ready for rendering; build it once a process with `prepare_head`."""

    hrtf: Hrtf
    table: DirectionTable
    phases: PhaseTable
    field: DiffuseField
    late: LateHead


@lru_cache(maxsize=2)
def prepare_head(hrtf: Hrtf) -> Head:
    """Look-up table, shifted copies, diffuse field and late subset of a set (the last two sets are kept)."""
    return Head(
        hrtf,
        build_direction_table(hrtf.directions_D3),
        build_phase_table(hrtf.hrirs_DCK),
        diffuse_field(hrtf.hrirs_DCK, hrtf.solid_angles_D, hrtf.sample_rate),
        build_late_head(hrtf.hrirs_DCK, hrtf.directions_D3),
    )


def find_hrtf_error_deg(head: Head, listener: Listener, source: tuple[float, float, float]) -> float:
    """The angle between a source's direct path and the measured direction nearest to it."""
    rotation = rotation_matrix(listener.yaw_deg, listener.pitch_deg, listener.roll_deg)
    x, y, z = (s - p for s, p in zip(source, listener.position_m, strict=True))
    vector = to_listener_frame(rotation, (x, y, z))
    index = int(head.table.find(np.array([vector]))[0])
    nx, ny, nz = head.hrtf.directions_D3[index].tolist()
    return angle_between(vector, (nx, ny, nz))


class Receiver(Protocol):
    """What the renderer asks of a receiver."""

    channels: int
    latency_s: float
    lead: int  # samples by which a finished block begins before its own first sample

    def begin(self, rows: int, taps: int, expected: float) -> None: ...

    def add(self, images: Images, delay_N: Float, weight_RN: Float) -> None: ...

    def finish(self) -> NDArray[np.float32]: ...


class Ears:
    """Two ears: through the phase table, or, where a block is crowded, through the late subset's buffers."""

    channels = 2
    lead = _LEAD

    def __init__(self, head: Head, rotation: Float) -> None:
        self._head, self._rotation = head, rotation
        self.latency_s = head.hrtf.info.latency_s
        self._direct: NDArray[np.float32] | None = None
        self._buffers: NDArray[np.float32] | None = None
        self._taps = 0

    def begin(self, rows: int, taps: int, expected: float) -> None:
        self._taps = taps
        crowded = taps <= self._head.late.block and self._head.late.prefers_buffers(expected)
        self._buffers = empty_buffers(self._head.late, rows) if crowded else None
        length = _LEAD + taps + self._head.phases.reach
        self._direct = None if crowded else np.zeros((rows, 2, length), np.float32)

    def add(self, images: Images, delay_N: Float, weight_RN: Float) -> None:
        direction_N = self._head.table.find_turned(images.displacement_N3, self._rotation)
        if self._buffers is not None:
            place_images(self._buffers, self._head.late.group_D[direction_N], delay_N, weight_RN)
        elif self._direct is not None:
            length = self._direct.shape[-1]
            self._direct += add_binaural(self._head.phases, direction_N, delay_N + _LEAD, weight_RN, length)

    def finish(self) -> NDArray[np.float32]:
        if self._buffers is None:
            assert self._direct is not None
            return self._direct
        block_RCT = convolve_block(self._head.late, self._buffers)
        shift = _LEAD - BLOCK_LEAD
        return np.pad(block_RCT, ((0, 0), (0, 0), (shift, 0)))


class Microphone:
    """An Ambisonic microphone of the given order, turned with the head; order 0 is an omnidirectional one."""

    latency_s = 0.0
    lead = _LEAD

    def __init__(self, order: int, rotation: Float) -> None:
        self.channels = (order + 1) ** 2
        self._order, self._rotation = order, rotation
        self._sum = np.zeros((0, 0, 0), np.float32)

    def begin(self, rows: int, taps: int, expected: float) -> None:
        self._sum = np.zeros((rows, self.channels, taps + 2 * _LEAD), np.float32)

    def add(self, images: Images, delay_N: Float, weight_RN: Float) -> None:
        vectors_N3 = images.displacement_N3 @ self._rotation / images.distance_N[:, None]
        weight_CN = np.ascontiguousarray(spherical_harmonics(self._order, vectors_N3).T)
        self._sum += add_impulses(weight_CN, delay_N + _LEAD, weight_RN, self._sum.shape[-1])

    def finish(self) -> NDArray[np.float32]:
        return self._sum
