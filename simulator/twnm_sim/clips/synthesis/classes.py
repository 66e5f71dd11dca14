"""The table of the sounds that come with the package: what each is called, what is heard near it, and what makes it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twnm_sim.clips.audioset_ontology import load_ontology, say_class
from twnm_sim.clips.synthesis import alarms, creatures, impacts, machines, rhythms, textures, tones
from twnm_sim.clips.synthesis.draws import Draws


@dataclass(frozen=True)
class SoundClass:
    """One class: `slug` in ids, `name` as a person would say it, and its class in AudioSet.

    `family` groups what is acoustically near: its members are the hard distractors for each other. `make`: from draws
    to samples (T,) at `signals.RATE`, at any level.
    """

    slug: str
    name: str
    audioset_id: str
    family: str
    make: Callable[[Draws], np.ndarray]

    @property
    def audioset_name(self) -> str:
        """The display name of the AudioSet class, e.g. "Chirp, tweet"."""
        return load_ontology()[self.audioset_id].name

    @property
    def ancestors(self) -> tuple[str, ...]:
        """The broader classes of AudioSet, the nearest first, in lower case.

        Where AudioSet has several classes above one, its first is followed: a chirp is of a bird, not a "brief tone".
        """
        above, mid = [], self.audioset_id
        while mid := _OTHER_PARENTS.get(mid) or next(iter(load_ontology()[mid].parents), ""):
            above.append(say_class(mid))
        return tuple(above)


# a bell in a tower, on a bicycle or in the wind is a thing that sounds, not a musical instrument
_OTHER_PARENTS = {"/m/0395lw": "/t/dd00041"}

_TABLE = (
    SoundClass("church-bell", "church bell", "/m/03w41f", "bells", impacts.church_bell),
    SoundClass("bicycle-bell", "bicycle bell", "/m/0gy1t2s", "bells", impacts.bicycle_bell),
    SoundClass("wind-chimes", "wind chimes", "/m/026fgl", "bells", impacts.wind_chimes),
    SoundClass("telephone", "telephone ringing", "/m/07pp8cl", "bells", alarms.telephone),
    SoundClass("doorbell", "doorbell", "/m/03wwcy", "bells", alarms.doorbell),
    SoundClass("glass-clink", "clinking glasses", "/m/07q7njn", "impacts", impacts.glass_clink),
    SoundClass("metal-clang", "metal clang", "/m/07rv4dm", "impacts", impacts.metal_clang),
    SoundClass("coin-drop", "coin dropping", "/m/0242l", "impacts", impacts.coin_drop),
    SoundClass("wood-block", "wood block", "/m/01sm1g", "drums", impacts.wood_block),
    SoundClass("drum", "drum", "/m/026t6", "drums", impacts.drum),
    SoundClass("snare-drum", "snare drum", "/m/06rvn", "drums", impacts.snare_drum),
    SoundClass("xylophone", "xylophone", "/m/0dwsp", "music", impacts.xylophone),
    SoundClass("clock-tick", "clock ticking", "/m/07qjznl", "beats", rhythms.clock_tick),
    SoundClass("footsteps", "footsteps", "/m/07pbtc8", "beats", rhythms.footsteps),
    SoundClass("bouncing-ball", "bouncing ball", "/m/07pqn27", "beats", rhythms.bouncing_ball),
    SoundClass("typing", "typing on a keyboard", "/m/01m2v", "beats", rhythms.typing),
    SoundClass("door-knock", "knocking on a door", "/m/07r4wb8", "beats", rhythms.door_knock),
    SoundClass("hammering", "hammering", "/m/03l9g", "beats", rhythms.hammering),
    SoundClass("hand-clapping", "hand clapping", "/m/0l15bq", "beats", rhythms.hand_clapping),
    SoundClass("dripping", "dripping water", "/m/07r5v4s", "water", rhythms.dripping),
    SoundClass("sewing-machine", "sewing machine", "/m/0llzx", "machines", rhythms.sewing_machine),
    SoundClass("rain", "rain", "/m/06mb1", "water", textures.rain),
    SoundClass("stream", "running stream", "/m/0j6m2", "water", textures.stream),
    SoundClass("ocean-waves", "ocean waves", "/m/034srq", "water", textures.ocean_waves),
    SoundClass("wind", "wind", "/m/03m9d0z", "air", textures.wind),
    SoundClass("fire", "crackling fire", "/m/07pzfmf", "air", textures.fire),
    SoundClass("applause", "applause", "/m/028ght", "air", textures.applause),
    SoundClass("steam", "hissing steam", "/m/06wzb", "air", textures.steam),
    SoundClass("engine-idling", "engine idling", "/m/07pb8fc", "machines", machines.engine_idling),
    SoundClass("chainsaw", "chainsaw", "/m/01j4z9", "machines", machines.chainsaw),
    SoundClass("helicopter", "helicopter", "/m/09ct_", "machines", machines.helicopter),
    SoundClass("electric-drill", "electric drill", "/m/01d380", "appliances", machines.electric_drill),
    SoundClass("vacuum-cleaner", "vacuum cleaner", "/m/0d31p", "appliances", machines.vacuum_cleaner),
    SoundClass("hair-dryer", "hair dryer", "/m/03wvsk", "appliances", machines.hair_dryer),
    SoundClass("fan", "fan", "/m/02x984l", "appliances", machines.fan),
    SoundClass("alarm-clock", "alarm clock", "/m/046dlr", "alarms", alarms.alarm_clock),
    SoundClass("smoke-alarm", "smoke alarm", "/m/01y3hg", "alarms", alarms.smoke_alarm),
    SoundClass("siren", "siren", "/m/03kmc9", "alarms", alarms.siren),
    SoundClass("car-horn", "car horn", "/m/0912c9", "alarms", alarms.car_horn),
    SoundClass("busy-tone", "telephone busy tone", "/m/01z47d", "alarms", alarms.busy_tone),
    SoundClass("reversing-beeps", "truck reversing beeps", "/m/02rhddq", "alarms", alarms.reversing_beeps),
    SoundClass("whistle", "referee's whistle", "/m/0l156k", "alarms", alarms.whistle),
    SoundClass("crickets", "crickets", "/m/09xqv", "animals", creatures.crickets),
    SoundClass("bird-chirps", "birds chirping", "/m/07pggtn", "animals", creatures.bird_chirps),
    SoundClass("frog-croak", "frog croaking", "/m/07st88b", "animals", creatures.frog_croak),
    SoundClass("owl-hoot", "owl hooting", "/m/07r_80w", "animals", creatures.owl_hoot),
    SoundClass("bee", "buzzing bee", "/m/01h3n", "animals", creatures.bee),
    SoundClass("dog-bark", "dog barking", "/m/05tny_", "animals", creatures.dog_bark),
    SoundClass("whistling", "someone whistling", "/m/01w250", "music", tones.whistling),
    SoundClass("flute", "flute", "/m/0l14j_", "music", tones.flute),
    SoundClass("guitar", "guitar", "/m/0342h", "music", tones.guitar),
    SoundClass("organ", "organ", "/m/013y1f", "music", tones.organ),
)

CLASSES: dict[str, SoundClass] = {one.slug: one for one in _TABLE}
