"""What is heard in a scene, in words: the text that stands for the scene where a language model asks about it.

`describe_scene` writes what Appendix B of "The World is Not Mono" gives to its question writer: "Indoors with slight
reverberation, two sounds are audible. One is keyboard typing from straight ahead at a close distance. The other ...".
All of it follows from the scene's record by way of `facts`.
"""

from itertools import combinations

from twnm_schemas.geometry import azimuth_difference
from twnm_schemas.scenes import Scene
from twnm_sim.scenes.facts import CountFact, SceneFacts, SoundFact, name_of, read_facts
from twnm_sim.scenes.wording import SoundName, capitalise, join_words, say_number, say_ordinal

STEEP_DEG = 60.0  # elevations over this are overhead or underfoot, and there the azimuth says little


def describe_scene(scene: Scene, degrees: bool = False) -> str:
    """The scene in one paragraph of English, the same for the same record; `degrees` adds exact numbers."""
    facts = read_facts(scene)
    writer = _Writer(scene, facts, degrees)
    sentences = [
        writer.open_text(),
        *(writer.place_sound(place) for place in range(len(facts.sounds))),
        writer.relate_times(),
        *writer.relate_distances(),
        *writer.relate_levels(),
        writer.tell_background(),
    ]
    return " ".join(capitalise(sentence) + "." for sentence in sentences if sentence)


class _Writer:
    """Writes the sentences about one scene's facts."""

    def __init__(self, scene: Scene, facts: SceneFacts, degrees: bool) -> None:
        self.facts = facts
        self.degrees = degrees
        self.names = {event.index: name_of(event) for event in scene.events}
        self.order = [sound.index for sound in facts.sounds]

    def open_text(self) -> str:
        """The room, and how many sounds there are."""
        sounds = self.facts.sounds
        audible = sum(sound.is_audible for sound in sounds)
        verb = "is" if len(sounds) == 1 else "are"
        every = f"{_count_sounds(len(sounds))} {verb}"
        if audible == len(sounds):
            return f"{self._say_room()}, {every} audible{self._say_repeats()}"
        if audible == 0:
            clearly = "it is not" if len(sounds) == 1 else "none of them is"
        else:
            clearly = f"{say_number(audible)} of them {'is' if audible == 1 else 'are'}"
        return f"{self._say_room()}, {every} present{self._say_repeats()}; {clearly} clearly audible"

    def _say_room(self) -> str:
        word, t_mid_s = self.facts.reverberation, self.facts.t_mid_s
        exact = f" (t_mid {t_mid_s:.2f} s)" if self.degrees and t_mid_s is not None else ""
        return f"indoors with {word} reverberation{exact}" if word else "indoors"

    def _say_repeats(self) -> str:
        """Sounds of one name are counted: two dogs and two cats."""
        twice = [fact for fact in self.facts.counts if fact.count > 1]
        if not twice:
            return ""
        several = join_words([self._name_text(fact).several(fact.count) for fact in twice])
        return f": {several}" if sum(fact.count for fact in twice) == len(self.order) else f", among them {several}"

    def _name_text(self, fact: CountFact) -> SoundName:
        return next(name for name in self.names.values() if name.text == fact.name)

    def place_sound(self, place: int) -> str:
        """One event: what, from where, how far, when."""
        sound = self.facts.sounds[place]
        name = self.names[sound.index]
        met = any(self.names[index].text == name.text for index in self.order[:place])
        parts = [
            f"{self._point_to(place)} is {name.another if met else name.indefinite} {_say_direction(sound)}",
            _say_distance(sound),
            _say_time(sound, self.facts.duration_s),
            _say_masking(sound),
        ]
        exact = f" ({_say_exactly(sound)})" if self.degrees else ""
        return ", ".join(part for part in parts if part) + exact

    def _point_to(self, place: int) -> str:
        if len(self.order) == 1:
            return "it"
        if len(self.order) == 2:
            return ("one", "the other")[place]
        return f"the {say_ordinal(place)}"

    def relate_times(self) -> str:
        """Which events sound together."""
        if len(self.order) == 1:
            return ""
        together = {frozenset((o.first, o.second)): o.seconds for o in self.facts.overlaps}
        pairs = [frozenset(pair) for pair in combinations(self.order, 2)]
        apart = [pair for pair in pairs if pair not in together]
        if len(self.order) == 2:
            return (
                f"they overlap for {_say_seconds(together[pairs[0]])}" if not apart else "they do not overlap in time"
            )
        if not apart:  # on a line, what overlaps pair by pair has a time in common
            return f"all {say_number(len(self.order))} overlap in time"
        if not together:
            return "no two of them overlap in time"
        if len(apart) < len(together):
            return f"all of them overlap in time, except {self._say_pairs(apart)}"
        return f"only these overlap in time: {self._say_pairs([p for p in pairs if p in together])}"

    def _say_pairs(self, pairs: list[frozenset[int]]) -> str:
        """Pairs gathered by their first event: "the rain with the dog and the siren"."""
        partners: dict[int, list[int]] = {}
        for first, second in (sorted(pair, key=self.order.index) for pair in pairs):
            partners.setdefault(first, []).append(second)
        said = [f"{self.definite(a)} with {join_words([self.definite(b) for b in bs])}" for a, bs in partners.items()]
        return "; ".join(said) if any(len(bs) > 1 for bs in partners.values()) else join_words(said)

    def definite(self, index: int) -> str:
        """An event as it is named again: "the rain", "the second dog" where there are more of its name."""
        name = self.names[index]
        same = [other for other in self.order if self.names[other].text == name.text]
        return f"the {name.text}" if len(same) == 1 else f"the {say_ordinal(same.index(index))} {name.counted}"

    def _are(self, index: int) -> str:
        """The subject with its verb: "the rain is", "the footsteps are"."""
        subject, name = self.definite(index), self.names[index]
        return f"{subject} {'are' if name.is_plural and subject == f'the {name.text}' else 'is'}"

    def relate_distances(self) -> list[str]:
        """Who is clearly nearest and farthest."""
        nearest, farthest = self.facts.nearest, self.facts.farthest
        if len(self.order) == 2 and nearest is not None and farthest is not None:
            return [f"{self._are(nearest)} clearly nearer than {self.definite(farthest)}"]
        said = ((nearest, "nearest"), (farthest, "farthest"))
        return [f"{self._are(index)} clearly the {word}" for index, word in said if index is not None]

    def relate_levels(self) -> list[str]:
        """Who is clearly loudest and faintest at the ears."""
        loudest, faintest = self.facts.loudest, self.facts.faintest
        if self.facts.equally_loud:
            return [f"{'both' if len(self.order) == 2 else 'all'} are about equally loud"]
        if len(self.order) == 2 and loudest is not None and faintest is not None:
            return [f"{self._are(loudest)} clearly louder than {self.definite(faintest)}"]
        said = ((loudest, "loudest"), (faintest, "faintest"))
        return [f"{self._are(index)} clearly the {word}" for index, word in said if index is not None]

    def tell_background(self) -> str:
        """The diffuse background, where there is one."""
        word = self.facts.background
        return f"a {word} background noise comes from all around" if word else ""


def _count_sounds(count: int) -> str:
    return "one sound" if count == 1 else f"{say_number(count)} sounds"


def _say_direction(sound: SoundFact) -> str:
    """From where, so that left and right are named exactly where the lateral angle is past its margin."""
    if abs(sound.elevation_deg) > STEEP_DEG:
        where = "almost overhead" if sound.elevation_deg > 0 else "almost straight below"
        return f"from {where}" + ("" if sound.side == "centre" else f", slightly to the {sound.side}")
    height = {"above": " and above", "below": " and below", "level": ""}[sound.height]
    if sound.direction in ("front", "back"):
        ahead = "ahead" if sound.direction == "front" else "behind"
        turn = f"straight {ahead}" if sound.side == "centre" else f"{ahead}, slightly to the {sound.side}"
        return f"from {turn}{height}"
    return f"from the {sound.direction.replace('-', ' ')}{height}"


def _say_distance(sound: SoundFact) -> str:
    if sound.distance_m is None:
        return ""
    return f"{sound.distance} (about {_round_metres(sound.distance_m)})"


def _round_metres(distance_m: float) -> str:
    """To 10 cm below 1 m, to half a metre below 3 m, else to a metre."""
    if distance_m < 0.95:
        return f"{max(10.0, round(distance_m * 10.0) * 10.0):.0f} cm"
    metres = round(2.0 * distance_m) / 2.0 if distance_m < 2.75 else round(distance_m)
    return "1 metre" if metres == 1.0 else f"{metres:g} metres"


def _say_time(sound: SoundFact, duration_s: float) -> str:
    how = "heard on and off" if sound.comes_and_goes else "heard"
    start, stop = sound.start_s, sound.stop_s
    if stop - start < 0.1:
        return f"heard briefly at {start:.1f} s"
    if start == 0.0 and stop == duration_s:
        return f"{how} from beginning to end"
    begins = "from the beginning" if start == 0.0 else f"from {start:.1f} s"
    return f"{how} {begins} to {'the end' if stop == duration_s else f'{stop:.1f} s'}"


def _say_masking(sound: SoundFact) -> str:
    if sound.is_audible:
        return ""
    if sound.audible_s == 0.0:
        return "masked by the rest"
    return f"audible for {'only ' if sound.audible_s >= 0.1 else ''}{_say_seconds(sound.audible_s)}"


def _say_seconds(seconds: float) -> str:
    return "less than 0.1 s" if seconds < 0.1 else f"{seconds:.1f} s"


def _say_exactly(sound: SoundFact) -> str:
    turn = azimuth_difference(sound.azimuth_deg, 0.0)
    side = "left" if turn > 0 else "right"
    metres = "" if sound.distance_m is None else f", {sound.distance_m:.2f} m"
    hour = f"{sound.clock} o'clock"
    return f"{abs(turn):.0f} degrees to the {side}, {hour}; elevation {sound.elevation_deg:+.0f} degrees{metres}"
