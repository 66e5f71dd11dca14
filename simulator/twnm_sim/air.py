"""Absorption of sound by air, ISO 9613-1:1993."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_REFERENCE_PRESSURE_KPA = 101.325
_REFERENCE_K = 293.15
_TRIPLE_POINT_K = 273.16


def air_absorption_db_per_m(
    freq_hz: ArrayLike, temperature_c: float = 20.0, humidity_percent: float = 50.0, pressure_kpa: float = 101.325
) -> NDArray[np.float64]:
    """Pure-tone attenuation in dB per metre at each frequency, by ISO 9613-1:1993.

    Formula (5) for the attenuation, (3) and (4) for the relaxation frequencies of oxygen and nitrogen, (B.1) to (B.3)
    of annex B for the molar concentration of water vapour. The standard claims 10 % from -20 to 50 degrees Celsius,
    molar concentrations of 0.05 to 5 %, below 200 kPa and from 4e-4 to 10 Hz/Pa (40 Hz to 1 MHz at sea level).
    """
    frequency = np.asarray(freq_hz, dtype=np.float64)
    kelvin = temperature_c + 273.15
    pressure = pressure_kpa / _REFERENCE_PRESSURE_KPA
    warmth = kelvin / _REFERENCE_K
    vapour = water_vapour_percent(temperature_c, humidity_percent, pressure_kpa)
    oxygen_hz = pressure * (24.0 + 4.04e4 * vapour * (0.02 + vapour) / (0.391 + vapour))
    nitrogen_hz = pressure * warmth**-0.5 * (9.0 + 280.0 * vapour * np.exp(-4.170 * (warmth ** (-1.0 / 3.0) - 1.0)))
    classical = 1.84e-11 / pressure * warmth**0.5
    oxygen = 0.01275 * np.exp(-2239.1 / kelvin) / (oxygen_hz + frequency**2 / oxygen_hz)
    nitrogen = 0.1068 * np.exp(-3352.0 / kelvin) / (nitrogen_hz + frequency**2 / nitrogen_hz)
    return np.asarray(8.686 * frequency**2 * (classical + warmth**-2.5 * (oxygen + nitrogen)))


def water_vapour_percent(temperature_c: float, humidity_percent: float, pressure_kpa: float) -> float:
    """The molar concentration of water vapour in per cent, ISO 9613-1 annex B, formulae (B.1) to (B.3)."""
    exponent = -6.8346 * (_TRIPLE_POINT_K / (temperature_c + 273.15)) ** 1.261 + 4.6151
    saturation_ratio = 10.0**exponent
    return float(humidity_percent * saturation_ratio / (pressure_kpa / _REFERENCE_PRESSURE_KPA))
