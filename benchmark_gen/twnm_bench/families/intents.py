"""The rule base of causal questions: what a person who hears a sound would reasonably do, and where.

A rule holds for every label that is its class or one of the class's kinds. `act` is what one does at the place of the
sound; all are of about one length, so that length tells nothing.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """`classes`: labels, narrow or broad, in lower case. `act`: it is followed by where."""

    classes: tuple[str, ...]
    act: str


RULES = (
    Rule(("dog", "dog barking", "bark"), "calm the dog that is barking"),
    Rule(("cat", "meow"), "let in the cat that is calling"),
    Rule(("rooster", "crowing, cock-a-doodle-doo"), "feed the rooster that crows"),
    Rule(("birds chirping", "bird", "bird vocalization, bird call, bird song"), "look out for the birds that sing"),
    Rule(("owl hooting", "owl"), "search the dark for the owl"),
    Rule(("frog croaking", "frog"), "look for the frog that croaks"),
    Rule(("crickets", "cricket", "insect"), "listen to the insects closely"),
    Rule(("buzzing bee", "bee, wasp, etc."), "keep away from the buzzing bee"),
    Rule(("crying baby", "baby cry, infant cry"), "comfort the crying baby"),
    Rule(("sneeze", "person sneezing"), "offer the sneezer a handkerchief"),
    Rule(("cough", "person coughing"), "bring the cougher some water"),
    Rule(("laughter", "laughing"), "join the people who laugh"),
    Rule(("applause", "clapping", "hand clapping"), "face the people who clap"),
    Rule(("footsteps", "walk, footsteps"), "greet the person who walks"),
    Rule(("knocking on a door", "knock", "door"), "answer the knock at the door"),
    Rule(("doorbell",), "open the door, the bell rang"),
    Rule(("telephone ringing", "telephone bell ringing", "telephone"), "pick up the ringing phone"),
    Rule(("telephone busy tone", "busy signal"), "hang up the engaged phone"),
    Rule(("alarm clock",), "switch off the alarm clock"),
    Rule(("smoke alarm", "smoke detector, smoke alarm", "fire alarm"), "check the room for smoke"),
    Rule(("siren", "emergency vehicle"), "make way for the siren"),
    Rule(("car horn", "vehicle horn, car horn, honking"), "watch out for the hooting car"),
    Rule(("truck reversing beeps", "reversing beeps"), "stay clear of the reversing truck"),
    Rule(("helicopter",), "look up for the helicopter"),
    Rule(("chainsaw",), "keep clear of the chainsaw"),
    Rule(("engine idling", "idling", "engine"), "turn off the idling engine"),
    Rule(("electric drill", "drill", "power tool"), "mind the drilling at the wall"),
    Rule(("vacuum cleaner",), "wait until the vacuum stops"),
    Rule(("hair dryer",), "unplug the running hair dryer"),
    Rule(("sewing machine",), "ask whoever sews to pause"),
    Rule(("fan", "mechanical fan"), "turn down the blowing fan"),
    Rule(("hammering", "hammer"), "ask whoever hammers to stop"),
    Rule(("rain", "raindrop"), "shut the window on the rain"),
    Rule(("wind", "wind noise (microphone)"), "close the window on the wind"),
    Rule(("thunder", "thunderstorm"), "take cover from the thunder"),
    Rule(("ocean waves", "waves, surf", "sea waves", "ocean"), "walk down to the waves"),
    Rule(("running stream", "stream"), "fill a bottle at the stream"),
    Rule(("dripping water", "drip"), "put a bucket under the drip"),
    Rule(("crackling fire", "fire", "fire crackling"), "warm your hands at the fire"),
    Rule(("hissing steam", "steam"), "turn off the hissing steam"),
    Rule(("church bell", "bell"), "walk towards the tolling bell"),
    Rule(("bicycle bell",), "let the ringing cyclist pass"),
    Rule(("clock ticking", "tick", "tick-tock", "clock tick"), "look at the ticking clock"),
    Rule(("typing on a keyboard", "typing", "computer keyboard"), "talk to the person who types"),
    Rule(("coin dropping", "coin (dropping)"), "pick up the coin that fell"),
    Rule(("clinking glasses", "chink, clink"), "raise a glass with the others"),
    Rule(("referee's whistle", "whistle"), "stop playing at the whistle"),
    Rule(("someone whistling", "whistling"), "wave to whoever whistles"),
    Rule(("guitar",), "sit down by the guitarist"),
    Rule(("flute",), "sit down by the flautist"),
    Rule(("organ", "pipe organ"), "find a seat near the organ"),
    Rule(("drum", "snare drum", "drum roll"), "dance up to the drummer"),
    Rule(("xylophone", "marimba, xylophone"), "walk up to the xylophone"),
    Rule(("speech", "human voice", "conversation"), "answer the person speaking"),
)


def find_rule(classes: frozenset[str]) -> Rule | None:
    """The first rule of a sound with these classes, in lower case; None where there is none."""
    return next((rule for rule in RULES if classes.intersection(rule.classes)), None)
