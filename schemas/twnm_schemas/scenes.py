"""Scenes: the spec of what may vary, the recipe that was drawn from it, and the record of what is heard.

`SceneSpec` is what a person writes. `SceneRecipe` is one draw of it with everything fixed: with the same clips and
responses it gives the same audio. `Scene` is the JSON member beside the audio: the recipe, and what was measured of the
sound it gave. Scene and recipe are Arrow-stable.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from twnm_schemas.acoustics import Acoustics
from twnm_schemas.base import NameValue, Strict
from twnm_schemas.clips import Attribution
from twnm_schemas.constraints import Constraint, SameClass, least_sources, parse_constraint, say_constraint
from twnm_schemas.distributions import Choice, Distribution, Range, Uniform
from twnm_schemas.errors import SpecError
from twnm_schemas.rooms import Listener, Triple

SceneOutput = Literal["binaural", "foa"]
Colour = Literal["white", "pink", "brown"]
Decibels = Annotated[float, Field(ge=-100.0, le=100.0)]  # a ratio
FullScale = Annotated[float, Field(ge=-160.0, le=20.0)]  # a level or loudness; what would clip is turned down
MAX_SOURCES = 16
MAX_SCENE_S = 60.0


class Interval(Range):
    """From `low` to `high`, both included."""


class ClipFilter(Strict):
    """Which clips may sound; an empty list allows all. Labels are matched as leaf or ancestor, in any case.

    `source_splits`: splits or folds by the dataset's own word (`Clip.source_split`).
    """

    datasets: tuple[str, ...] = ()
    source_splits: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    exclude_labels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    min_duration_s: float = Field(default=0.3, ge=0.0)
    max_duration_s: float | None = Field(default=None, gt=0.0)


class RoomFilter(Strict):
    """Which rooms may be used; an empty list allows all. `t_mid_s` is the room's median over its positions."""

    origins: tuple[Literal["simulated", "measured"], ...] = ()
    room_ids: tuple[str, ...] = ()
    size_categories: tuple[str, ...] = ()
    absorption_classes: tuple[str, ...] = ()
    t_mid_s: Interval | None = None
    volume_m3: Interval | None = None


class Placement(Strict):
    """Where any one source may be to the listener. Null allows everything."""

    distance_m: Interval | None = None
    elevation_deg: Interval | None = None
    lateral_deg: Interval | None = None
    drr_db: Interval | None = None


class Loudness(Strict):
    """How loud the finished scene is: integrated loudness (ITU-R BS.1770-4, LUFS) or the level of both ears' mean
    power over the whole scene (dBFS)."""

    unit: Literal["lufs", "dbfs"] = "lufs"
    value: Distribution = Uniform(low=-32.0, high=-20.0)


class AmbienceSpec(Strict):
    """A diffuse background: noise from everywhere, with the interaural coherence of the head's own diffuse field.

    `snr_db`: the events' power over the background's, both ears over the whole scene. `colours`: the spectrum of the
    source noise, before the head.
    """

    snr_db: Distribution = Uniform(low=5.0, high=25.0)
    colours: tuple[Colour, ...] = Field(default=("pink", "brown"), min_length=1)


class SceneSpec(Strict):
    """What may vary from scene to scene. Every distribution is drawn at an address of its own.

    `sources`: how many. `classes` "distinct": no two events share a class or stand to each other as part and whole
    (unless a constraint asks for one class twice). `include`: classes of which one clip each is in every scene, matched
    as `ClipFilter.labels`; a class that a constraint asks for twice is another one than these.
    `balance`: "label" draws the class first, "clip" draws clips evenly.
    `gain_db`: of a clip, after its level was brought to a common one. `onset_s`: when a clip begins; it is drawn again
    where `min_overlap_s` (every two events sound together that long) or `max_overlap_s` is not met, and so is the scene
    where they are not as heard, reverberation included (to 0.05 s). `audible`: where
    one event drowns another (`Event.audible_s` under 1 s and under 80 % of `active_s`), gains are drawn again, and the
    whole scene if that does not help. `noise_dbfs`: white noise of the microphones,
    independent in each channel. `sample_rate` and `hrtf` are asked of the library, null takes what it has.
    """

    duration_s: float = Field(default=5.0, ge=0.5, le=MAX_SCENE_S)
    sources: Distribution = Choice(values=(1.0, 2.0, 3.0, 4.0))
    clips: ClipFilter = ClipFilter()
    rooms: RoomFilter = RoomFilter()
    placement: Placement = Placement()
    constraints: tuple[Constraint, ...] = ()
    classes: Literal["distinct", "any"] = "distinct"
    include: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    balance: Literal["label", "clip"] = "label"
    gain_db: Distribution = Uniform(low=-6.0, high=6.0)
    onset_s: Distribution = Uniform(low=0.0, high=2.0)
    min_overlap_s: float = Field(default=0.0, ge=0.0)
    max_overlap_s: float | None = Field(default=None, ge=0.0)
    audible: bool = True
    loudness: Loudness = Loudness()
    ambience: AmbienceSpec | None = None
    noise_dbfs: Distribution | None = None
    outputs: Annotated[tuple[SceneOutput, ...], Field(min_length=1)] = ("binaural",)
    stems: bool = False
    dry: bool = False
    sample_rate: int | None = Field(default=None, ge=8000, le=192000)
    hrtf: str | None = None

    @field_validator("constraints", mode="before")
    @classmethod
    def _from_words(cls, value: Any) -> Any:
        """A constraint may be written in the words of a command line."""
        if not isinstance(value, list | tuple):
            return value
        try:
            return [parse_constraint(entry) if isinstance(entry, str) else entry for entry in value]
        except SpecError as error:
            raise ValueError(str(error)) from None

    @field_validator("outputs")
    @classmethod
    def _binaural_first(cls, value: tuple[SceneOutput, ...]) -> tuple[SceneOutput, ...]:
        if "binaural" not in value:
            raise ValueError("a scene has a binaural output; foa comes beside it")
        return ("binaural", "foa") if "foa" in value else ("binaural",)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        low, high = self.sources.bounds()
        if low < 1 or high > MAX_SOURCES:
            raise ValueError(f"sources: a scene has 1 to {MAX_SOURCES} sources, not {low:g} to {high:g}")
        if self.onset_s.bounds()[0] < 0 or self.onset_s.bounds()[1] >= self.duration_s:
            raise ValueError("onset_s: clips begin within the scene, at 0 or later and before its end")
        most_s = self.duration_s if self.max_overlap_s is None else min(self.duration_s, self.max_overlap_s)
        if self.min_overlap_s > most_s:
            raise ValueError(
                f"min_overlap_s: {self.min_overlap_s:g} s is longer than {most_s:g} s, the most there can be"
            )
        for name, drawn, least, most in (
            ("gain_db", self.gain_db, -100.0, 100.0),
            ("loudness", self.loudness.value, -70.0, 20.0),
            ("noise_dbfs", self.noise_dbfs, -160.0, 0.0),
            ("ambience", self.ambience.snr_db if self.ambience else None, -100.0, 100.0),
        ):
            if drawn is not None and not least <= drawn.bounds()[0] <= drawn.bounds()[1] <= most:
                raise ValueError(f"{name}: it may be {least:g} to {most:g} dB, not {_say_bounds(drawn)}")
        for constraint in self.constraints:
            if low < least_sources(constraint):
                raise ValueError(
                    f"sources: '{say_constraint(constraint)}' needs {least_sources(constraint)} sources or more, "
                    f"and as few as {low:g} may be drawn"
                )
        twins = [c for c in self.constraints if isinstance(c, SameClass)]
        if len(twins) > 1:
            raise ValueError("constraints: same_class can be asked once")
        least = least_events(self.include, self.constraints)
        if self.include and low < least:
            beside = f" beside '{say_constraint(twins[0])}'" if twins else ""
            raise ValueError(
                f"sources: to include {len(self.include)} of given classes{beside} needs {least} sources or more, "
                f"and as few as {low:g} may be drawn"
            )
        return self


def least_events(include: Sequence[str], constraints: Iterable[Constraint]) -> int:
    """The fewest events in which the included classes, and one that is heard several times beside them, have room."""
    return len(include) + sum(c.times for c in constraints if isinstance(c, SameClass))


def _say_bounds(drawn: Distribution) -> str:
    return " to ".join(f"{bound:g}" for bound in drawn.bounds())


class EventRecipe(Strict):
    """One clip as it is placed. Samples are at the scene's rate.

    `clip_start` and `length`: the piece of the clip; `emitted`: the scene's sample at which it begins to be emitted;
    `fade_in` and `fade_out`: samples of a raised-cosine fade at its ends (0: none). `level_dbfs`: the clip's own level
    (`Clip.level_dbfs`), by which it is brought to the common one; `gain_db`: over the common level.
    """

    clip_id: str
    clip_sha256: str
    source_index: int = Field(ge=0)
    clip_start: int = Field(ge=0)
    length: int = Field(gt=0)
    emitted: int = Field(ge=0)
    fade_in: int = Field(ge=0)
    fade_out: int = Field(ge=0)
    level_dbfs: float = Field(ge=-200.0, le=20.0)
    gain_db: Decibels


class AmbienceRecipe(Strict):
    """A drawn background; its noise follows from the scene's seed, index and room."""

    colour: Colour
    snr_db: Decibels


class SceneRecipe(Strict):
    """One draw: with the same clips and responses it gives the same audio.

    `index`: the scene's number, part of the address of all that is random; `room_fingerprint`: of the library that
    holds the room.
    """

    index: int = Field(ge=0)
    seed: int = Field(ge=0, lt=2**63)
    composer: str
    room_id: str
    room_fingerprint: str
    sample_rate: int = Field(ge=8000, le=192000)
    samples: int = Field(gt=0, le=round(MAX_SCENE_S * 192000))
    events: tuple[EventRecipe, ...] = Field(min_length=1, max_length=MAX_SOURCES)
    loudness_unit: Literal["lufs", "dbfs"]
    loudness: FullScale
    ambience: AmbienceRecipe | None
    noise_dbfs: FullScale | None
    outputs: tuple[SceneOutput, ...]
    stems: bool
    dry: bool

    @model_validator(mode="after")
    def _within(self) -> Self:
        for place, event in enumerate(self.events):
            if event.emitted + event.length > self.samples:
                raise ValueError(f"events.{place}: it ends {event.emitted + event.length - self.samples} samples late")
        return self


class TrajectoryPoint(Strict):
    """Where a moving source is at a time. Sources stand still so far: trajectories are empty."""

    time_s: float
    azimuth_deg: float
    elevation_deg: float
    distance_m: float


class Event(Strict):
    """One sound in a scene: what it is, where it is to the listener, and how it is heard.

    Angles are in the listener frame; what a measured room does not tell is null. `label` is the most specific class,
    `labels` all leaf classes, `ancestors` the broader ones. `caption` is empty where its own terms would bind the
    scene. `group` decided the clip's split. `gain_db`: drawn, over the common level of clips.

    Heard, from the event's own sound at both ears as it is in the finished mixture, in frames of 20 ms every 10 ms. A
    frame is active within 30 dB of the event's loudest one and above -60 dBFS. `onset_s` and `offset_s`: the first and
    last 10 ms within these bounds; `active_s`: the time of active frames (10 ms each); `level_left_dbfs` and
    `level_right_dbfs`: RMS in them; `snr_db`: the event's energy over that of all else (other events, background,
    noise) in them, both ears, null where nothing else is within 100 dB; `audible_s`: the time of active frames in which
    it is at most 10 dB below all else. Where no frame is above -60 dBFS, `active_s` and `audible_s` are 0 and the
    others are those of the frames within 30 dB.
    """

    index: int
    clip_id: str
    dataset: str
    label: str
    labels: tuple[str, ...]
    audioset_ids: tuple[str, ...]
    ancestors: tuple[str, ...]
    caption: str
    language: str
    speaker: str
    uploader: str
    freesound_id: str
    video_id: str
    group: str
    source_index: int
    position_m: Triple | None
    azimuth_deg: float = Field(ge=0.0, lt=360.0)
    elevation_deg: float = Field(ge=-90.0, le=90.0)
    distance_m: float | None = Field(gt=0.0)
    lateral_deg: float = Field(ge=-90.0, le=90.0)
    trajectory: tuple[TrajectoryPoint, ...]
    gain_db: float
    onset_s: float
    offset_s: float
    active_s: float
    level_left_dbfs: float
    level_right_dbfs: float
    snr_db: float | None
    audible_s: float
    acoustics: Acoustics


class SceneAcoustics(Strict):
    """The room as it is heard in this scene: the mean over the events' positions, null where none has the value.

    `rt60_s`: octave bands 125 Hz to 8 kHz. `t_mid_s`: mean of 500 Hz and 1 kHz, the one label shown to a model.
    """

    t_mid_s: float | None
    rt60_s: tuple[float | None, ...] = Field(min_length=7, max_length=7)
    edt_s: float | None
    c50_db: float | None
    d50: float | None
    drr_db: float | None


class SceneRoom(Strict):
    """A scene's room and who listens in it; null where a measured room does not tell. `group` decided its split."""

    room_id: str
    group: str
    origin: str
    name: str
    size_m: Triple | None
    volume_m3: float | None
    size_category: str
    absorption_class: str
    listener: Listener | None
    hrtf: str
    hrtf_sha256: str
    license: str
    acoustics: SceneAcoustics


class Overlap(Strict):
    """For how long two events are both active (`Event`), without pauses; `first` and `second` are indices of events."""

    first: int
    second: int
    seconds: float


class AudioMember(Strict):
    """One FLAC of a scene: its extension, what is in it, and what it must decode to.

    `scale`: what decoded samples (full scale +-1) are multiplied by; 1.0 but for stems and dry references that are
    louder than full scale. `pcm_sha256`: of the decoded samples (24 bits, little endian, interleaved). `sketch`: its
    projections on fixed pseudo-random signs (`twnm_sim.scenes.sketch`), from which the distance of another rendering is
    known without the audio.
    """

    ext: str
    what: str
    channels: int
    scale: float = Field(gt=0.0)
    pcm_sha256: str
    sketch: tuple[float, ...]


class Scene(Strict):
    """The JSON member of a scene sample: everything that is known of it.

    Audio is stored at face value: decoded samples times nothing. `loudness_lufs`: of the finished mixture (ITU-R
    BS.1770-4), null where it is under the gate; `level_dbfs`: both ears' mean power over the whole scene; `peak`: its
    largest sample. `mix_gain_db`: what brought the mixture to its loudness; `attenuation_db`: what was then taken off
    so that no sample clips (0: nothing). `license`: what a mixture of these clips on this head may be published under;
    "LicenseRef-unpublishable" where it may not, and then only the recipe is stored. `audio`: the members, also of a
    scene that is stored without them.
    """

    scene_id: str
    room_id: str
    conventions: Literal["twnm-1"] = "twnm-1"
    sample_rate: int
    duration_s: float
    channels: int
    events: tuple[Event, ...] = Field(min_length=1)
    overlaps: tuple[Overlap, ...]
    room: SceneRoom
    loudness_lufs: float | None
    level_dbfs: float
    peak: float
    mix_gain_db: float
    attenuation_db: float = Field(ge=0.0)
    ambience_dbfs: float | None
    split: str
    license: str
    license_profile: str
    attribution: tuple[Attribution, ...]
    rejections: tuple[str, ...]
    audio: tuple[AudioMember, ...]
    versions: tuple[NameValue, ...]
    cpu: str
    seed: int = Field(ge=0, lt=2**63)
    fingerprint: str
    recipe: SceneRecipe
