"""Changes of the behavior, as read from JSON: each field has a reader, and what a field cannot take is refused."""

import dataclasses
from collections.abc import Callable, Mapping

from sandbox.simulator.behavior import Behavior
from sandbox.simulator.course import RESULTS
from sandbox.simulator.faults import FAULTS

PROFILES = ("both", "guide", "public")


class BadBehavior(Exception):
    """A change names a field that does not exist, or has a value that its field does not accept."""


def changed(behavior: Behavior, changes: Mapping[str, object]) -> Behavior:
    """Apply `changes`, as read from JSON. Raises BadBehavior, which names all mistakes."""
    mistakes = []
    values: dict[str, object] = {}
    for name, value in changes.items():
        read = _READERS.get(name)
        if read is None:
            mistakes.append(f"{name}: no such field")
            continue
        try:
            values[name] = read(value)
        except BadBehavior as e:
            mistakes.append(f"{name}: {e}")
    if mistakes:
        raise BadBehavior("; ".join(mistakes))
    return dataclasses.replace(behavior, **values)  # type: ignore[arg-type] # each reader gives its field's type


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadBehavior("expected a text")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadBehavior("expected true or false")
    return value


def _whole_number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadBehavior("expected a whole number, 0 or more")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise BadBehavior("expected seconds, 0 or more")
    return float(value)


def _profile(value: object) -> str:
    if value not in PROFILES:
        raise BadBehavior("expected " + ", ".join(PROFILES))
    return str(value)


def _fault_name(value: object) -> str:
    if value in ("", None):
        return ""
    if not isinstance(value, str) or value not in FAULTS:
        raise BadBehavior("expected the name of a fault, or nothing")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise BadBehavior("expected a list of texts")
    return tuple(_text(item) for item in value)


def _texts_or_null(value: object) -> tuple[str, ...] | None:
    return None if value is None else _texts(value)


def _probabilities(value: object) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise BadBehavior("expected an object of fault names to probabilities")
    shares = {_fault_name(name): _seconds(share) for name, share in value.items()}
    if "" in shares or sum(shares.values()) > 1:
        raise BadBehavior("each needs the name of a fault, and their sum may not exceed 1")
    return shares


def _result_shares(value: object) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise BadBehavior("expected an object of results to probabilities")
    shares = {str(name): _seconds(share) for name, share in value.items()}
    if not shares.keys() <= RESULTS.keys() or sum(shares.values()) > 1:
        raise BadBehavior(f"each needs one of {', '.join(RESULTS)}, and their sum may not exceed 1")
    return shares


def _named_texts(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise BadBehavior("expected an object of texts to texts")
    return {_text(name): _text(text) for name, text in value.items()}


_BY_TYPE: dict[type, Callable[[object], object]] = {
    str: _text,
    bool: _switch,
    int: _whole_number,
    float: _seconds,
}
_READERS: dict[str, Callable[[object], object]] = {
    **{f.name: _BY_TYPE[f.type] for f in dataclasses.fields(Behavior) if f.type in _BY_TYPE},
    "profile": _profile,
    "outage": _fault_name,
    "token_outage": _fault_name,
    "verified_caller_ids": _texts_or_null,
    "permissions": _texts_or_null,
    "users": _texts_or_null,
    "absent_users": _texts,
    "presences": _named_texts,
    "faults": _probabilities,
    "results": _result_shares,
}
