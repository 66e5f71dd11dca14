"""From a room, a listener and sources to impulse responses: the whole story.

`render_brirs` is the public call. `RoomRenderer` keeps what the positions of one room share. Shapes: S sources,
C channels (binaural 2: left, right; foa 4: W, Y, Z, X; mono 1), K taps, N images, R rows of wall losses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.errors import AudioError, SpecError
from twnm_schemas.fingerprints import fingerprint
from twnm_schemas.geometry import rotation_matrix
from twnm_schemas.render import MAX_DURATION_S, Atmosphere
from twnm_schemas.rooms import Listener, Room
from twnm_shards.rng import rng_for
from twnm_sim.decay import response_length_s
from twnm_sim.hrtf.model import Hrtf
from twnm_sim.render.highpass import apply_highpass
from twnm_sim.render.images import Axis, Images, count_images, list_axes, list_images
from twnm_sim.render.late import split_shell
from twnm_sim.render.losses import WallBasis, air_hop, apply_air, apply_walls, find_wall_basis
from twnm_sim.render.receivers import Ears, Head, Microphone, Receiver, find_hrtf_error_deg, prepare_head
from twnm_sim.render.tail import (
    FADE_S,
    TailShape,
    add_tail,
    draw_noise,
    fade_out_images,
    mix_ears,
    mix_harmonics,
    mixing_time_s,
    shape_tail,
)
from twnm_sim.rooms import check_geometry, show_position
from twnm_sim.walls import walls_are_flat

Float = NDArray[np.floating]
OUTPUTS = ("binaural", "foa", "mono")
_IMAGES_AT_ONCE = 400_000  # bounds a worker's memory whatever the room
_BLOCK = 8192  # samples of the late field listed at once where no head has a say
_WALL_RING = 2048  # samples kept after an early part for its wall filters


class NotFiniteError(AudioError):
    """A response holds NaN or infinity."""


class SilentError(AudioError):
    """A response holds nothing: its sound arrives after its end."""


@dataclass(frozen=True)
class Rendered:
    """One source position: responses (C, K) by output, and the direct sound alone."""

    responses: dict[str, NDArray[np.float32]]
    direct: dict[str, NDArray[np.float32]]
    direct_start: int
    hrtf_error_deg: float


class RoomRenderer:
    """Renders the sources of one room. What they share (the tail's shape, the head) is computed once."""

    def __init__(
        self,
        room: Room,
        listener: Listener,
        head: Head | None,
        *,
        sample_rate: int,
        taps: int,
        tail: str = "diffuse",
        atmosphere: Atmosphere | None = None,
        highpass_hz: float = 20.0,
        outputs: Sequence[str] = ("binaural",),
    ) -> None:
        self.room, self.listener, self.head = room, listener, head
        self.sample_rate, self.taps, self.tail = sample_rate, taps, tail
        self.atmosphere = atmosphere or Atmosphere()
        self.highpass_hz, self.outputs = highpass_hz, tuple(outputs)
        self._rotation = np.array(rotation_matrix(listener.yaw_deg, listener.pitch_deg, listener.roll_deg))
        self._speed = self.atmosphere.speed_of_sound
        self._flat = walls_are_flat(room)
        self.mixing_s = mixing_time_s(room, self._speed)
        self._receivers: dict[str, Receiver] = {name: self._open_receiver(name) for name in self.outputs}
        self._shapes = self._shape_tails() if tail == "diffuse" else {}

    def _open_receiver(self, output: str) -> Receiver:
        if output == "binaural":
            if self.head is None:
                raise SpecError("Binaural output needs an HRTF; give one, or render foa or mono.")
            return Ears(self.head, self._rotation)
        return Microphone(1 if output == "foa" else 0, self._rotation)

    def _shape_tails(self) -> dict[str, TailShape]:
        arguments = (self.room, self.listener, self.atmosphere, self.sample_rate, self.taps)
        shapes = {}
        if "binaural" in self.outputs and self.head is not None:
            power = (self.head.field.power_CDF, self.head.table)
            shapes["binaural"] = shape_tail(*arguments, self._receivers["binaural"].latency_s, power)
        if {"foa", "mono"} & set(self.outputs):
            shapes["foa"] = shape_tail(*arguments, 0.0, None)
        return shapes

    def render(self, source: tuple[float, float, float], rng: Callable[[str], np.random.Generator]) -> Rendered:
        """The responses of one source. `rng(name)` gives the generator of a noise stream ("w", "y", "z", "x")."""
        whole = self.tail == "images"
        end_s = self.taps / self.sample_rate if whole else min(self.taps / self.sample_rate, self.mixing_s + FADE_S)
        axes = list_axes(self.room, source, self.listener.position_m, self._speed * end_s)
        responses = self._add_images(axes, end_s, faded=not whole)
        for name, response_CK in responses.items():
            if self.atmosphere.absorption:
                sounding = self.taps if whole else self._early_taps(end_s)
                latency_s = self._receivers[name].latency_s
                response_CK[:, :sounding] = apply_air(
                    response_CK[:, :sounding], self.sample_rate, self.atmosphere, latency_s
                )
        if not whole:
            self._add_tails(responses, rng)
        responses = {
            name: apply_highpass(response_CK, self.highpass_hz, self.sample_rate)
            for name, response_CK in responses.items()
        }
        return self._describe(source, responses)

    def _early_taps(self, end_s: float) -> int:
        ring = 0 if self._flat else _WALL_RING
        reach = self.head.phases.reach if self.head else 64
        return min(self.taps, int(np.ceil(end_s * self.sample_rate)) + reach + ring)

    def _add_images(self, axes: tuple[Axis, Axis, Axis], end_s: float, faded: bool) -> dict[str, NDArray[np.float32]]:
        responses = {
            name: np.zeros((receiver.channels, self.taps), np.float32) for name, receiver in self._receivers.items()
        }
        for first, last in self._blocks(end_s):
            basis, shells = self._open_block(axes, first, last)
            for near, far in shells:
                images = list_images(axes, near, far)
                weight_RN = images.gain_N[None] if basis is None else basis.weigh(images)
                if faded:
                    weight_RN = weight_RN * fade_out_images(images.distance_N / self._speed, self.mixing_s)
                delay_N = np.maximum(images.distance_N * (self.sample_rate / self._speed) - first, 0.0)
                for receiver in self._receivers.values():
                    receiver.add(images, delay_N, weight_RN)
            for name, receiver in self._receivers.items():
                self._close_block(receiver, basis, first, responses[name])
        return responses

    def _blocks(self, end_s: float) -> list[tuple[int, int]]:
        """Ranges of samples: the early part, then blocks that the late field's buffers can hold."""
        end = min(self.taps, int(np.ceil(end_s * self.sample_rate)))
        early = min(end, int(np.ceil((self.mixing_s + FADE_S) * self.sample_rate)))
        length = self.head.late.block if self.head else _BLOCK
        starts = [0, *range(early, end, length)]
        return list(zip(starts, [*starts[1:], end], strict=True))

    def _open_block(
        self, axes: tuple[Axis, Axis, Axis], first: int, last: int
    ) -> tuple[WallBasis | None, list[tuple[float, float]]]:
        near, far = (self._speed / self.sample_rate * sample for sample in (first, last))
        shells = list(split_shell(near, far, self.room.volume_m3, _IMAGES_AT_ONCE))
        basis = None if self._flat else find_wall_basis(axes, self._sample_images(axes, near, far, len(shells)))
        # the early part is exact: never through the late field's buffers
        expected = count_images(self.room, far) - count_images(self.room, near) if first > 0 else 0.0
        for receiver in self._receivers.values():
            receiver.begin(1 if basis is None else len(basis.magnitude_RM), last - first, expected)
        return basis, shells

    def _sample_images(self, axes: tuple[Axis, Axis, Axis], near: float, far: float, shells: int) -> Images:
        """The images of a shell, or, where they are too many at once, those of thin shells at both its ends."""
        if shells == 1:
            return list_images(axes, near, far)
        thin = (far - near) / (4.0 * shells)
        parts = list_images(axes, near, near + thin), list_images(axes, far - thin, far)
        return Images(*(np.concatenate([getattr(p, f) for p in parts]) for f in Images.__dataclass_fields__))

    def _close_block(
        self, receiver: Receiver, basis: WallBasis | None, first: int, response_CK: NDArray[np.float32]
    ) -> None:
        block_RCT = receiver.finish()
        start = first - receiver.lead
        if basis is None:
            block_CT = block_RCT[0]
        else:
            ring = _WALL_RING
            padded = np.pad(block_RCT, ((0, 0), (0, 0), (ring, ring)))
            block_CT, start = apply_walls(padded, basis, self.sample_rate), start - ring
        low, high = max(0, -start), min(block_CT.shape[1], self.taps - start)
        if high > low:
            response_CK[:, start + low : start + high] += block_CT[:, low:high]

    def _add_tails(self, responses: dict[str, NDArray[np.float32]], rng: Callable[[str], np.random.Generator]) -> None:
        """All outputs' tails from the same noise, so that they are one sound field."""
        frames = max((shape.gain_CMF.shape[1] for shape in self._shapes.values()), default=0)
        if frames == 0:
            return
        used = ["w"] if self.outputs == ("mono",) else ["w", "y", "z", "x"] if "foa" in self.outputs else ["w", "y"]
        bins = next(iter(self._shapes.values())).gain_CMF.shape[2]
        noise = {name: draw_noise(rng(name), frames, bins) for name in used}
        for name, response_CK in responses.items():
            shape = self._shapes["binaural" if name == "binaural" else "foa"]
            count = shape.gain_CMF.shape[1]
            if name == "binaural":
                assert self.head is not None
                spectra = mix_ears(shape, self.head.field.coherence_F, noise["w"][:count], noise["y"][:count])
            else:
                spectra = mix_harmonics(shape, [noise[name][:count] for name in used[: len(response_CK)]])
            add_tail(response_CK, shape, spectra, self.sample_rate)

    def _describe(self, source: tuple[float, float, float], responses: dict[str, NDArray[np.float32]]) -> Rendered:
        for name, response_CK in responses.items():
            if not np.isfinite(response_CK).all():
                raise NotFiniteError(
                    f"The {name} response of the source at {show_position(source)} holds NaN or infinity."
                )
            if not response_CK.any():
                raise SilentError(
                    f"The {name} response of the source at {show_position(source)} is silent: "
                    f"its sound arrives after the response's {self.taps / self.sample_rate:g} s; give more."
                )
        direct, start = self._render_direct(source)
        return Rendered(responses, direct, start, self.hrtf_error_deg(source))

    def _render_direct(self, source: tuple[float, float, float]) -> tuple[dict[str, NDArray[np.float32]], int]:
        """The direct sound alone, (C, T) by output, with its first sample's place in the response."""
        displacement = np.subtract(source, self.listener.position_m)
        distance = float(np.linalg.norm(displacement))
        arrival = distance / self._speed * self.sample_rate
        # in the windows of the air's filter that the whole response has, and with room for the high-pass to ring
        hop = air_hop(self.sample_rate)
        ring = min(round(self.sample_rate / max(self.highpass_hz, 10.0)), 8 * hop)
        lead = next(iter(self._receivers.values())).lead
        first_hop = (int(arrival) - lead - ring) // hop
        start = first_hop * hop
        length = int(arrival) - start + ring
        images = Images(
            displacement[None], np.array([distance]), np.array([1.0 / distance]), np.zeros((1, 3), np.int32)
        )
        delay_N = np.array([arrival - start - lead])
        direct = {}
        for name, receiver in self._receivers.items():
            receiver.begin(1, length, 0.0)
            receiver.add(images, delay_N, images.gain_N[None])
            direct_CT = receiver.finish()[0]
            if self.atmosphere.absorption:
                direct_CT = apply_air(direct_CT, self.sample_rate, self.atmosphere, receiver.latency_s, first_hop)
            direct[name] = apply_highpass(direct_CT, self.highpass_hz, self.sample_rate)
        return direct, start

    def hrtf_error_deg(self, source: tuple[float, float, float]) -> float:
        """The angle between the direct path and the measured direction that stands for it; 0 without a head."""
        return 0.0 if self.head is None else find_hrtf_error_deg(self.head, self.listener, source)


def render_brirs(
    room: Room,
    listener: Listener,
    sources: Sequence[tuple[float, float, float]],
    hrtf: Hrtf | None,
    *,
    sample_rate: int = 44100,
    duration_s: float | None = None,
    tail: str = "diffuse",
    air_absorption: bool | None = None,
    output: str = "binaural",
    atmosphere: Atmosphere | None = None,
    highpass_hz: float = 20.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Impulse responses (S, C, K) from each source position (world frame, metres) to the listener, float32 pressure.

    `tail`: "images" adds every image source to the end; "diffuse" adds them up to the mixing time (80 ms or more) and
    continues with shaped noise, drawn from `seed`, the room, the listener and the source. `duration_s` None is the full
    length (`decay.response_length_s`). `air_absorption` None leaves it to `atmosphere`, which has it on. `output`:
    "binaural", "foa" (AmbiX, turned with the head) or "mono"; `hrtf` may be None for the last two.
    Raises GeometryError for positions that cannot be, SpecError for settings that do not exist.
    """
    if output not in OUTPUTS:
        raise SpecError(f"There is no output {output!r}; choose one of {', '.join(OUTPUTS)}.")
    if tail not in ("images", "diffuse"):
        raise SpecError(f"There is no tail {tail!r}; choose images or diffuse.")
    if hrtf is not None and hrtf.sample_rate != sample_rate:
        raise SpecError(
            f"The HRTF is at {hrtf.sample_rate} Hz and the rendering at {sample_rate} Hz; "
            f"load it with load_hrtf(..., sample_rate={sample_rate})."
        )
    _check_settings(sources, duration_s, highpass_hz)
    check_geometry(room, listener, sources)
    atmosphere = atmosphere or Atmosphere()
    if air_absorption is not None:
        atmosphere = atmosphere.model_copy(update={"absorption": air_absorption})
    length_s = response_length_s(room, atmosphere) if duration_s is None else duration_s
    renderer = RoomRenderer(
        room,
        listener,
        prepare_head(hrtf) if hrtf is not None and output == "binaural" else None,
        sample_rate=sample_rate,
        taps=round(length_s * sample_rate),
        tail=tail,
        atmosphere=atmosphere,
        highpass_hz=highpass_hz,
        outputs=(output,),
    )
    place = fingerprint({"room": room, "listener": listener})
    return np.stack(
        [
            renderer.render(source, partial(rng_for, seed, "tail", place, fingerprint(list(source)))).responses[output]
            for source in ((float(x), float(y), float(z)) for x, y, z in sources)
        ]
    )


def _check_settings(sources: Sequence[Sequence[float]], duration_s: float | None, highpass_hz: float) -> None:
    if len(sources) == 0:
        raise SpecError("There are no sources to render; give at least one position.")
    if duration_s is not None and not 0.0 < duration_s <= MAX_DURATION_S:
        raise SpecError(f"A duration of {duration_s:g} s cannot be rendered; give up to {MAX_DURATION_S:g} s, or None.")
    if highpass_hz != 0.0 and not 1.0 <= highpass_hz <= 200.0:
        raise SpecError(f"A high-pass at {highpass_hz:g} Hz cannot be rendered; give 1 to 200 Hz, or 0 for none.")
