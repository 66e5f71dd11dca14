"""What a sound is like, in a few numbers: enough to tell its class, far too little to know it by heart."""

import numpy as np

RATE = 44_100
BANDS_HZ = ((0, 300), (300, 1_200), (1_200, 4_800), (4_800, 22_050))
BEATS_HZ = ((0.5, 1), (1, 2), (2, 4), (4, 8), (8, 16), (16, 32), (32, 50))


def features_of(sound: np.ndarray) -> np.ndarray:
    """Where its energy lies, how tonal it is, how sudden, how steady, and at what rates it beats: (18,)."""
    frames = np.square(sound[: len(sound) // 441 * 441].reshape(-1, 441)).mean(1)
    levels = 10.0 * np.log10(frames / frames.max() + 1e-6)
    rises = 100.0 * ((np.diff(levels) > 6.0) & (levels[1:] > -25.0)).sum() / len(levels)
    steadiness = np.array([np.log(rises + 0.3), levels.std(), (levels > -20.0).mean()])
    return np.concatenate([_spectral(sound), steadiness, [np.log(np.abs(sound).max() / sound.std())], _beats(frames)])


def _spectral(sound: np.ndarray) -> np.ndarray:
    blocks = sound[: len(sound) // 1024 * 1024].reshape(-1, 1024) * np.hanning(1024)
    powers = np.square(np.abs(np.fft.rfft(blocks, axis=1)))
    hz, mean = np.fft.rfftfreq(1024, 1.0 / RATE), powers.sum(0) / powers.sum()
    shares = [mean[(hz >= low) & (hz < high)].sum() for low, high in BANDS_HZ]
    loud = powers[powers.sum(1) > 1e-3 * powers.sum(1).max(), 3:400]
    flat = np.log(np.exp(np.log(loud + 1e-12).mean(1)) / (loud.mean(1) + 1e-12)).mean()
    peaked = np.log(loud.max(1) / (loud.sum(1) + 1e-12)).mean()
    return np.array([np.log((mean * hz).sum()), *np.log(np.array(shares) + 1e-3), flat, peaked])


def _beats(frames: np.ndarray) -> np.ndarray:
    envelope = np.sqrt(frames)
    powers = np.square(np.abs(np.fft.rfft(envelope - envelope.mean(), 2048))) / (2048.0 * frames.sum())
    hz = np.fft.rfftfreq(2048, 0.01)
    return np.log(np.array([powers[(hz >= low) & (hz < high)].sum() for low, high in BEATS_HZ]) + 1e-4)
