"""The collections that adapters know by name: what to cite, and the terms of each as a whole.

A recording has its own licence besides. What each collection says of itself:

- FSD50K, zenodo.org/records/4060432: every clip its own, the whole, as the result of its curation, CC BY 4.0.
- Clotho v2, zenodo.org/records/4783391: audio and metadata as on Freesound, the captions under Tampere University's
  licence, "mainly non-commercial with attribution".
- MusicCaps, huggingface.co/datasets/google/MusicCaps: the table CC BY-SA 4.0; it holds no audio.
- Emilia and Emilia-YODAS, huggingface.co/datasets/amphion/Emilia-Dataset: CC BY-NC 4.0 and CC BY 4.0.
- ESC-50 and ESC-10, README.md of github.com/karolpiczak/ESC-50: CC BY-NC 3.0, and CC BY for the part ESC-10, without a
  version; of that list, 3.0 is what its links say.
"""

from dataclasses import dataclass

from twnm_schemas.clips import Clip
from twnm_schemas.licences import TAMPERE_NC
from twnm_sim.clips.adapters.esc50_classes import ESC10


@dataclass(frozen=True)
class Collection:
    """`license`: of the whole, "" where its parts have only their own; `caption_license`: of the captions it adds."""

    name: str
    title: str
    authors: str
    url: str
    license: str = ""
    caption_license: str = ""


_ESC = "ESC: Dataset for Environmental Sound Classification, Proc. 23rd ACM Int. Conf. on Multimedia, 2015"
_ESC_URL = "https://doi.org/10.1145/2733373.2806390"

COLLECTIONS: dict[str, Collection] = {
    collection.name: collection
    for collection in (
        Collection(
            name="fsd50k",
            title="FSD50K: an open dataset of human-labeled sound events, IEEE/ACM TASLP 30, 829-852, 2022",
            authors="E. Fonseca, X. Favory, J. Pons, F. Font, X. Serra",
            url="https://zenodo.org/records/4060432",
            license="CC-BY-4.0",
        ),
        Collection(
            name="clotho",
            title="Clotho: an Audio Captioning Dataset, ICASSP 2020, 736-740",
            authors="K. Drossos, S. Lipping, T. Virtanen",
            url="https://zenodo.org/records/4783391",
            caption_license=TAMPERE_NC,
        ),
        Collection(
            name="musiccaps",
            title="MusicCaps, in: MusicLM: Generating Music From Text, arXiv:2301.11325, 2023",
            authors="A. Agostinelli et al.",
            url="https://huggingface.co/datasets/google/MusicCaps",
            license="CC-BY-SA-4.0",
            caption_license="CC-BY-SA-4.0",
        ),
        Collection(
            name="emilia",
            title="Emilia: An Extensive, Multilingual, and Diverse Speech Dataset for Large-Scale Speech Generation, "
            "arXiv:2407.05361, 2024",
            authors="H. He et al.",
            url="https://huggingface.co/datasets/amphion/Emilia-Dataset",
            license="CC-BY-NC-4.0",
        ),
        Collection(
            name="emilia-yodas",
            title="Emilia: A Large-Scale, Extensive, Multilingual, and Diverse Dataset for Speech Generation, "
            "arXiv:2501.15907, 2025",
            authors="H. He et al.",
            url="https://huggingface.co/datasets/amphion/Emilia-Dataset",
            license="CC-BY-4.0",
        ),
        Collection(name="esc50", title=_ESC, authors="K. J. Piczak", url=_ESC_URL, license="CC-BY-NC-3.0"),
        Collection(name="esc10", title=_ESC, authors="K. J. Piczak", url=_ESC_URL, license="CC-BY-3.0"),
    )
}


def collection_of(clip: Clip) -> Collection | None:
    """What the clip was taken from, None for a folder or a dataset that no adapter knows by name."""
    part_of_esc10 = clip.dataset == "esc50" and clip.label in ESC10
    return COLLECTIONS.get("esc10" if part_of_esc10 else clip.dataset)
