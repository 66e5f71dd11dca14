"""Adding images up at the two ears, each through the HRIR of its own direction.

Shapes: N images, D directions, C = 2 ears, K taps of the response, R rows of loss weights (`losses.py`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twnm_sim.compiled import compiled
from twnm_sim.render.fractional import PHASES, blend_weights, shift_copies

_PAD = 17  # 16 samples for the ringing of the shifted copies, 1 for their blend


@dataclass(frozen=True)
class PhaseTable:
    """HRIRs in four shifted copies: `copies` (D, PHASES, 2, taps + 2 pad), float32."""

    copies: NDArray[np.float32]

    @property
    def directions(self) -> int:
        return int(self.copies.shape[0])

    @property
    def reach(self) -> int:
        """Samples that one image occupies after its first."""
        return int(self.copies.shape[-1])


def build_phase_table(hrirs_DCK: NDArray[np.float32]) -> PhaseTable:
    """The table of a set; four times the set's own size."""
    directions, ears, taps = hrirs_DCK.shape
    copies = shift_copies(hrirs_DCK.reshape(directions * ears, taps), _PAD)
    by_phase = copies.reshape(directions, ears, PHASES, -1).transpose(0, 2, 1, 3)
    return PhaseTable(np.ascontiguousarray(by_phase))


def add_binaural(
    table: PhaseTable,
    direction_N: NDArray[np.int32],
    delay_N: NDArray[np.floating],
    weight_RN: NDArray[np.floating],
    taps: int,
) -> NDArray[np.float32]:
    """The responses (R, 2, taps) of images that arrive `delay_N` samples after emission.

    One row for each row of weights. Images are added direction by direction, which reads the table once and fixes the
    order of summation; what falls outside [0, taps) is dropped.
    """
    order_N = _sort_by_direction(direction_N, table.directions)
    out = np.zeros((len(weight_RN), 2, _PAD + taps + table.reach), np.float32)
    _add(table.copies, blend_weights(), order_N, direction_N, delay_N, weight_RN, taps, out)
    return out[:, :, _PAD : _PAD + taps]


@compiled
def _sort_by_direction(direction_N, directions):  # type: ignore[no-untyped-def]  # compiled
    """A stable counting sort."""
    first = np.zeros(directions + 1, np.int64)
    for d in direction_N:
        first[d + 1] += 1
    for d in range(directions):
        first[d + 1] += first[d]
    order_N = np.empty(len(direction_N), np.int64)
    for n in range(len(direction_N)):
        d = direction_N[n]
        order_N[first[d]] = n
        first[d] += 1
    return order_N


@compiled
def _add(copies, blends, order_N, direction_N, delay_N, weight_RN, taps, out):  # type: ignore[no-untyped-def]  # compiled
    phases, width = copies.shape[1], copies.shape[3] - 2
    steps = blends.shape[0] - 1
    for i in range(len(order_N)):
        n = order_N[i]
        start = int(np.floor(delay_N[n]))
        if start >= taps or start < 0:
            continue
        position = (delay_N[n] - start) * phases
        phase = min(int(position), phases - 1)
        step = int((position - phase) * steps + 0.5)
        d = direction_N[n]
        p0, s0 = (phase - 1, 1) if phase > 0 else (phases - 1, 2)
        p2, s2 = (phase + 1, 1) if phase + 1 < phases else (phase + 1 - phases, 0)
        p3, s3 = (phase + 2, 1) if phase + 2 < phases else (phase + 2 - phases, 0)
        for r in range(weight_RN.shape[0]):
            gain = np.float32(weight_RN[r, n])
            w0, w1 = gain * blends[step, 0], gain * blends[step, 1]
            w2, w3 = gain * blends[step, 2], gain * blends[step, 3]
            for ear in range(2):
                a = copies[d, p0, ear, s0 : s0 + width]
                b = copies[d, phase, ear, 1 : 1 + width]
                c = copies[d, p2, ear, s2 : s2 + width]
                e = copies[d, p3, ear, s3 : s3 + width]
                o = out[r, ear, start + 1 : start + 1 + width]
                for t in range(width):
                    o[t] += w0 * a[t] + w1 * b[t] + w2 * c[t] + w3 * e[t]
