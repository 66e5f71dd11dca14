"""A scene in one picture: where its sounds are, what the ears get, when each is heard, and what is known of it."""

from dataclasses import dataclass, field
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from twnm_schemas.errors import AudioError
from twnm_schemas.scenes import Scene
from twnm_shards.flac import decode_flac
from twnm_sim.plots.canvas import QUIET, hide_frame, new_figure
from twnm_sim.plots.places import SOFT, draw_plan, draw_profile, plan_scene
from twnm_sim.plots.sounds import log_spectrogram, peak_envelope
from twnm_sim.plots.times import RANGE_DB, draw_envelopes, draw_spectrogram, draw_timeline
from twnm_sim.scenes.facts import read_facts
from twnm_sim.scenes.finding import FoundScene
from twnm_sim.scenes.heard import audible_frames

Audio = NDArray[np.float32]
_WIDTH_IN = 10.0
_PLACES_IN, _SPECTROGRAM_IN, _ROW_IN, _ENVELOPE_IN = 4.1, 1.3, 0.25, 0.75
_TITLE_IN, _FOOT_IN, _GAP_IN = 0.5, 0.5, 0.12
_LEFT_IN, _SPAN_IN = 1.85, 7.35  # of the panels over time
_FACT_CHARACTERS = 38
_NO_AUDIO = (
    "No audio is stored with this scene, only its recipe; twnm-sim rebuild makes it from your own clips and rooms."
)


@dataclass(frozen=True)
class SceneView:
    """What is drawn: the record, and the sound at both ears (2, T) where it is stored.

    `stems`: each event as it is in the mixture, empty where not stored.
    """

    scene: Scene
    audio_CT: Audio | None
    stems: list[Audio] = field(default_factory=list)


def view_scene(found: FoundScene) -> SceneView:
    """Decode what a picture needs of a stored scene. Raises AudioError, naming the member, for damaged audio."""
    count = len(found.scene.events)
    names = [f"stem{index}.flac" for index in range(count) if f"stem{index}.flac" in found.members]
    stems = [_decode(found, name) for name in names] if len(names) == count else []
    return SceneView(found.scene, _decode(found, "flac") if "flac" in found.members else None, stems)


def _decode(found: FoundScene, ext: str) -> Audio:
    scale = next((member.scale for member in found.scene.audio if member.ext == ext), 1.0)
    try:
        return decode_flac(found.members[ext], scale)[0]
    except AudioError as error:
        raise AudioError(f"{found.folder} {found.scene.scene_id}.{ext} is damaged: {error}.") from error


def draw_scene(view: SceneView) -> Figure:
    """The whole picture, 10 inches wide; call it inside `canvas.drawing`."""
    scene = view.scene
    timeline_in = _ROW_IN * len(scene.events) + 0.1
    sound_in = 2 * _SPECTROGRAM_IN + _ENVELOPE_IN + 3 * _GAP_IN if view.audio_CT is not None else 0.6
    height_in = _TITLE_IN + _PLACES_IN + 0.3 + sound_in + timeline_in + _FOOT_IN
    figure = new_figure(_WIDTH_IN, height_in)
    figure.set_layout_engine("none")
    page = _Page(figure, height_in)
    figure.text(0.02, 1.0 - 0.3 / height_in, scene.scene_id, fontsize=13, fontweight="bold", va="center")
    figure.text(0.98, 1.0 - 0.3 / height_in, _count(scene), fontsize=9, color=SOFT, va="center", ha="right")
    _draw_places(page, scene)
    top_in = _TITLE_IN + _PLACES_IN + 0.3
    if view.audio_CT is not None:
        _draw_sound(page, view, top_in, timeline_in)
    else:
        figure.text(0.02, 1.0 - (top_in + 0.1) / height_in, _NO_AUDIO, fontsize=9, color=SOFT, va="center")
        _draw_timeline(page, view, top_in + 0.5, timeline_in)
    return figure


def _count(scene: Scene) -> str:
    count = len(scene.events)
    return f"{count} sound{'s' * (count > 1)} in {scene.duration_s:g} s"


@dataclass(frozen=True)
class _Page:
    """Places axes by inches from the left and from the top."""

    figure: Figure
    height_in: float

    def axes(self, left_in: float, top_in: float, width_in: float, height_in: float, like: Axes | None = None) -> Axes:
        bottom_in = self.height_in - top_in - height_in
        box = (left_in / _WIDTH_IN, bottom_in / self.height_in, width_in / _WIDTH_IN, height_in / self.height_in)
        return self.figure.add_axes(box, sharex=like)

    def head(self, left_in: float, top_in: float, text: str) -> None:
        """A panel's heading."""
        y = 1.0 - top_in / self.height_in
        self.figure.text(left_in / _WIDTH_IN, y, text, fontsize=9, fontweight="bold", va="top")


def _draw_places(page: _Page, scene: Scene) -> None:
    plan = plan_scene(scene)
    draw_plan(page.axes(0.1, _TITLE_IN, 6.2, _PLACES_IN), scene, plan, 6.2, _PLACES_IN)
    _write_facts(page.axes(6.55, _TITLE_IN, 3.35, 2.45), tell_scene(scene))
    page.head(0.2, _TITLE_IN + 0.05, "From above")
    if plan.is_to_scale:
        draw_profile(page.axes(6.55, _TITLE_IN + 2.6, 3.3, 1.5), scene, plan, 3.3, 1.5)
        page.head(6.55, _TITLE_IN + 2.42, "From the side")


def _draw_sound(page: _Page, view: SceneView, top_in: float, timeline_in: float) -> None:
    """Spectrograms, timeline and envelopes, one below the other on one time axis."""
    audio_CT, rate = view.audio_CT, view.scene.sample_rate
    assert audio_CT is not None
    spectrogram = log_spectrogram(audio_CT[:2], rate)
    step_in = _SPECTROGRAM_IN + _GAP_IN
    left = page.axes(_LEFT_IN, top_in, _SPAN_IN, _SPECTROGRAM_IN)
    right = page.axes(_LEFT_IN, top_in + step_in, _SPAN_IN, _SPECTROGRAM_IN, left)
    for ear, axes in enumerate((left, right)):
        image = draw_spectrogram(axes, spectrogram, ear)
        axes.tick_params(axis="x", labelbottom=False, length=0)
    bar = page.axes(_LEFT_IN + _SPAN_IN + 0.1, top_in + 0.3, 0.09, 2 * _SPECTROGRAM_IN - 0.6)
    page.figure.colorbar(image, cax=bar, ticks=[0.0, -0.5 * RANGE_DB, -RANGE_DB])
    bar.set_title("dB", fontsize=8, fontweight="normal", color=QUIET)
    timeline = _draw_timeline(page, view, top_in + 2 * step_in, timeline_in, left)
    timeline.tick_params(axis="x", labelbottom=False, length=0)
    envelopes = page.axes(_LEFT_IN, top_in + 2 * step_in + timeline_in + _GAP_IN, _SPAN_IN, _ENVELOPE_IN, left)
    draw_envelopes(envelopes, peak_envelope(audio_CT[:2], rate))


def _draw_timeline(page: _Page, view: SceneView, top_in: float, timeline_in: float, like: Axes | None = None) -> Axes:
    axes = page.axes(_LEFT_IN, top_in, _SPAN_IN, timeline_in, like)
    draw_timeline(axes, view.scene, _find_audible(view))
    axes.set_xlim(0.0, view.scene.duration_s)
    axes.set_xlabel("" if like is not None else "time / s")
    return axes


def _find_audible(view: SceneView) -> list[NDArray[np.bool_]] | None:
    """When each event is audible, which only its own sound can tell."""
    audio_CT, rate = view.audio_CT, view.scene.sample_rate
    if audio_CT is None or not view.stems:
        return None
    return [audible_frames(stem_CT, audio_CT[:2], rate) for stem_CT in view.stems]


def tell_scene(scene: Scene) -> list[tuple[str, str]]:
    """What a reader asks first of a scene, in words and units; what a measured room does not tell is left out."""
    told = [
        *_tell_room(scene),
        ("Head", scene.room.hrtf),
        ("Loudness", _tell_loudness(scene)),
        ("Background", _tell_background(scene)),
        ("Licence", scene.license),
        ("Split, seed", f"{scene.split}, {scene.seed}"),
    ]
    return [(name, value) for name, value in told if value]


def _tell_room(scene: Scene) -> list[tuple[str, str]]:
    room, acoustics = scene.room, scene.room.acoustics
    size = " \u00d7 ".join(f"{side:.1f}" for side in room.size_m) + " m" if room.size_m else ""
    word = read_facts(scene).reverberation or ""
    t_mid = "not measurable, " if acoustics.t_mid_s is None else f"{acoustics.t_mid_s:.2f} s (t_mid), "
    ratios = (("DRR", acoustics.drr_db), ("C50", acoustics.c50_db))
    return [
        ("Room", f"{room.name or room.room_id}, {room.origin}"),
        ("Size", ", ".join(part for part in (size, room.size_category) if part)),
        ("Reverberation", f"{t_mid}{word}"),
        ("Clarity", ", ".join(f"{name} {value:+.1f} dB" for name, value in ratios if value is not None)),
    ]


def _tell_loudness(scene: Scene) -> str:
    loudness = "under the gate" if scene.loudness_lufs is None else f"{scene.loudness_lufs:.1f} LUFS"
    peak_db = 20.0 * float(np.log10(max(scene.peak, 1e-10)))
    taken = f", {scene.attenuation_db:.1f} dB taken off" if scene.attenuation_db else ""
    return f"{loudness}, peak {peak_db:.1f} dBFS{taken}"


def _tell_background(scene: Scene) -> str:
    ambience, noise_dbfs = scene.recipe.ambience, scene.recipe.noise_dbfs
    parts = []
    if ambience is not None:
        parts.append(f"{ambience.colour} noise, {ambience.snr_db:.0f} dB below the sounds")
    if noise_dbfs is not None:
        parts.append(f"microphones {noise_dbfs:.0f} dBFS")
    return ", ".join(parts)


def _write_facts(axes: Axes, told: list[tuple[str, str]]) -> None:
    """Names and values in two columns, from the top."""
    hide_frame(axes)
    axes.set_xlim(0.0, 1.0)
    y = 0.98
    for name, value in told:
        lines = wrap(value, _FACT_CHARACTERS)
        axes.text(0.0, y, name, va="top", color=SOFT, fontsize=8.5, linespacing=1.25)
        axes.text(0.30, y, "\n".join(lines), va="top", fontsize=8.5, linespacing=1.25)
        y -= 0.083 * len(lines) + 0.012
