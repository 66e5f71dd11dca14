"""ESC-50 and ESC-10 (K. J. Piczak, 2015): Freesound recordings of 5 s in 50 and 10 classes. `esc50:PATH`, `esc10:PATH`.

Three layouts are read, and told apart by the files that are there:

- ESC-50 as its repository has it: `meta/esc50.csv` (filename,fold,target,category,esc10,src_file,take), `audio/*.wav`;
- ESC-10, and ESC-50's first release: a folder a class, `001 - Dog bark/1-100032-A.ogg`;
- flat: the same files side by side with `labels.csv` (file,label).

A file's name says fold, Freesound id and take. Who recorded it, under which title and licence, is in a list that comes
with the recordings: `LICENSE`, `README.txt`, `README.md` or `ATTRIBUTION.md`, one line a clip, as text

    - [1-100032-A.ogg]: clip derived from rose_bark.wav (http://...) by nfrae [CC0]

or with links. Where that list gives no version of a Creative Commons licence it means 3.0, which is what its linked
form says and what Freesound had in 2015. A clip that the list does not name keeps an unknown licence.

ESC-50 as a whole is under CC BY-NC 3.0 and its part ESC-10, ten of the classes, under CC BY (README.md of
github.com/karolpiczak/ESC-50): a clip of another class is under CC BY-NC at least, whatever its own licence.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from twnm_schemas.errors import StoreError
from twnm_schemas.licences import UNKNOWN, combinable, combine_licenses, parse_license
from twnm_sim.clips.adapters.esc50_classes import CLASSES, ESC10, SPELLINGS
from twnm_sim.clips.adapters.folder import say_name
from twnm_sim.clips.audioset_ontology import ancestor_ids, load_ontology
from twnm_sim.clips.datasets import COLLECTIONS
from twnm_sim.clips.listing import ClipSpec, Found
from twnm_sim.clips.tables import read_table, read_text

TABLE = Path("meta", "esc50.csv")
_COLUMNS = ("filename", "fold", "category")
_LISTS = ("LICENSE", "README.txt", "README.md", "ATTRIBUTION.md")
_FILE = re.compile(r"(?P<fold>[1-5])-(?P<freesound_id>\d+)-(?P<take>[A-Z])")
_CLASS_FOLDER = re.compile(r"\d{3} - .+")
_TEXT_LINE = re.compile(
    r"- \[(?P<file>[^\]]+)\]:\s+clip derived from (?P<title>.*) \((?P<url>https?://[^\s)]+)\) by (?P<user>.+) "
    r"\[(?P<license>[^\]]+)\]\s*"
)
_LINKED_LINE = re.compile(
    r"- \*\*\[(?P<file>[^\]]+)\]\([^)]*\)\*\*:\s+clip derived from \[(?P<title>.*)\]\((?P<url>https?://[^\s)]+)\) "
    r"by \*(?P<user>.+)\* \((?P<license>\[[^\]]+\]\([^)]+\))\)\s*"
)


class Credit(NamedTuple):
    """What the list says of a clip."""

    title: str
    url: str
    user: str
    license: str


NOBODY = Credit("", "", "", UNKNOWN)


class _Recording(NamedTuple):
    path: Path
    category: str


def list_clips(spec: ClipSpec) -> Iterator[Found]:
    """Every clip of the layout that is there, in the order of its table or of the paths.

    Raises StoreError for a folder that holds none of the three layouts, saying what was looked for, and for a table
    that cannot be used.
    """
    root = Path(spec.place)
    credited = read_credits(root)
    for recording in _find_recordings(root):
        match = _FILE.match(recording.path.name)
        if match is None:
            raise StoreError(f"{recording.path} is not named as ESC names its clips (1-100032-A).")
        yield _describe(spec.kind, recording, match, credited.get(match.group(0), NOBODY))


def _find_recordings(root: Path) -> Iterator[_Recording]:
    if (root / TABLE).is_file():
        rows = read_table(root / TABLE, _COLUMNS)
        return (_Recording(root / "audio" / row["filename"], row["category"]) for row in rows)
    folders = sorted(path for path in root.iterdir() if path.is_dir() and _CLASS_FOLDER.fullmatch(path.name))
    if folders:
        return (_Recording(path, folder.name) for folder in folders for path in sorted(folder.glob("*.ogg")))
    if (root / "labels.csv").is_file():
        return (
            _Recording(root / row["file"], row["label"]) for row in read_table(root / "labels.csv", ("file", "label"))
        )
    raise StoreError(
        f"{root} is neither ESC-50 nor ESC-10: it holds no {TABLE.as_posix()}, no folders like '001 - Dog bark' and no "
        "labels.csv."
    )


def read_credits(root: Path) -> dict[str, Credit]:
    """What the lists in the folder say, by the clip's name without extension; empty where there is no list."""
    credited: dict[str, Credit] = {}
    for name in _LISTS:
        if (root / name).is_file():
            for line in read_text(root / name).splitlines():
                if match := _TEXT_LINE.fullmatch(line) or _LINKED_LINE.fullmatch(line):
                    credited.setdefault(match["file"].partition(".")[0], _read_credit(match))
    return credited


def _read_credit(match: re.Match[str]) -> Credit:
    return Credit(_unescape(match["title"]), match["url"], _unescape(match["user"]), _read_license(match["license"]))


def _unescape(text: str) -> str:
    """The list was written as Python shows text: "sy\\xf6v\\xe4t"."""
    return re.sub(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4}))", lambda m: chr(int(m[1] or m[2], 16)), text)


def _read_license(text: str) -> str:
    """ "CC-BY" or "[CC-BY](http://...)"; a name alone is of version 3.0."""
    found = parse_license(text)
    return parse_license(f"{text}-3.0") if found == UNKNOWN and text.startswith("CC-") else found


def _describe(kind: str, recording: _Recording, match: re.Match[str], credit: Credit) -> Found:
    label, mid = name_class(recording.category)
    return Found(
        clip_id=f"{kind}:{match.group(0)}",
        dataset=kind,
        path=str(recording.path),
        label=label,
        labels=(label,),
        audioset_ids=(mid,),
        ancestors=name_broader(label, mid),
        uploader=credit.user,
        freesound_id=match["freesound_id"],
        title=credit.title,
        source_url=credit.url or f"https://freesound.org/s/{match['freesound_id']}/",
        license=credit.license if label in ESC10 else bind(credit.license),
        source_split=f"fold{match['fold']}",
    )


def bind(own: str) -> str:
    """The licence of a clip beyond ESC-10 that is under this one by itself."""
    both = (own, COLLECTIONS["esc50"].license)
    return combine_licenses(both) if combinable(both) else own


def name_class(category: str) -> tuple[str, str]:
    """The label and AudioSet id of a class as any of the layouts spells it; the id is "" where AudioSet has none."""
    spelled = say_name(category)
    label = SPELLINGS.get(spelled, spelled)
    return label, CLASSES.get(label, "")


def name_broader(label: str, mid: str) -> tuple[str, ...]:
    """The broader classes, AudioSet's own name of the class first where that is another than the label."""
    ontology = load_ontology()
    if not mid:
        return ()
    names = [ontology[mid].name.lower(), *sorted(ontology[broader].name.lower() for broader in ancestor_ids(mid))]
    return tuple(name for name in names if name != label)
