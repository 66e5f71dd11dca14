"""What walls do to sound at every frequency.

An absorption table gives seven octave bands; between their centres the loss is linear in dB over log frequency, outside
them constant. Shapes: S = 6 surfaces, B octave bands or places between them, F frequencies.
"""

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_schemas.rooms import Room

Float = NDArray[np.floating]
_FULLY = 1e-4  # energy that a surface absorbing all of one band, but not of others, is taken to reflect there: -40 dB
_NEVER = 1e-300  # a surface that absorbs everything: 0 after one hit, and not NaN after none


def walls_are_flat(room: Room) -> bool:
    """Whether every surface absorbs the same in all octave bands."""
    return all(min(bands) == max(bands) for bands in room.absorption)


def log_reflection(room: Room) -> Float:
    """ln sqrt(1 - alpha), the amplitude reflection per surface and octave band (S, B).

    A band that a surface absorbs whole has no dB to interpolate from; unless the surface absorbs everything, 40 dB
    are put in its place.
    """
    alpha_SB = np.asarray(room.absorption)
    everything_S1 = np.all(alpha_SB >= 1.0, axis=1, keepdims=True)
    return np.asarray(0.5 * np.log(np.maximum(1.0 - alpha_SB, np.where(everything_S1, _NEVER, _FULLY))))


def octave_place(frequency_F: Float) -> Float:
    """Octaves above 125 Hz, held within the seven bands: 0 is 125 Hz and below, 6 is 8 kHz and above."""
    octaves_F = np.log2(np.maximum(frequency_F, 1.0) / OCTAVE_CENTRES_HZ[0])
    return np.asarray(np.clip(octaves_F, 0.0, len(OCTAVE_CENTRES_HZ) - 1.0))


def interpolate_octaves(place_F: Float, log_gain_AB: Float) -> Float:
    """Log gains (A, B) of octave bands at places between them (F,): (A, F)."""
    return np.stack([np.interp(place_F, np.arange(log_gain_AB.shape[1]), row_B) for row_B in log_gain_AB])
