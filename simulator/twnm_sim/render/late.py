"""The late field of `--tail images`: every image to the end, in blocks of time.

After the mixing time a response holds hundreds of thousands of images. They are placed, with their exact delay, into
one buffer a direction and the buffers are convolved with the HRIRs once a block. The exact nearest measured direction
is still looked up, then replaced by the nearest of a subset (`LATE_DIRECTIONS` at most, mirror images kept together):
every image's time and gain stay, what is coarser is the direction that a late reflection is coloured by. Blocks of few
images are added directly, which costs less and needs no subset.

Shapes: N images, G directions of the subset, R rows of wall losses, C ears, K taps, F bins.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from twnm_sim.compiled import compiled
from twnm_sim.render.fractional import STEPS, impulse_kernels

LATE_DIRECTIONS = 1200  # all that KEMAR and the spherical head have; at 400 a decay was off by 0.5 dB, 1.5 in mid-room
_SHORTEST_BLOCK = 1 << 13
_TAPS = 16


@dataclass(frozen=True)
class LateHead:
    """A head for the late field: `group_D` the subset's member for each direction, `spectrum_CGF` their HRIRs."""

    group_D: NDArray[np.int32]
    spectrum_CGF: NDArray[np.complex64]
    taps: int
    size: int

    @property
    def block(self) -> int:
        """Samples of a block's buffers, of `size` in all, that can be convolved without wrapping."""
        return self.size - self.taps - _TAPS

    def prefers_buffers(self, images: float) -> bool:
        """Whether a block of so many images is cheaper through buffers (a direction's transform costs 900 images)."""
        return bool(images * self.taps / 48.0 > 900.0 * self.spectrum_CGF.shape[1])


def build_late_head(hrirs_DCK: NDArray[np.float32], directions_D3: NDArray[np.floating]) -> LateHead:
    """The subset of a set, by farthest-point selection, and its transforms."""
    chosen = _select_spread(directions_D3, LATE_DIRECTIONS)
    x, y, z = directions_D3[chosen].round(9).T
    chosen = chosen[
        np.lexsort((y, np.abs(y), x, z))
    ]  # ties fall as in `nearest`: a mirrored scene to a mirrored choice
    cosine_DG = directions_D3 @ directions_D3[chosen].T
    size = max(_SHORTEST_BLOCK, 1 << int(np.ceil(np.log2(4 * hrirs_DCK.shape[-1]))))
    spectrum_GCF = scipy.fft.rfft(hrirs_DCK[chosen], size)
    return LateHead(
        np.argmax(np.round(cosine_DG, 9), axis=1).astype(np.int32),
        np.ascontiguousarray(spectrum_GCF.transpose(1, 0, 2)),
        hrirs_DCK.shape[-1],
        size,
    )


def _select_spread(directions_D3: NDArray[np.floating], most: int) -> NDArray[np.int64]:
    """Indices of a well-spread subset; where a direction's mirror image (y to -y) is in the set, both are taken."""
    if len(directions_D3) <= most:
        return np.arange(len(directions_D3))
    mirrored = directions_D3 * np.array([1.0, -1.0, 1.0])
    chosen: list[int] = []
    nearest_D = np.full(len(directions_D3), -2.0)  # cosine to the nearest chosen direction
    while len(chosen) < most:
        pick = int(np.argmin(np.round(nearest_D, 9)))
        twin = int(np.argmax(directions_D3 @ mirrored[pick]))
        pair = [pick, twin] if directions_D3[twin] @ mirrored[pick] > 1.0 - 1e-9 and twin != pick else [pick]
        for one in pair:
            chosen.append(one)
            nearest_D = np.maximum(nearest_D, directions_D3 @ directions_D3[one])
    return np.array(chosen)


def place_images(
    buffer_RGT: NDArray[np.float32],
    group_N: NDArray[np.int32],
    delay_N: NDArray[np.floating],
    weight_RN: NDArray[np.floating],
) -> None:
    """Add images to the buffers of a block, in place; `delay_N` counts from the block's first sample."""
    _place(impulse_kernels(_TAPS), buffer_RGT, group_N, delay_N, weight_RN)


def convolve_block(head: LateHead, buffer_RGT: NDArray[np.float32]) -> NDArray[np.float32]:
    """The two ears' response (R, 2, size) of one block's buffers; sample 0 is `BLOCK_LEAD` before the block's."""
    out = np.empty((len(buffer_RGT), 2, head.size), np.float32)
    for row, buffer_GT in enumerate(buffer_RGT):
        spectrum_CF = np.zeros((2, head.size // 2 + 1), np.complex64)
        _weigh(scipy.fft.rfft(buffer_GT), head.spectrum_CGF, spectrum_CF)
        out[row] = scipy.fft.irfft(spectrum_CF, head.size)
    return out


BLOCK_LEAD = _TAPS // 2 - 1


def empty_buffers(head: LateHead, rows: int) -> NDArray[np.float32]:
    """Buffers (R, G, size) of a block."""
    return np.zeros((rows, head.spectrum_CGF.shape[1], head.size), np.float32)


def split_shell(nearest_m: float, farthest_m: float, volume_m3: float, most: float) -> Iterator[tuple[float, float]]:
    """Ranges of distance that cover a shell, each expected to hold at most `most` images."""
    edges = max(1, int(np.ceil(4.0 / 3.0 * np.pi * (farthest_m**3 - nearest_m**3) / volume_m3 / most)))
    cubes = np.linspace(nearest_m**3, farthest_m**3, edges + 1)
    radii = [nearest_m, *np.cbrt(cubes[1:-1]).tolist(), farthest_m]
    yield from itertools.pairwise(radii)


@compiled
def _place(kernels, buffer_RGT, group_N, delay_N, weight_RN):  # type: ignore[no-untyped-def]  # compiled
    width = kernels.shape[1]
    for n in range(len(delay_N)):
        start = int(delay_N[n])
        kernel = kernels[int((delay_N[n] - start) * STEPS + 0.5)]
        for r in range(weight_RN.shape[0]):
            gain = np.float32(weight_RN[r, n])
            o = buffer_RGT[r, group_N[n], start : start + width]
            for t in range(width):
                o[t] += gain * kernel[t]


@compiled
def _weigh(buffer_GF, spectrum_CGF, out_CF):  # type: ignore[no-untyped-def]  # compiled
    for c in range(spectrum_CGF.shape[0]):
        for g in range(spectrum_CGF.shape[1]):
            for f in range(spectrum_CGF.shape[2]):
                out_CF[c, f] += buffer_GF[g, f] * spectrum_CGF[c, g, f]
