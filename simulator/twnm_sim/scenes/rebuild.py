"""Audio made again from recipes: the form in which scenes travel whose clips may not.

Each scene is composed from the clips and rooms at hand and compared with what its record says: the same bit for bit
(`identical`), within -90 dB (`equivalent`, as on another processor or with other versions), or `different`. A clip that is
missing or has other content is named, and the scene is left out by that name.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from twnm_schemas.clips import Clip
from twnm_schemas.errors import AudioError, StoreError
from twnm_schemas.scenes import Scene
from twnm_shards.files import appearing, check_writable, disk_errors
from twnm_shards.tars import iter_members, read_data
from twnm_sim.clips.audio import verify_clip
from twnm_sim.clips.catalog import Catalog
from twnm_sim.scenes.brirs import BrirLibrary
from twnm_sim.scenes.compose import ClipReader, Composed, Context, compose_recipe, find_clip
from twnm_sim.scenes.sketch import difference_db
"""
"""
