"""The rule base of causal questions: what a person who hears a sound would reasonably do, and where.

A rule holds for a sound by its name, else by a broader class. `act` says what one does and where, in about as many
words for every rule, so that length tells nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """`classes`: labels in lower case, only those of which every kind calls for the act; `act` has `{side}` in it."""

    classes: tuple[str, ...]
    act: str


RULES = (
    Rule(("dog barking", "dog bark", "dog", "bark"), "calm the barking dog on the {side}"),
    Rule(("cat", "meow"), "let in the calling cat on the {side}"),
    Rule(("rooster", "crowing, cock-a-doodle-doo"), "feed the crowing rooster on the {side}"),
    Rule(("birds chirping", "bird vocalization, bird call, bird song"), "look up at the singing birds on the {side}"),
    Rule(("owl hooting", "owl"), "search the dark for the owl on the {side}"),
    Rule(("frog croaking", "frog"), "look for the croaking frog on the {side}"),
    Rule(("crickets", "cricket"), "listen closely to the crickets on the {side}"),
    Rule(("buzzing bee", "bee, wasp, etc."), "keep away from the bee on the {side}"),
    Rule(("crying baby", "baby cry", "baby cry, infant cry"), "comfort the crying baby on the {side}"),
    Rule(("sneeze", "person sneezing"), "wish the sneezer on the {side} good health"),
    Rule(("cough", "person coughing"), "bring water to the cougher on the {side}"),
    Rule(("laughter",), "join the laughing people on the {side}"),
    Rule(("applause", "hand clapping", "clapping"), "turn to the clapping people on the {side}"),
    Rule(("footsteps", "walk, footsteps"), "greet whoever is walking on the {side}"),
    Rule(("knocking on a door", "knock"), "answer the knock at the door on the {side}"),
    Rule(("doorbell",), "answer the doorbell that rings on the {side}"),
    Rule(("telephone ringing", "telephone bell ringing"), "pick up the ringing phone on the {side}"),
    Rule(("telephone busy tone", "busy signal"), "hang up the engaged phone on the {side}"),
    Rule(("alarm clock",), "switch off the alarm clock on the {side}"),
    Rule(("smoke alarm", "smoke detector, smoke alarm", "fire alarm"), "look for smoke near the alarm on the {side}"),
    Rule(("siren", "emergency vehicle"), "make way for the siren on the {side}"),
    Rule(("car horn", "vehicle horn, car horn, honking"), "watch out for the car on the {side}"),
    Rule(("truck reversing beeps", "reversing beeps"), "stay clear of the reversing truck on the {side}"),
    Rule(("helicopter",), "look up for the helicopter on the {side}"),
    Rule(("chainsaw",), "keep clear of the chainsaw on the {side}"),
    Rule(("engine idling", "idling"), "turn off the idling engine on the {side}"),
    Rule(("electric drill", "drill"), "mind the drilling going on on the {side}"),
    Rule(("vacuum cleaner",), "wait for the vacuum cleaner on the {side}"),
    Rule(("hair dryer",), "unplug the running hair dryer on the {side}"),
    Rule(("sewing machine",), "ask whoever is sewing on the {side} to pause"),
    Rule(("fan", "mechanical fan"), "turn down the blowing fan on the {side}"),
    Rule(("hammering", "hammer"), "ask whoever hammers on the {side} to stop"),
    Rule(("rain", "raindrop"), "shut the window on the {side} against the rain"),
    Rule(("wind",), "shut the window on the {side} against the wind"),
    Rule(("thunder", "thunderstorm"), "take cover from the thunder on the {side}"),
    Rule(("ocean waves", "waves, surf", "sea waves"), "walk down to the waves on the {side}"),
    Rule(("running stream", "stream"), "fill a bottle at the stream on the {side}"),
    Rule(("dripping water", "drip"), "put a bucket under the drip on the {side}"),
    Rule(("crackling fire", "fire crackling", "fire"), "warm your hands at the fire on the {side}"),
    Rule(("hissing steam", "steam"), "turn off the hissing steam on the {side}"),
    Rule(("church bell",), "walk to the tolling church bell on the {side}"),
    Rule(("bicycle bell",), "let the ringing cyclist pass on the {side}"),
    Rule(("clock ticking", "clock tick", "tick-tock", "tick"), "look at the ticking clock on the {side}"),
    Rule(("typing on a keyboard", "computer keyboard", "typing"), "speak to whoever is typing on the {side}"),
    Rule(("coin dropping", "coin (dropping)"), "pick up the dropped coin on the {side}"),
    Rule(("clinking glasses", "chink, clink"), "raise a glass with those on the {side}"),
    Rule(("referee's whistle", "whistle"), "stop playing for the whistle on the {side}"),
    Rule(("someone whistling", "whistling"), "wave to whoever whistles on the {side}"),
    Rule(("guitar",), "sit down by the guitarist on the {side}"),
    Rule(("flute",), "sit down by the flautist on the {side}"),
    Rule(("organ", "pipe organ"), "find a seat near the organ on the {side}"),
    Rule(("drum", "snare drum", "drum roll"), "dance up to the drummer on the {side}"),
    Rule(("xylophone", "marimba, xylophone"), "walk up to the xylophone on the {side}"),
    Rule(("speech", "conversation"), "turn to whoever is talking on the {side}"),
)


def find_rule(name: str, label: str, classes: Iterable[str]) -> Rule | None:
    """The rule of a sound: by its name or label, else by a broader class; None where there is none."""
    own = {name.lower(), label.lower()}
    broader = set(classes)
    for known in (own, broader):
        found = next((rule for rule in RULES if known.intersection(rule.classes)), None)
        if found is not None:
            return found
    return None
