"""Compares JSON with what the official SDK read from it, by the types that the SDK itself declares."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

#: What the SDK makes of a value that its list of values does not have.
UNKNOWN_VALUE: Final = "outdated_sdk_version"
#: The types in JSON and in Python.
_PLAIN: Final[dict[str, tuple[type, type]]] = {
    "str": (str, str),
    "int": (int, int),
    "bool": (bool, bool),
    "float": (float, float),
    "datetime": (str, datetime),
    "object": (object, object),
}


def differences(raw: Any, typed: Any, kind: str, place: str) -> Iterator[str]:
    """Yield where the JSON is not what the type says: unknown fields and values, wrong types."""
    if raw is None:
        yield f"{place}: null"
    elif kind in _PLAIN:
        in_json, in_python = _PLAIN[kind]
        if typed == UNKNOWN_VALUE:
            yield f"{place}: the SDK does not know the value {raw!r}"
        elif not isinstance(raw, in_json) or not isinstance(typed, in_python):
            yield f"{place}: {raw!r} is no {kind}"
    elif kind.startswith("list["):
        for n, (inner, read) in enumerate(zip(raw, typed, strict=True)):
            yield from differences(inner, read, kind[5:-1], f"{place}[{n}]")
    elif kind.startswith("dict("):
        for name, inner in raw.items():
            yield from differences(inner, typed[name], kind[5:-1].partition(", ")[2], f"{place}.{name}")
    else:
        yield from _of_a_model(raw, typed, kind, place)


def _of_a_model(raw: dict[str, Any], typed: Any, kind: str, place: str) -> Iterator[str]:
    names = {there: here for here, there in typed.attribute_map.items()}
    for name, inner in raw.items():
        if name not in names:
            yield f"{place}.{name}: no such field in {kind}"
        else:
            here = names[name]
            yield from differences(inner, getattr(typed, here), typed.swagger_types[here], f"{place}.{name}")
