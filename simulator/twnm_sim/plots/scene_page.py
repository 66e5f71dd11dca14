"""`twnm-sim plot` of a scene: a stored scene to a picture, or to a page with its sounds."""

from pathlib import Path

from twnm_schemas.geometry import azimuth_words, clock_hour, elevation_words
from twnm_schemas.scenes import Event
from twnm_sim.plots.canvas import data_uri, drawing, save_figure
from twnm_sim.plots.page import check_picture, fill_template, write_picture
from twnm_sim.plots.places import colour_of
from twnm_sim.plots.scene import SceneView, draw_scene, tell_scene, view_scene
from twnm_sim.scenes.describe import describe_scene
from twnm_sim.scenes.facts import name_of
from twnm_sim.scenes.finding import FoundScene, find_scene


def plot_scene(root: Path, name: str, out: Path | None = None) -> Path:
    """Draw the scene `name` below `root` and return where (`scene-000123.png` here by default).

    Raises StoreError where it is not there, AudioError where its audio is damaged, SpecError for a kind of file or a
    folder that there is not.
    """
    out = out or Path(f"{name}.png")
    check_picture(out)
    write_picture(out, draw_scene_file(find_scene(root, name), out.suffix.lower()[1:]))
    return out


def draw_scene_file(found: FoundScene, kind: str) -> bytes:
    """The scene as "png", "svg" or a self-contained "html" with its sounds."""
    view = view_scene(found)
    with drawing():
        if kind != "html":
            return save_figure(draw_scene(view), kind)
        picture = data_uri("image/svg+xml", save_figure(draw_scene(view), "svg"))
    return _fill_page(found, view, picture)


def _fill_page(found: FoundScene, view: SceneView, picture: str) -> bytes:
    scene = view.scene
    return fill_template(
        "scene.html.j2",
        scene=scene,
        text=describe_scene(scene),
        picture=picture,
        sounds=_list_sounds(found),
        rows=[_tell_event(event, found) for event in scene.events],
        facts=tell_scene(scene),
        credits=scene.attribution,
    )


def _list_sounds(found: FoundScene) -> list[tuple[str, str]]:
    """What can be played besides the stems: name and data URI."""
    named = (("Mixture", "flac"), ("Background alone", "ambience.flac"))
    return [(name, _play(found, ext)) for name, ext in named if ext in found.members]


def _play(found: FoundScene, ext: str) -> str:
    return data_uri("audio/flac", found.members[ext]) if ext in found.members else ""


def _tell_event(event: Event, found: FoundScene) -> dict[str, str]:
    """One event as a row of text."""
    height = elevation_words(event.elevation_deg)
    return {
        "index": str(event.index),
        "colour": colour_of(event),
        "name": name_of(event).text,
        "where": f"{azimuth_words(event.azimuth_deg)}, {clock_hour(event.azimuth_deg)} o'clock",
        "height": "" if height == "level" else height,
        "azimuth": f"{event.azimuth_deg:.0f}\u00b0",
        "elevation": f"{event.elevation_deg:+.0f}\u00b0",
        "distance": "" if event.distance_m is None else f"{event.distance_m:.2f} m",
        "time": f"{event.onset_s:.2f} to {event.offset_s:.2f} s",
        "audible": f"{event.audible_s:.2f} s",
        "left": f"{event.level_left_dbfs:.1f} dBFS",
        "right": f"{event.level_right_dbfs:.1f} dBFS",
        "snr": "" if event.snr_db is None else f"{event.snr_db:+.1f} dB",
        "clip": event.clip_id,
        "sound": _play(found, f"stem{event.index}.flac"),
    }
