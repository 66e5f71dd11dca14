"""What a room response measures: reverberation, clarity, direct-to-reverberant ratio and interaural cues.

`measure_brir` gives the `Acoustics` of one response, `measure_brirs` those of a room's positions. `bands` holds the
octave filters, `decays` what is read from energy over time, `interaural` what is read from the pair of ears.
"""

from twnm_sim.measure.bands import octave_band_magnitude
from twnm_sim.measure.brir import measure_brir, measure_brirs
from twnm_sim.measure.curves import band_decay_db, find_onset_s
from twnm_sim.measure.images import DirectImage

__all__ = ["DirectImage", "band_decay_db", "find_onset_s", "measure_brir", "measure_brirs", "octave_band_magnitude"]
