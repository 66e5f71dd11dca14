"""The HRTF set as the renderer sees it."""

# D directions, C ears (0 left, 1 right), K taps, 3 coordinates

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twnm_schemas import HrtfInfo


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: prepared heads are cached by it
class Hrtf:
    """Head-related impulse responses by direction; every array is read-only.

    `hrirs_DCK`: float32 (directions, 2 ears, taps) at `sample_rate`, as measured: nothing aligned, normalised or
    truncated. `directions_D3`: float64 unit vectors in the listener frame (x forward, y left, z up), distinct.
    `solid_angles_D`: float64, the steradians nearest to each direction; they sum to 4 pi. `onsets_s_DC`: float64
    (directions, 2), when each measured response first reaches a tenth of its own peak (`measures.find_onsets`).
    """

    info: HrtfInfo
    hrirs_DCK: NDArray[np.float32]
    directions_D3: NDArray[np.float64]
    solid_angles_D: NDArray[np.float64]
    onsets_s_DC: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.hrirs_DCK, self.directions_D3, self.solid_angles_D, self.onsets_s_DC):
            array.flags.writeable = False

    @property
    def sample_rate(self) -> int:
        return self.info.sample_rate

    @property
    def taps(self) -> int:
        return self.info.taps

    @property
    def onset_s(self) -> float:
        """The earliest onset of any direction and ear in seconds."""
        return float(self.onsets_s_DC.min())
