"""Which words name a sound: those of the scene in many forms, all other labels and classes in their own.

A word that can name a sound of the scene is taken to do so ("the bell" for a church bell). Any other label of the
inventory or class of the AudioSet ontology that is named is a sound that is not there.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from twnm_bench.facts import Sound, World
from twnm_sim.clips.audioset_ontology import load_ontology
from twnm_sim.scenes.wording import SoundName

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_LONGEST = 7  # words of a form
# Classes whose names are ordinary words in a text about hearing, or say nothing of what sounds.
_NO_SOUND_WORDS = (
    "inside|outside|echo|reverberation|silence|noise|static|recording|wood|glass|liquid|fill|pour|drop|run|"
    "walk|ring|roll|rub|tap|hum|tools|mechanisms|stir|slam|break|breaking|close|closing|fire|vibration|"
    "distortion|pulse|beat|scratch|sound|small room|large room|hall|large room or hall|public space|urban|"
    "manmade|rural|natural|etc|keys|sound effect|sound effects|field recording|background noise|"
    "environmental noise|music role|whack|effects unit|wave|bass|hands|human sounds|natural sounds|"
    "sounds of things|source ambiguous sounds|surface contact|channel|thump|crack|cracking|burst|clip|steps|"
    "writing|flying|loop|harmonic|bay|pets|training|caring|country|underground|headphones|microphone|opera|"
    "sampler|shuffle|digestive|puff|filling|walking|running|voice|boom|electro|speaker|pop|snap|speakers|"
    "winding|biting|harmony|rolls|rings|runs|walks|taps|drops|fills|sinking|ringing|loops"
)
_NO_SOUNDS = frozenset(_NO_SOUND_WORDS.split("|"))
_EMPTY_WORDS = (
    "a an the of on in with from at by to for and or sound sounds someone person described as s one some thing kind "
    "unknown small large low high making"
)
_EMPTY = frozenset(_EMPTY_WORDS.split())
_SYNONYMS = {
    "telephone": ("phone",),
    "speech": ("voice", "voices", "talking", "speaking", "speaker", "talker"),
    "human voice": ("voice", "voices"),
    "cat": ("kitten",),
    "dog": ("puppy", "hound"),
    "vacuum cleaner": ("hoover", "vacuum"),
    "hand clapping": ("clapping", "claps"),
    "applause": ("clapping",),
    "typing on a keyboard": ("typist", "keys"),
    "footsteps": ("steps",),
    "baby cry": ("baby",),
    "male speech": ("man",),
    "female speech": ("woman",),
    "child speech": ("child",),
}


@dataclass(frozen=True)
class Mention:
    """What a form may mean: sounds of the scene by index, or a label that is not there."""

    sounds: frozenset[int]
    absent: str = ""


def list_words(text: str) -> list[tuple[str, int, int]]:
    """The words of a text in lower case, each with where it starts and ends."""
    return [(match[0], match.start(), match.end()) for match in _WORD.finditer(text.lower().replace("’", "'"))]


def _tidy(text: str) -> str:
    return " ".join(word for word, _, _ in list_words(text))


class Lexicon:
    """The names of sounds as a text about one scene may use them. `names`: labels there are elsewhere."""

    def __init__(self, world: World, names: Iterable[str] = ()) -> None:
        self._present: dict[str, frozenset[int]] = {}
        for forms in (_own_forms, _loose_forms):  # a loose form never takes a name from its owner
            found: dict[str, set[int]] = {}
            for sound in world.sounds:
                for form in forms(sound):
                    found.setdefault(form, set()).add(sound.index)
            for form, indices in found.items():
                self._present.setdefault(form, frozenset(indices))
        self._absent = _absent_forms(tuple(sorted(names)))

    def find(self, text: str) -> list[tuple[Mention, int, int]]:
        """The sounds that a text names, the longest name first at every place, with where each starts and ends."""
        words = list_words(text)
        found = []
        place = 0
        while place < len(words):
            for stop in range(min(len(words), place + _LONGEST), place, -1):
                mention = self._look_up(" ".join(word for word, _, _ in words[place:stop]))
                if mention is not None:
                    found.append((mention, words[place][1], words[stop - 1][2]))
                    place = stop - 1
                    break
            place += 1
        return found

    def _look_up(self, form: str) -> Mention | None:
        if form in self._present:
            return Mention(self._present[form])
        return Mention(frozenset(), self._absent[form]) if form in self._absent else None


def _own_forms(sound: Sound) -> set[str]:
    """Its name and label, their synonyms, the plurals, and an activity turned round (a barking dog)."""
    forms = set()
    for name in (sound.name, sound.label):
        for part in _parts_of(name):
            forms |= _inflect(part)
    return {form for form in forms if form}


def _loose_forms(sound: Sound) -> set[str]:
    """Single words of its name in any form, and the broader classes."""
    forms: set[str] = set()
    for name in (sound.name, *sound.classes):
        parts = _parts_of(name)
        for part in parts:
            forms |= _inflect(part)
            for synonym in _SYNONYMS.get(part, ()):
                forms |= {synonym, _plural(synonym)}
    for word in _tidy(sound.name).split():
        if word not in _EMPTY and len(word) > 2:
            forms |= _inflect_word(word)
            for synonym in _SYNONYMS.get(word, ()):
                forms |= {synonym, _plural(synonym)}
    return {form for form in forms if form and form not in _NO_SOUNDS}


def _parts_of(name: str) -> list[str]:
    """A name and each of the synonyms in it, without what stands in brackets."""
    bare = re.sub(r"\([^)]*\)", " ", name.lower())
    return [_tidy(part) for part in (bare, *re.split(r",| or ", bare)) if _tidy(part)]


def _inflect(form: str) -> set[str]:
    forms = {form, _plural(form)}
    words = form.split()
    if len(words) == 2 and words[1].endswith("ing"):
        forms |= {f"{words[1]} {words[0]}", f"{words[1]} {_plural(words[0])}"}
    if len(words) == 1:
        forms |= _inflect_word(form)
    return forms


def _plural(form: str) -> str:
    name = SoundName(form)
    said = name.several(2) if name.text.split() else ""
    return "" if said.startswith("two sounds of") else said.removeprefix("two ")


def _inflect_word(word: str) -> set[str]:
    """barking, bark, barks, barked; bell, bells, ..."""
    stem = word[:-3] if word.endswith("ing") and len(word) > 5 else word
    if word.endswith("ing") and len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "sl":
        stem = stem[:-1]
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        stem = word[:-1]
    stems = {stem, stem + "e"} if word.endswith("ing") else {stem}
    forms = {word} | stems
    for one in stems:
        forms |= {one + "s", one + "ing", one + "ed"}
        if one.endswith("e"):
            forms |= {one[:-1] + "ing", one + "d"}
        if one[-1:] in "pbgtn":
            forms |= {one + one[-1] + "ing"}
    return forms


@lru_cache(maxsize=16)
def _absent_forms(names: tuple[str, ...]) -> dict[str, str]:
    """All labels and classes there are, by form."""
    forms: dict[str, str] = {}
    known = [one.name for one in load_ontology().values()]
    for name in (*names, *known, *(word for words in _SYNONYMS.values() for word in words)):
        for part in _parts_of(name):
            if part in _NO_SOUNDS or part in _EMPTY:
                continue
            for form in {part, _plural(part)} | (_turned(part)):
                if form and form not in _NO_SOUNDS and form not in _EMPTY:
                    forms.setdefault(form, name)
    return forms


def _turned(part: str) -> set[str]:
    """A barking dog for dog barking; of one word its activity."""
    words = part.split()
    if len(words) == 2 and words[1].endswith("ing"):
        return {f"{words[1]} {words[0]}"}
    return {part + "ing"} if len(words) == 1 and not part.endswith(("ing", "s")) else set()
