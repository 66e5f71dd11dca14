"""Arrow types of records, derived from the models, so that a reader never has to guess them from the first samples.

A field is stable where it has one Arrow type whatever its value: a number, a text, a flag, a record, or a list of one
of these, each perhaps null. A union or a free-key map has no such type and is refused by name.
"""

from enum import Enum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    import pyarrow

_SCALARS = {bool: "bool", int: "int64", float: "float64", str: "string"}


def arrow_schema(model: type[BaseModel]) -> "pyarrow.Schema":
    """The Arrow schema of a record: one field per field of the model, in its order, nullable where the model is.

    Lists are of variable length: a fixed length would make null lists and lists from JSON two different types. Raises
    TypeError, naming the field, where a value has no single Arrow type.
    """
    import pyarrow

    return pyarrow.schema(_fields_of(model))


def _fields_of(model: type[BaseModel]) -> list["pyarrow.Field"]:
    import pyarrow

    fields = []
    for name, info in model.model_fields.items():
        try:
            arrow_type, nullable = _read_annotation(info.annotation)
        except TypeError as error:
            raise TypeError(f"{model.__name__}.{name}: {error}") from error
        fields.append(pyarrow.field(name, arrow_type, nullable=nullable))
    return fields


def _read_annotation(annotation: Any) -> tuple["pyarrow.DataType", bool]:
    """The Arrow type of an annotation, and whether null is among its values."""
    import pyarrow

    annotation = _strip_metadata(annotation)
    if annotation in _SCALARS:
        return pyarrow.type_for_alias(_SCALARS[annotation]), False
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pyarrow.struct(_fields_of(annotation)), False
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _read_one_of([member.value for member in annotation]), False
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _read_one_of(arguments), False
    if origin in (Union, UnionType):
        return _read_optional(annotation, arguments), True
    if origin in (tuple, list):
        return _read_list(annotation, arguments), False
    raise TypeError(f"{annotation} has no single Arrow type")


def _strip_metadata(annotation: Any) -> Any:
    return _strip_metadata(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def _read_one_of(values: Any) -> "pyarrow.DataType":
    import pyarrow

    kinds = {type(value) for value in values}
    if len(kinds) != 1 or not kinds <= _SCALARS.keys():
        raise TypeError(f"the values {', '.join(map(repr, values))} are not of one type")
    return pyarrow.type_for_alias(_SCALARS[kinds.pop()])


def _read_optional(annotation: Any, arguments: tuple[Any, ...]) -> "pyarrow.DataType":
    present = [argument for argument in arguments if argument is not NoneType]
    if len(present) != 1 or len(present) == len(arguments):
        raise TypeError(f"{annotation} is a union and has no single Arrow type")
    return _read_annotation(present[0])[0]


def _read_list(annotation: Any, arguments: tuple[Any, ...]) -> "pyarrow.DataType":
    import pyarrow

    items = {_read_annotation(argument) for argument in arguments if argument is not Ellipsis}
    if len(items) != 1:
        raise TypeError(f"{annotation} holds items of several types")
    item_type, nullable = items.pop()
    return pyarrow.list_(pyarrow.field("item", item_type, nullable=nullable))
