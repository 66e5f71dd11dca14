"""The ten tasks, one file each: from what is true of a scene to a question with one true option.

`base` says what a variant is; `VARIANTS` lists all. A task that the paper does not name in text is
`location_content_binding`: nine of its ten tasks are named, and this one is our choice for the tenth.
"""

from twnm_bench.families import (
    attribute_binding,
    causal_intent,
    content_identification,
    counterfactual,
    environmental_acoustics,
    location_content_binding,
    scene_summarisation,
    sound_location_binding,
    source_counting,
    spatial_relationship,
)
from twnm_bench.families.base import Variant

VARIANTS: tuple[Variant, ...] = (
    *content_identification.VARIANTS,
    *source_counting.VARIANTS,
    *environmental_acoustics.VARIANTS,
    *sound_location_binding.VARIANTS,
    *attribute_binding.VARIANTS,
    *location_content_binding.VARIANTS,
    *spatial_relationship.VARIANTS,
    *counterfactual.VARIANTS,
    *scene_summarisation.VARIANTS,
    *causal_intent.VARIANTS,
)
BY_NAME = {(variant.task, variant.name): variant for variant in VARIANTS}
