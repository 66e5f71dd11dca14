"""Several names in one cell of an index."""

from collections.abc import Iterable
from urllib.parse import unquote

_SEPARATOR = "|"
_ESCAPES = str.maketrans({"%": "%25", _SEPARATOR: "%7C"})  # a name may hold whatever a file's name may


def join_names(names: Iterable[str]) -> str:
    """`a|b`. A "|" in a name becomes %7C and a "%" becomes %25."""
    return _SEPARATOR.join(name.translate(_ESCAPES) for name in names)


def split_names(cell: str) -> list[str]:
    """The names of a cell that `join_names` made."""
    return [unquote(name) for name in cell.split(_SEPARATOR)]
