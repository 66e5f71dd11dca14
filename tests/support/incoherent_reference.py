"""What a decay is on average: the energies of all images added, each weighted by its own HRIR's power.

Arrivals are gathered in bins of 16 samples by direction; a bin's spectrum of power is then one matrix product, with the
air of its distance, and the octave filters weigh that spectrum. Frequency-dependent walls are followed at four nodes an
octave. Shapes: N images, D directions, W bins of time, F frequencies, B octave bands, C ears.
"""

import numpy as np
from reference_renderer import (
    air_nepers,
    decay_db,
    find_nearest_directions,
    list_reference_images,
    log_wall_gains,
    octave_power,
)

from twnm_schemas import Atmosphere
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ

BIN = 16  # samples
_SIZE = 2048  # power spectra of up to 1,024 taps are sampled without loss


class IncoherentSum:
    """Adds positions up; `hrtf` None is an omnidirectional microphone."""

    def __init__(self, room, hrtf, sample_rate, taps, *, air, atmosphere=None):
        self.room, self.hrtf, self.rate = room, hrtf, sample_rate
        self.bins = -(-taps // BIN)
        self.atmosphere = atmosphere or Atmosphere()
        self.speed = self.atmosphere.speed_of_sound
        self.frequency_F = np.fft.rfftfreq(_SIZE, 1.0 / sample_rate)
        self.air_F = air_nepers(self.frequency_F, self.atmosphere) if air else np.zeros(len(self.frequency_F))
        flat = all(min(bands) == max(bands) for bands in room.absorption)
        self.node_hz = np.array([1000.0]) if flat else 125.0 * 2.0 ** (np.arange(25) / 4.0)
        directions = len(hrtf.directions_D3) if hrtf else 1
        self.energy_PWD = np.zeros((len(self.node_hz), self.bins, directions))

    def add(self, listener, source):
        """One position's images."""
        farthest_m = self.speed * self.bins * BIN / self.rate
        displacement_N3, hits_NS = list_reference_images(self.room, source, listener, farthest_m)
        distance_N = np.linalg.norm(displacement_N3, axis=1)
        directions = self.energy_PWD.shape[2]
        nearest_N = find_nearest_directions(displacement_N3, listener, self.hrtf) if self.hrtf else 0
        place_N = (distance_N * (self.rate / self.speed / BIN)).astype(int) * directions + nearest_N
        log_SP = 2.0 * log_wall_gains(self.room, self.node_hz)
        for node, log_S in enumerate(log_SP.T):
            energy_N = np.exp(hits_NS @ log_S) / distance_N**2
            self.energy_PWD[node] += np.bincount(place_N, energy_N, self.bins * directions).reshape(-1, directions)

    def octave_energies(self):
        """Energy by octave and bin (B, W), spread over time as the HRIRs spread it."""
        power_WF = self._power()
        metres_W = (np.arange(self.bins) + 0.5) * BIN * self.speed / self.rate
        power_WF = power_WF * np.exp(-2.0 * np.outer(metres_W, self.air_F))
        octave_BF = np.stack([octave_power(self.frequency_F, centre) for centre in OCTAVE_CENTRES_HZ])
        energy_BW = octave_BF @ power_WF.T * (2.0 / _SIZE)
        if self.hrtf is None:
            return energy_BW
        return np.stack([self._spread(e_W, o_F) for e_W, o_F in zip(energy_BW, octave_BF, strict=True)])

    def _power(self):
        """Power spectrum (W, F) before the air: between nodes the logarithm is interpolated, as the walls' loss is."""
        power_DF = np.ones((1, len(self.frequency_F)))
        if self.hrtf is not None:
            power_DF = np.sum(np.abs(np.fft.rfft(self.hrtf.hrirs_DCK.astype(float), _SIZE)) ** 2, axis=1)
        if len(self.node_hz) == 1:
            return self.energy_PWD[0] @ power_DF
        place_F = 4.0 * np.clip(np.log2(np.maximum(self.frequency_F, 1.0) / 125.0), 0.0, 5.9999999)
        low_F = place_F.astype(int)
        power_WF = np.empty((self.bins, len(self.frequency_F)))
        for node in np.unique(low_F):
            mine = low_F == node
            below, above = (np.maximum(self.energy_PWD[n] @ power_DF[:, mine], 1e-300) for n in (node, node + 1))
            power_WF[:, mine] = below * (above / below) ** (place_F[mine] - node)
        return power_WF

    def _spread(self, energy_W, octave_F):
        """Convolve with the mean energy over time of the octave-filtered HRIRs."""
        band_DCT = np.fft.irfft(np.fft.rfft(self.hrtf.hrirs_DCK[::5].astype(float), _SIZE) * np.sqrt(octave_F))
        before = _SIZE // 2  # the zero-phase filter rings before, which the transform puts at its end
        shape_T = np.roll(np.sum(band_DCT**2, axis=(0, 1)), before)
        shape_V = shape_T.reshape(-1, BIN).sum(axis=1)
        # a bin's images arrive anywhere in it: half a bin on average, so half stays and half falls into the next
        shape_V = np.convolve(shape_V / shape_V.sum(), (0.5, 0.5))
        full = np.convolve(energy_W, shape_V)
        return full[before // BIN : before // BIN + self.bins]


def compare_decays(energy_K, reference_W, floor_db=-40.0):
    """Largest difference in dB of two backward-integrated curves where the reference lies above `floor_db`."""
    energy_W = np.add.reduceat(energy_K, np.arange(0, len(energy_K), BIN))[: len(reference_W)]
    ours_W, theirs_W = decay_db(energy_W), decay_db(reference_W[: len(energy_W)])
    difference_W = (ours_W - theirs_W)[theirs_W > floor_db]
    return float(difference_W[np.argmax(np.abs(difference_W))])
