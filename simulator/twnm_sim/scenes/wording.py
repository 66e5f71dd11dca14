"""English for the names of sounds: articles, plurals, verbs, lists.

The names come from many datasets ("dog", "church bells", "keyboard typing", "chink, clink"), so the rules are about
words, not about classes: what is a mass ("rain"), a plural ("footsteps") or an activity ("knocking on a door") takes no
article and has no plural, all else is a thing that can be counted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh")
_LATER_ORDINALS = ("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that name no thing one could count, among those that sound datasets use.
_MASSES = _words(
    "air ambience applause audio chatter conversation electricity fizz furniture gargle gunfire hail hubbub laughter "
    "lightning machinery music noise paper percussion rain rainfall silence singing snow speech static steam surf "
    "thunder tearing traffic turbulence water weather wind babble reverberation sand gravel ice wood metal glass "
    "jazz rock pop funk techno reggae disco"
)
_PLURALS = _words("children cutlery feet geese men mice people police teeth women cattle")
_SINGULARS = _words("bus gas glass bass brass grass hiss kiss chess cactus chorus octopus tennis")
_NOT_ACTIVITIES = _words("ceiling building evening morning string spring wing ring king ding ping swing")
_IRREGULAR = {
    "person": "people", "man": "men", "woman": "women", "child": "children", "mouse": "mice", "goose": "geese",
    "sheep": "sheep", "knife": "knives", "wolf": "wolves", "aircraft": "aircraft",
}  # fmt: skip
_VOWEL = re.compile(r"(?!uni|use|usu|uti|eu|one|once|ukulele)[aeiou]|hour|heir|honest|honou?r", re.IGNORECASE)
_PREPOSITION = re.compile(r" (?:on|of|in|with|from|at|by|to|for|and|or|described) | \(|, ")


@dataclass(frozen=True)
class SoundName:
    """A sound's name as it stands in a sentence. `text`: lower case, synonyms joined by "or"."""

    text: str

    @cached_property
    def _head(self) -> str:
        """The word that decides: the last one before a preposition, in a bracket or a list."""
        return _PREPOSITION.split(self.text)[0].split()[-1].split("-")[-1]

    @property
    def is_plural(self) -> bool:
        """Whether it takes "are"."""
        head = self._head
        ends = head.endswith("s") and not head.endswith(("ss", "us", "is"))
        return head in _PLURALS or (ends and head not in _SINGULARS)

    @property
    def is_countable(self) -> bool:
        """Whether it takes an article."""
        return not (self.is_plural or self._head in _MASSES or self._is_activity)

    @property
    def _has_plural(self) -> bool:
        """Of a choice ("a chirp or tweet") it would be two plurals, which may not both exist."""
        return self.is_countable and " or " not in self.text

    @property
    def _is_activity(self) -> bool:
        return self._head.endswith("ing") and self._head not in _NOT_ACTIVITIES

    @property
    def indefinite(self) -> str:
        """As it is met first: "an alarm clock", "rain"."""
        if not self.is_countable:
            return self.text
        return f"{'an' if _VOWEL.match(self.text) else 'a'} {self.text}"

    @property
    def another(self) -> str:
        """As it is met once more: "another dog", "more rain"."""
        return f"another {self.text}" if self.is_countable else f"more {self.text}"

    @property
    def counted(self) -> str:
        """As it is numbered: the first "dog", the first "sound of rain"."""
        return self.text if self.is_countable else f"sound of {self.text}"

    def several(self, count: int) -> str:
        """So many of it, two or more: "two dogs", "two sounds of rain"."""
        if not self._has_plural:
            return f"{say_number(count)} sounds of {self.text}"
        end = len(_PREPOSITION.split(self.text)[0])
        start = end - len(self._head)
        return f"{say_number(count)} {self.text[:start]}{_pluralise(self._head)}{self.text[end:]}"


def name_sound(label: str, caption: str = "") -> SoundName:
    """The name of a class; of a sound without a class the name is made of its caption."""
    if label:
        words = " ".join(_lower(word) for word in label.replace("_", " ").split())
        return SoundName(join_words([part.strip() for part in words.split(",")], "or"))
    quoted = caption.strip().rstrip(".")
    return SoundName(f'sound described as "{quoted}"' if quoted else "sound of unknown kind")


def _lower(word: str) -> str:
    """Lower case, but for what is spelled in capitals: TV stays."""
    return word if len(word) > 1 and word.isupper() else word.lower()


def _pluralise(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def say_number(count: int) -> str:
    """A count in words up to twelve."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def say_ordinal(place: int) -> str:
    """ "first" for 0; there are at most 16 sounds in a scene."""
    return (*_ORDINALS, *_LATER_ORDINALS)[place]


def join_words(words: Sequence[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def capitalise(sentence: str) -> str:
    """The first letter large, the others as they are."""
    return sentence[:1].upper() + sentence[1:]
