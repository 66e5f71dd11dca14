"""The base of every record."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A record: unknown keys are errors, values never change, numbers are finite."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        json_schema_serialization_defaults_required=True,  # what is written holds every field
    )


class NameValue(Strict):
    """One entry of a free-key map. Maps are stored as lists of these so that Arrow sees one type."""

    name: str
    value: str


def name_values(pairs: dict[str, str]) -> tuple[NameValue, ...]:
    """The map as a tuple sorted by name."""
    return tuple(NameValue(name=name, value=pairs[name]) for name in sorted(pairs))
