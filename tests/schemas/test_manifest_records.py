"""Manifests: what a folder says of itself, strictly and in the same bytes every time."""

from typing import Any

import pytest
from pydantic import ValidationError

from twnm_schemas import Manifest, RenderSpec, canonical_json, name_values

SHARD = {"name": "brirs-000000.tar", "samples": 4, "bytes": 10240, "sha256": "0" * 64}
MANIFEST: dict[str, Any] = {
    "kind": "brirs",
    "samples": 4,
    "shards": [SHARD],
    "index_sha256": "1" * 64,
    "rejections": [{"reason": "outside_hrtf_coverage", "count": 3}],
    "settings": {"spec": RenderSpec().model_dump(mode="json"), "seed": 7, "rooms": 4},
    "versions": [{"name": "numpy", "value": "2.4.6"}],
    "seed": 7,
    "fingerprint": "0123456789abcdef",
}


def test_a_manifest_reads_back_from_its_own_json() -> None:
    manifest = Manifest.model_validate(MANIFEST)
    text = canonical_json(manifest)
    assert canonical_json(Manifest.model_validate_json(text)) == text
    assert RenderSpec.model_validate(manifest.settings["spec"]) == RenderSpec()
    assert manifest.conventions == "twnm-1"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "rooms"),
        ("conventions", "twnm-2"),
        ("seed", 2**63),  # more than a column of a table holds
        ("seed", -1),
        ("shards", [{**SHARD, "sha256": "0" * 63}]),
        ("shards", [{**SHARD, "samples": -1}]),
        ("shards", [{**SHARD, "host": "here"}]),
        ("written_at", "2025-01-01"),
        ("settings", {"speed": float("nan")}),
    ],
)
def test_a_manifest_that_says_too_much_or_nonsense_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field.split("_", maxsplit=1)[0]):
        Manifest.model_validate({**MANIFEST, field: value})


@pytest.mark.parametrize("field", sorted(MANIFEST))
def test_nothing_may_be_left_out(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Manifest.model_validate({name: value for name, value in MANIFEST.items() if name != field})


def test_versions_are_sorted_by_name() -> None:
    assert [entry.name for entry in name_values({"scipy": "1", "numpy": "2"})] == ["numpy", "scipy"]
