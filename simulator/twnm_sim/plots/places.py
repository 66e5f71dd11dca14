"""Where the sounds of a scene are: the room from above, and how high they are over their distance.

Axes are made for a given size in inches, so that labels are placed once and for all. Shapes: S events.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Ellipse, Polygon, Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from twnm_schemas.geometry import elevation_words, rotation_matrix, unit_vector
from twnm_schemas.rooms import Listener
from twnm_schemas.scenes import Event, Scene
from twnm_sim.plots.callouts import choose_sides, spread_labels
from twnm_sim.plots.canvas import QUIET, hide_frame
from twnm_sim.scenes.facts import name_of

Floats = NDArray[np.float64]
# Okabe and Ito's colours (told apart with any colour vision), then darker ones for more sounds than they have.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6a3d9a", "#7f5a1e")
_DARK_TEXT = frozenset(("#e69f00", "#56b4e9", "#cc79a7"))
INK, SOFT, WALL, HEAD_FILL = "#222222", "#5a5f66", "#444444", "#f4efe6"
_COLUMN_IN = 1.62  # of labels, at each side
_LABEL_IN, _BADGE_IN = 0.37, 0.21
_LONGEST_NAME = 20
_RING_STEPS_M = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_MOST_RINGS = 4
_CLEAR_IN = 0.42  # around the head, for its letters


def colour_of(event: Event) -> str:
    """An event's colour, the same in every panel."""
    return COLOURS[event.index % len(COLOURS)]


def shorten(text: str, longest: int) -> str:
    """At most so many characters, the cut marked."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "\u2026"


def write_badge(axes: Axes, event: Event, x: float, y: float) -> None:
    """The event's index in a disc of its colour."""
    colour = colour_of(event)
    axes.text(
        x, y, str(event.index), ha="center", va="center_baseline", fontsize=7.5, fontweight="bold", zorder=8,
        color=INK if colour in _DARK_TEXT else "#ffffff",
        bbox={"boxstyle": "circle,pad=0.22", "facecolor": colour, "edgecolor": "none"},
    )  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A scene from above. `size_m`: of the room, None where the listener's own frame is drawn (ahead is up).

    `spot_S2`: metres, or 1 from the head where distances are not known (`is_to_scale` False). `height_S`: over the
    floor, else over the head. `nose_2`, `left_2`: unit vectors of the head as they are seen from above.
    """

    size_m: tuple[float, float, float] | None
    is_to_scale: bool
    spot_S2: Floats
    height_S: Floats
    head_2: Floats
    head_height_m: float
    nose_2: Floats
    left_2: Floats

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """x0, x1, y0, y1 of what is drawn."""
        if self.size_m is not None:
            return 0.0, self.size_m[0], 0.0, self.size_m[1]
        reach = 1.12 * float(np.linalg.norm(self.spot_S2, axis=1).max())
        return -reach, reach, -reach, reach

    @property
    def across_S(self) -> Floats:
        """Horizontal distance from the head."""
        across_S: Floats = np.linalg.norm(self.spot_S2 - self.head_2, axis=1)
        return across_S


def plan_scene(scene: Scene) -> Plan:
    """In the room where its size and all places are known, else around the listener."""
    size_m, listener = scene.room.size_m, scene.room.listener
    places = [event.position_m for event in scene.events]
    if size_m is not None and listener is not None and None not in places:
        return _plan_room(size_m, listener, np.array(places, float))
    distance_S = [event.distance_m for event in scene.events]
    known = None not in distance_S
    unit_S3 = np.array([unit_vector(event.azimuth_deg, event.elevation_deg) for event in scene.events])
    spot_S3 = unit_S3 * (np.array(distance_S, float)[:, None] if known else 1.0)
    seen_S2 = np.stack([-spot_S3[:, 1], spot_S3[:, 0]], axis=1)  # ahead is up, left is to the left
    return Plan(None, known, seen_S2, spot_S3[:, 2], np.zeros(2), 0.0, np.array([0.0, 1.0]), np.array([-1.0, 0.0]))


def _plan_room(size_m: tuple[float, float, float], listener: Listener, place_S3: Floats) -> Plan:
    rotation = np.array(rotation_matrix(listener.yaw_deg, listener.pitch_deg, listener.roll_deg))
    head_3 = np.array(listener.position_m)
    nose_2, left_2 = rotation[:2, 0], rotation[:2, 1]
    return Plan(size_m, True, place_S3[:, :2], place_S3[:, 2], head_3[:2], float(head_3[2]), nose_2, left_2)


def draw_plan(axes: Axes, scene: Scene, plan: Plan, width_in: float, height_in: float) -> None:
    """The room from above to scale, labels in columns at both sides; the axes are `width_in` x `height_in`."""
    x0, x1, y0, y1 = plan.bounds
    inch = max((x1 - x0) / (width_in - 2 * _COLUMN_IN - 0.3), (y1 - y0) / (height_in - 0.45))  # metres of an inch
    middle_x, middle_y = 0.5 * (x0 + x1), 0.5 * (y0 + y1) - 0.05 * inch
    axes.set_xlim(middle_x - 0.5 * width_in * inch, middle_x + 0.5 * width_in * inch)
    axes.set_ylim(middle_y - 0.5 * height_in * inch, middle_y + 0.5 * height_in * inch)
    hide_frame(axes)
    outline = _draw_outline(axes, plan)
    _draw_rings(axes, plan, outline, inch)
    _draw_rays(axes, scene, plan.head_2, plan.spot_S2)
    _draw_head(axes, plan, inch)
    _draw_callouts(axes, scene, plan, inch)


def _draw_outline(axes: Axes, plan: Plan) -> Any:
    if plan.size_m is None:
        return None
    width, depth, _ = plan.size_m
    outline = axes.add_patch(Rectangle((0, 0), width, depth, facecolor="#fbfbfa", edgecolor=WALL, lw=1.6, zorder=1))
    axes.annotate(
        f"{width:.1f} m \u00d7 {depth:.1f} m", (0.5 * width, 0.0), (0, -5), textcoords="offset points",
        ha="center", va="top", fontsize=8, color=QUIET,
    )  # fmt: skip
    return outline


def _draw_rings(axes: Axes, plan: Plan, outline: Any, inch: float) -> None:
    """Circles of equal distance on the floor plan, with their radius where no sound lies."""
    if not plan.is_to_scale:
        axes.add_patch(Circle((0.0, 0.0), 1.0, fill=False, edgecolor="#dcdfe3", lw=0.8))
        axes.annotate("distances not known", (0.0, -1.0), (0, -5), textcoords="offset points", ha="center", va="top",
                      fontsize=8, color=QUIET)  # fmt: skip
        return
    for radius in choose_rings(float(plan.across_S.max()), _CLEAR_IN * inch):
        ring = axes.add_patch(Circle(tuple(plan.head_2), radius, fill=False, edgecolor="#d5d9de", lw=0.8, zorder=2))
        if outline is not None:
            ring.set_clip_path(outline)
        at_2 = _find_free_place(plan, radius, 0.15 * inch)
        if at_2 is not None:
            axes.text(at_2[0], at_2[1], f"{radius:g} m", ha="center", va="center", fontsize=7, color=QUIET, zorder=3,
                      bbox={"facecolor": "#fbfbfa", "edgecolor": "none", "pad": 0.8})  # fmt: skip


def choose_rings(reach_m: float, clear_m: float) -> list[float]:
    """Up to four round radii, to a little over the farthest sound; the first is clear of the head as it is drawn."""
    step = max(clear_m, 1.1 * reach_m / (_MOST_RINGS + 1))
    step = next((s for s in _RING_STEPS_M if s > step), _RING_STEPS_M[-1])
    return [step * n for n in range(1, int(1.1 * reach_m / step) + 1)] or [step]


def _find_free_place(plan: Plan, radius: float, margin: float) -> Floats | None:
    """Where on a ring its radius is written: inside the walls, as far as can be from the sounds and the nose."""
    angle_K = np.arange(32) * np.pi / 16.0
    unit_K2 = np.stack([np.cos(angle_K), np.sin(angle_K)], axis=1)
    place_K2 = plan.head_2 + radius * unit_K2
    x0, x1, y0, y1 = plan.bounds
    low_2, high_2 = np.array([x0 + 1.3 * margin, y0 + margin]), np.array([x1 - 1.3 * margin, y1 - margin])
    inside_K = ((place_K2 > low_2) & (place_K2 < high_2)).all(axis=1)
    if not inside_K.any():
        return None
    seen_S2 = (plan.spot_S2 - plan.head_2) / np.maximum(plan.across_S, 1e-9)[:, None]
    closeness_K = (unit_K2 @ np.concatenate([seen_S2, plan.nose_2[None]]).T).max(axis=1)
    free_2: Floats = place_K2[int(np.argmin(np.where(inside_K, closeness_K, np.inf)))]
    return free_2


def _draw_rays(axes: Axes, scene: Scene, head_2: Floats, spot_S2: Floats) -> None:
    for event, spot_2 in zip(scene.events, spot_S2, strict=True):
        colour = colour_of(event)
        axes.plot(*zip(head_2, spot_2, strict=True), color=colour, lw=1.0, ls=(0, (4, 2.5)), alpha=0.75, zorder=3)
        axes.plot(*spot_2, "o", color=colour, ms=7.5, mec="#ffffff", mew=1.0, zorder=6)


def _draw_head(axes: Axes, plan: Plan, inch: float) -> None:
    """A head from above: ears, nose, and an arrow that points where it looks; the same size in every room."""
    radius = 0.115 * inch
    nose_2, left_2, centre_2 = plan.nose_2, plan.left_2, plan.head_2
    turn_deg = float(np.degrees(np.arctan2(nose_2[1], nose_2[0])))
    for side, name in ((1.0, "L"), (-1.0, "R")):
        ear_2 = centre_2 + side * radius * left_2
        axes.add_patch(Ellipse(tuple(ear_2), 0.1 * inch, 0.055 * inch, angle=turn_deg, color=INK, lw=0, zorder=6))
        x, y = centre_2 + side * 0.235 * inch * left_2
        axes.text(x, y, name, ha="center", va="center", fontsize=7.5,
                  fontweight="bold", color=INK, zorder=7,
                  path_effects=[withStroke(linewidth=2.0, foreground="#ffffff")])  # fmt: skip
    across_2 = 0.05 * inch * left_2
    tip_2 = centre_2 + 1.5 * radius * nose_2
    root_2 = centre_2 + 0.85 * radius * nose_2
    axes.add_patch(Polygon([root_2 + across_2, tip_2, root_2 - across_2], color=INK, lw=0, zorder=6))
    axes.add_patch(Circle(tuple(centre_2), radius, facecolor=HEAD_FILL, edgecolor=INK, lw=1.3, zorder=6))
    if np.linalg.norm(nose_2) > 0.2:
        axes.annotate(
            "", tuple(tip_2 + 0.34 * inch * nose_2), tuple(tip_2), zorder=5,
            arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.3, "shrinkA": 0.0, "shrinkB": 0.0},
        )  # fmt: skip


def _draw_callouts(axes: Axes, scene: Scene, plan: Plan, inch: float) -> None:
    """Each sound's index, name, distance and height, in columns left and right of the room."""
    low, high = axes.get_ylim()
    x0, x1, _, _ = plan.bounds
    room_for = int((high - low) / (_LABEL_IN * inch))
    # so that no line crosses the head
    is_left_S = choose_sides(plan.spot_S2[:, 0], float(plan.head_2[0]), room_for)
    for is_left in (True, False):
        chosen = np.flatnonzero(is_left_S == is_left)
        if not chosen.size:
            continue
        y_N = spread_labels(plan.spot_S2[chosen, 1], _LABEL_IN * inch, low, high)
        edge = x0 - 0.28 * inch if is_left else x1 + 0.28 * inch
        for place, y in zip(chosen, y_N, strict=True):
            _draw_callout(axes, scene.events[place], plan.spot_S2[place], edge, float(y), inch, is_left)


def _draw_callout(axes: Axes, event: Event, spot_2: Floats, edge: float, y: float, inch: float, is_left: bool) -> None:
    outward = -1.0 if is_left else 1.0
    axes.plot([spot_2[0], edge], [spot_2[1], y], color="#9aa0a8", lw=0.6, zorder=4)
    write_badge(axes, event, edge, y)
    x, align = edge + outward * 0.15 * inch, "right" if is_left else "left"
    place = say_place(event)
    name = shorten(name_of(event).text, _LONGEST_NAME)
    axes.text(x, y + (0.085 * inch if place else 0.0), name, ha=align, va="center", fontsize=8.5, color=INK)
    axes.text(x, y - 0.085 * inch, place, ha=align, va="center", fontsize=7.5, color=SOFT)


def say_place(event: Event) -> str:
    """Distance, and the elevation where it is not level."""
    metres = "" if event.distance_m is None else f"{event.distance_m:.1f} m"
    word = elevation_words(event.elevation_deg)
    height = "" if word == "level" else f"{word}, {event.elevation_deg:+.0f}\u00b0"
    return "; ".join(part for part in (metres, height) if part)


def draw_profile(axes: Axes, scene: Scene, plan: Plan, width_in: float, height_in: float) -> None:
    """Height over horizontal distance from the head, both on one scale: the slope of a ray is its elevation."""
    low, high = _profile_bounds(plan)
    reach = max(1.05 * float(plan.across_S.max()), 0.5)
    inch = max(reach / (width_in - 0.85), (high - low) / (height_in - 0.3))
    axes.set_xlim(-0.3 * inch, (width_in - 0.3) * inch)
    middle = 0.5 * (low + high)
    axes.set_ylim(middle - 0.5 * height_in * inch, middle + 0.5 * height_in * inch)
    hide_frame(axes)
    end = (width_in - 0.75) * inch
    if plan.size_m is not None:
        axes.add_patch(Rectangle((-0.3 * inch, 0.0), end + 0.3 * inch, high, facecolor="#fbfbfa", lw=0, zorder=0))
        for level, name in ((0.0, "floor"), (high, f"ceiling, {high:.1f} m")):
            axes.plot([-0.3 * inch, end], [level, level], color=WALL, lw=1.2)
            below = level == 0.0
            axes.annotate(name, (-0.3 * inch, level), (1, -3 if below else 3), textcoords="offset points",
                          va="top" if below else "bottom", fontsize=7, color=QUIET)  # fmt: skip
    axes.plot([0.0, end], [plan.head_height_m] * 2, color="#d5d9de", lw=0.8, zorder=1)
    spot_S2 = np.stack([plan.across_S, plan.height_S], axis=1)
    head_2 = np.array([0.0, plan.head_height_m])
    _draw_rays(axes, scene, head_2, spot_S2)
    axes.add_patch(Circle(tuple(head_2), 0.08 * inch, facecolor=HEAD_FILL, edgecolor=INK, lw=1.2, zorder=7))
    bottom, top = axes.get_ylim()
    if _BADGE_IN * inch * len(scene.events) > top - bottom:
        return  # no room for the indices of so many; the colours are those of the plan
    y_S = spread_labels(plan.height_S, _BADGE_IN * inch, bottom, top)
    for event, spot_2, y in zip(scene.events, spot_S2, y_S, strict=True):
        axes.plot([spot_2[0], end + 0.1 * inch], [spot_2[1], y], color="#c3c8ce", lw=0.5, zorder=2)
        write_badge(axes, event, end + 0.2 * inch, float(y))


def _profile_bounds(plan: Plan) -> tuple[float, float]:
    if plan.size_m is not None:
        return 0.0, plan.size_m[2]
    reach = max(float(np.abs(plan.height_S).max()), 0.15 * float(plan.across_S.max()))
    return -1.1 * reach, 1.1 * reach
