"""The classes of ESC-50 and ESC-10: one label each in plain words, and the AudioSet class that means the same sound.

Ids are those of AudioSet's ontology (see `audioset_ontology`). Where AudioSet has no class for the sound, as for a can
that is opened, the id is "": a broader class would claim too little, a neighbour something else.
"""

CLASSES: dict[str, str] = {
    "airplane": "/m/0cmf2",
    "baby cry": "/t/dd00002",
    "breathing": "/m/0lyf6",
    "brushing teeth": "/m/012xff",
    "can opening": "",
    "car horn": "/m/0912c9",
    "cat": "/m/01yrx",
    "chainsaw": "/m/01j4z9",
    "chirping birds": "/m/07pggtn",
    "church bells": "/m/03w41f",
    "clapping": "/m/0l15bq",
    "clock alarm": "/m/046dlr",
    "clock tick": "/m/07qjznt",
    "coughing": "/m/01b_21",
    "cow": "/m/01xq0k1",
    "crickets": "/m/09xqv",
    "crow": "/m/04s8yn",
    "dog bark": "/m/05tny_",
    "door knock": "/m/07r4wb8",
    "door creak": "/m/07qh7jl",
    "drinking": "",
    "engine": "/m/02mk9",
    "fire crackling": "/m/07pzfmf",
    "fireworks": "/m/0g6b5",
    "flying insects": "/m/03vt0",
    "footsteps": "/m/07pbtc8",
    "frog": "/m/09ld4",
    "glass breaking": "/m/07rn7sz",
    "hand saw": "/m/01b82r",
    "helicopter": "/m/09ct_",
    "hen": "/m/09b5t",
    "keyboard typing": "/m/01m2v",
    "laughing": "/m/01j3sz",
    "mouse click": "/m/07qc9xj",
    "pig": "/m/068zj",
    "pouring water": "/m/07prgkl",
    "rain": "/m/06mb1",
    "rooster": "/m/07qn5dc",
    "sea waves": "/m/034srq",
    "sheep": "/m/07bgp",
    "siren": "/m/03kmc9",
    "sneeze": "/m/01hsr_",
    "snoring": "/m/01d3sd",
    "thunderstorm": "/m/0jb2l",
    "toilet flush": "/m/01jt3m",
    "train": "/m/07jdr",
    "vacuum cleaner": "/m/0d31p",
    "washing machine": "",
    "water drops": "/m/07r5v4s",
    "wind": "/m/03m9d0z",
}

# The classes of ESC-10, all of whose clips are in it.
ESC10 = frozenset(
    {"baby cry", "chainsaw", "clock tick", "dog bark", "fire crackling", "helicopter", "rain", "rooster", "sea waves"}
    | {"sneeze"}
)

# The other spellings of the datasets, ESC-50's of 2015 and today's and ESC-10's, in plain words.
SPELLINGS: dict[str, str] = {
    "crackling fire": "fire crackling",
    "crying baby": "baby cry",
    "dog": "dog bark",
    "door wood creaks": "door creak",
    "door wood knock": "door knock",
    "door, wood creaks": "door creak",
    "drinking sipping": "drinking",
    "drinking, sipping": "drinking",
    "insects": "flying insects",
    "insects (flying)": "flying insects",
    "person sneeze": "sneeze",
    "sneezing": "sneeze",
}
