"""One room, in a worker: drawn, rendered, measured, encoded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from math import dist

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.acoustics import Acoustics
from twnm_schemas.base import NameValue
from twnm_schemas.errors import HrtfError, SpecError
from twnm_schemas.fingerprints import fingerprint
from twnm_schemas.geometry import direction_of, rotation_matrix, to_listener_frame
from twnm_schemas.records import HrtfInfo, Scale, SimulatedRoom, SimulatedSource
from twnm_schemas.render import RenderSpec
from twnm_schemas.rooms import Listener, Triple
from twnm_schemas.splits import Split, split_of
from twnm_shards.flac import encode_flac
from twnm_shards.rng import rng_for
from twnm_shards.units import Produce, Produced
from twnm_sim.decay import response_length_s, rt60_eyring
from twnm_sim.hrtf.load import load_hrtf
from twnm_sim.library.rows import index_row
from twnm_sim.measure import DirectImage, measure_brir
from twnm_sim.render.brirs import NotFiniteError, Rendered, RoomRenderer, SilentError
from twnm_sim.render.receivers import Head, find_hrtf_error_deg, prepare_head
from twnm_sim.rooms import Layout, draw_layout, is_near_field

HRTF_COVERAGE_DEG = 7.5  # a direct path farther from every measured direction is not this head's
OUTSIDE_COVERAGE = "outside_hrtf_coverage"
AFTER_END = "direct_sound_after_end"
_LEAST_AFTER_ONSET_S = 0.005  # of a response with a set duration that must follow the direct sound's onset
_EXTENSIONS = {"binaural": "flac", "foa": "foa.flac", "mono": "mono.flac"}
_ROOM_TRIES = 20
_DC_SHARE = 1e-2  # of the response's energy x length, that a mean may have after the high-pass


@dataclass(frozen=True)
class Recipe:
    """What a worker needs to make any room of a library.

    `numbers`: those of the library's rooms, place by place; None where every room's number is its place.
    """

    spec: RenderSpec
    hrtf: HrtfInfo
    hrtf_license: str | None
    seed: int
    fingerprint: str
    versions: tuple[NameValue, ...]
    numbers: Sequence[int] | None = None


def make_producer(recipe: Recipe) -> Produce:
    """Load the head once a worker and return the function from a room's place in the library to its sample.

    Raises HrtfError where the file is no longer the one that the run was planned with.
    """
    hrtf = load_hrtf(recipe.spec.hrtf, recipe.spec.sample_rate, license=recipe.hrtf_license)
    if hrtf.info != recipe.hrtf:
        raise HrtfError(f"The HRTF {recipe.spec.hrtf} changed while the run went on; give a file that stays as it is.")
    head = prepare_head(hrtf)
    numbers = recipe.numbers
    return lambda place: produce_room(recipe, head, place if numbers is None else numbers[place])


def produce_room(recipe: Recipe, head: Head, index: int) -> Produced:
    """The sample of room `index`: its record, its FLACs, its row of the index, and the names of what was rejected.

    A position whose audio must not be written (NaN, silence, DC) is rejected by name and redrawn at its own address.
    """
    refused: dict[Triple, str] = {}
    for _ in range(_ROOM_TRIES):
        layout = draw_layout(
            recipe.spec.room, recipe.spec.sources_per_room, recipe.seed, index, _accept(recipe.spec, head, refused)
        )
        try:
            return _render_layout(recipe, head, index, layout)
        except _RefusedAudio as refusal:
            refused[refusal.position] = refusal.reason
    raise SpecError(f"Room {index} keeps giving audio that cannot be written ({', '.join(refused.values())}).")


class _RefusedAudio(Exception):  # noqa: N818  # carries a rejection to the loop above; never leaves this module
    def __init__(self, position: Triple, reason: str) -> None:
        super().__init__(reason)
        self.position, self.reason = position, reason


def _accept(spec: RenderSpec, head: Head, refused: dict[Triple, str]) -> Callable[[Listener, Triple], str | None]:
    latency_s = head.hrtf.info.latency_s if "binaural" in spec.outputs else 0.0

    def accept(listener: Listener, position: Triple) -> str | None:
        if position in refused:
            return refused[position]
        arrival_s = dist(position, listener.position_m) / spec.atmosphere.speed_of_sound + latency_s
        if spec.duration_s is not None and arrival_s + _LEAST_AFTER_ONSET_S > spec.duration_s:
            return AFTER_END
        if spec.hrtf_gap == "reject" and find_hrtf_error_deg(head, listener, position) > HRTF_COVERAGE_DEG:
            return OUTSIDE_COVERAGE
        return None

    return accept


def _render_layout(recipe: Recipe, head: Head, index: int, layout: Layout) -> Produced:
    spec = recipe.spec
    length_s = spec.duration_s or response_length_s(layout.room, spec.atmosphere)
    taps = round(length_s * spec.sample_rate)
    renderer = RoomRenderer(
        layout.room,
        layout.listener,
        head,
        sample_rate=spec.sample_rate,
        taps=taps,
        tail=spec.tail,
        atmosphere=spec.atmosphere,
        highpass_hz=spec.highpass_hz,
        outputs=spec.outputs,
    )
    sources, members = [], []
    for s, position in enumerate(layout.positions):
        rendered = _render_position(recipe, renderer, index, s, position)
        scales: dict[str, float] = {}
        for output in spec.outputs:
            data, scales[output] = encode_flac(rendered.responses[output], spec.sample_rate)
            members.append((f"s{s:02d}.{_EXTENSIONS[output]}", data))
        sources.append(_describe_source(renderer, layout.listener, s, position, rendered, scales))
    record = _describe_room(recipe, renderer, index, layout, sources, taps)
    json = (record.model_dump_json() + "\n").encode()
    return Produced(record.room_id, (("json", json), *members), index_row(record), layout.rejections)


def _render_position(recipe: Recipe, renderer: RoomRenderer, index: int, s: int, position: Triple) -> Rendered:
    def rng(name: str) -> np.random.Generator:
        return rng_for(recipe.seed, "room", index, "source", s, "tail", name)

    try:
        rendered = renderer.render(position, rng)
    except NotFiniteError as error:
        raise _RefusedAudio(position, "audio_not_finite") from error
    except SilentError as error:
        raise _RefusedAudio(position, "audio_silent") from error
    if recipe.spec.highpass_hz > 0 and any(_has_dc(response_CK) for response_CK in rendered.responses.values()):
        raise _RefusedAudio(position, "audio_dc")
    return rendered


def _has_dc(response_CK: NDArray[np.float32]) -> bool:
    """Whether the mean holds more than a trace of the energy, which the high-pass should have left none of."""
    total_C = response_CK.sum(axis=1, dtype=np.float64)
    energy_C = np.square(response_CK, dtype=np.float64).sum(axis=1)
    return bool(np.any(total_C**2 > _DC_SHARE * energy_C * response_CK.shape[1]))


def _describe_source(
    renderer: RoomRenderer, listener: Listener, s: int, position: Triple, rendered: Rendered, scales: dict[str, float]
) -> SimulatedSource:
    rotation = rotation_matrix(listener.yaw_deg, listener.pitch_deg, listener.roll_deg)
    x, y, z = (a - b for a, b in zip(position, listener.position_m, strict=True))
    direction = direction_of(to_listener_frame(rotation, (x, y, z)))
    flags = ["near_field"] if is_near_field(direction.distance_m) else []
    if rendered.hrtf_error_deg > HRTF_COVERAGE_DEG:
        flags.append(OUTSIDE_COVERAGE)
    return SimulatedSource(
        index=s,
        position_m=position,
        azimuth_deg=direction.azimuth_deg,
        elevation_deg=direction.elevation_deg,
        distance_m=direction.distance_m,
        lateral_deg=direction.lateral_deg,
        hrtf_error_deg=rendered.hrtf_error_deg,
        acoustics=measure_rendered(renderer, rendered, direction.distance_m, flags),
        scale=Scale(**{output: scales.get(output) for output in _EXTENSIONS}),
    )


def measure_rendered(renderer: RoomRenderer, rendered: Rendered, distance_m: float, flags: list[str]) -> Acoustics:
    """The acoustics of a rendered position, from its binaural response, else from Ambisonics or mono."""
    output = next(name for name in _EXTENSIONS if name in rendered.responses)
    response_CK = rendered.responses[output]
    image = DirectImage(rendered.direct[output], rendered.direct_start)
    onset_s = distance_m / renderer.atmosphere.speed_of_sound
    if output == "binaural" and renderer.head is not None:
        onset_s += renderer.head.hrtf.info.latency_s
    return measure_brir(response_CK, renderer.sample_rate, onset_s=onset_s, direct_image=image, flags=flags)


def _describe_room(
    recipe: Recipe, renderer: RoomRenderer, index: int, layout: Layout, sources: list[SimulatedSource], taps: int
) -> SimulatedRoom:
    spec, head = recipe.spec, renderer.head
    assert head is not None
    group = room_group(spec, recipe.seed, index)
    return SimulatedRoom(
        room_id=f"room-{index:06d}",
        origin="simulated",
        name="",
        group=group,
        split=split_of(group),
        license=head.hrtf.info.license,
        citation=head.hrtf.info.citation,
        source_url=head.hrtf.info.source_url,
        size_m=layout.room.size_m,
        absorption=layout.room.absorption,
        size_category=layout.room.size_category,
        absorption_class=layout.room.absorption_class,
        materials=layout.room.materials,
        listener=layout.listener,
        head=head.hrtf.info.name,
        hrtf=head.hrtf.info,
        rt60_theory_s=rt60_eyring(layout.room, spec.atmosphere),
        sources=tuple(sources),
        outputs=spec.outputs,
        sample_rate=spec.sample_rate,
        duration_s=taps / spec.sample_rate,
        tail=spec.tail,
        mixing_time_s=renderer.mixing_s if spec.tail == "diffuse" else None,
        speed_of_sound_m_s=spec.atmosphere.speed_of_sound,
        air_absorption=spec.atmosphere.absorption,
        temperature_c=spec.atmosphere.celsius,
        humidity_percent=spec.atmosphere.humidity_percent,
        pressure_kpa=spec.atmosphere.pressure_kpa,
        highpass_hz=spec.highpass_hz,
        rejections=layout.rejections,
        versions=recipe.versions,
        seed=recipe.seed,
        fingerprint=recipe.fingerprint,
    )


def room_group(spec: RenderSpec, seed: int, index: int) -> str:
    """The name that decides a room's split: what draws the room, and nothing of how it is rendered.

    The same room with another tail, length or renderer is in the same split.
    """
    return f"{_name_rooms(spec, seed)}:{index}"


def _name_rooms(spec: RenderSpec, seed: int) -> str:
    return f"room:{fingerprint({'room': spec.room, 'seed': seed})}"


def number_rooms(spec: RenderSpec, seed: int, rooms: int, split: Split) -> tuple[int, ...]:
    """The numbers of the first `rooms` rooms that are of one split. A room is the same as in a library of all."""
    name = _name_rooms(spec, seed)
    return tuple(islice((index for index in count() if split_of(f"{name}:{index}") == split), rooms))
