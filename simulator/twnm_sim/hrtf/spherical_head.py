"""HRIRs of a rigid sphere with ears at the ends of the interaural axis, after Duda and Martens (1998).

R. O. Duda and W. L. Martens, "Range dependence of the response of a spherical head model", JASA 104(5), 3048-3058:
equation (4), the limit of a far source. The pressure on the sphere over that at its centre without it is
H(mu, theta) = 1/mu^2 sum_m (-i)^(m-1) (2m + 1) P_m(cos theta) / h_m'(mu), mu = omega a / c, theta the angle between
the ear and the source, h_m the spherical Hankel function of the first kind. Their time runs as exp(-i omega t); ours is
its conjugate.
"""

# D directions, U distinct angles of incidence, F frequency bins, K taps, M orders

import numpy as np
from numpy.typing import NDArray

from twnm_sim.hrtf.grid import unit_vectors

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
RADIUS_M = 0.0875
SPEED_OF_SOUND = 343.0
DELAY_S = 0.001  # from the arrival at the head's centre, had it been away, to time zero of a response
DURATION_S = 0.0058  # 256 taps at 44.1 kHz
STEP_DEG = 6.0
_TAPER_FROM = 0.9  # of Nyquist; from there a half cosine goes to zero, so that fractional delays ring briefly
_OVERSIZE = 4  # transform length over response length, so that what rings does not wrap into it


def spherical_head_directions() -> Floats:
    """About 1,200 unit vectors (D, 3) every 6 degrees: mirror-symmetric, with both poles and the six axes."""
    azimuths, elevations = [0.0, 0.0], [-90.0, 90.0]
    for elevation in np.arange(-90.0 + STEP_DEG, 90.0, STEP_DEG):
        count = max(4, 4 * round(360.0 / STEP_DEG * np.cos(np.radians(elevation)) / 4.0))
        azimuths += [360.0 * k / count for k in range(count)]
        elevations += [float(elevation)] * count
    return unit_vectors(np.array(azimuths), np.array(elevations))


def spherical_head_hrirs(directions_D3: Floats, sample_rate: int) -> Floats:
    """Responses (D, 2, K) to a far source, level 1 at low frequencies.

    Time zero is 1 ms (`DELAY_S`) before the sound would pass the head's centre: the nearer ear hears it up to a/c =
    0.26 ms before that millisecond is over, the farther one up to 0.4 ms after. Flat to 0.9 of Nyquist.
    """
    cosines, place = np.unique(np.round(directions_D3[:, 1], 12), return_inverse=True)
    taps = round(DURATION_S * sample_rate)
    length = _OVERSIZE * taps
    frequencies = np.asarray(np.fft.rfftfreq(length, 1.0 / sample_rate), dtype=np.float64)
    transfer_UF = sphere_transfer(cosines, frequencies) * np.exp(-2j * np.pi * frequencies * DELAY_S)
    responses_UK = np.fft.irfft(transfer_UF * _taper(frequencies, sample_rate), length, axis=-1)[:, :taps]
    mirrored = np.searchsorted(cosines, -cosines)  # the right ear at y hears what the left ear hears at -y
    return np.stack([responses_UK[place], responses_UK[mirrored[place]]], axis=1)


def sphere_transfer(cosines_U: Floats, frequencies_hz: Floats) -> Complexes:
    """Transfer functions (U, F), exp(+i omega t), from free field at the centre to the sphere's surface."""
    mu_F = 2.0 * np.pi * np.maximum(frequencies_hz, 1e-3) * RADIUS_M / SPEED_OF_SOUND
    orders_M = np.arange(int(1.3 * mu_F.max()) + 30)
    weights_MF = _order_weights(orders_M, mu_F)
    from scipy.special import eval_legendre

    legendre_UM = eval_legendre(orders_M[None, :], cosines_U[:, None])
    transfer: Complexes = np.conj(legendre_UM @ weights_MF)
    return transfer


def _order_weights(orders_M: NDArray[np.int_], mu_F: Floats) -> Complexes:
    """(-i)^(m-1) (2m + 1) / (mu^2 h_m'(mu)); zero where h_m' overflows, which is where the term vanishes."""
    from scipy.special import spherical_jn, spherical_yn

    m, mu = orders_M[:, None], mu_F[None, :]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        slope = spherical_jn(m, mu, derivative=True) + 1j * spherical_yn(m, mu, derivative=True)
        weights = (-1j) ** ((m - 1) % 4) * (2 * m + 1) / (mu**2 * slope)
    weights[~np.isfinite(weights)] = 0.0
    return np.asarray(weights, dtype=np.complex128)


def _taper(frequencies_hz: Floats, sample_rate: int) -> Floats:
    position = (frequencies_hz / (sample_rate / 2.0) - _TAPER_FROM) / (1.0 - _TAPER_FROM)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip(position, 0.0, 1.0)))
