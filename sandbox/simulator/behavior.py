"""The settings of the simulated platform, which can be given at its start and changed while it runs."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.simulator.delivery import Timing
from sandbox.simulator.faults import FAULTS

PROFILES = ("both", "guide", "public")


class BadBehavior(Exception):
    """A change names a field that does not exist, or has a value that its field does not accept."""


@dataclass(frozen=True, kw_only=True)
class Behavior:
    """The defaults are a platform without faults and with the documented limit. Durations are seconds."""

    #: `guide`, `public` or `both`: which endpoints and which way of sending credentials are accepted.
    profile: str = "both"
    #: The secret that the token endpoint accepts, from any client id.
    client_secret: str = "sandbox-secret"  # noqa: S105 - a default that opens nothing but this simulator
    token_life_s: float = 86400.0
    #: Token requests allowed for each client and window; 0 for no limit.
    token_rate_limit: int = 0
    token_rate_window_s: float = 60.0
    #: The name of a fault that every request to the token endpoint meets.
    token_outage: str = ""
    #: API requests allowed for each OAuth client and window; 0 for no limit and no headers.
    rate_limit: int = 300
    rate_window_s: float = 60.0
    #: The delay of each API reply. The phone rings before it.
    latency_s: float = 0.0
    #: The E.164 caller IDs that are accepted; null for any.
    verified_caller_ids: tuple[str, ...] | None = None
    #: Whether the client has the permission to place calls; without it the reply is 403.
    may_place_calls: bool = True
    #: The name of a fault that every API request meets.
    outage: str = ""
    #: Fault name to probability, for calls to numbers that are not magic.
    faults: Mapping[str, float] = field(default_factory=dict)
    fault_seed: int = 0
    #: The `Retry-After` of the faults that carry one, in whole seconds.
    retry_after_s: int = 1
    #: How long a connection without a response stays open.
    hang_s: float = 600.0
    #: The delay between two bytes of a reply that is sent byte by byte.
    drip_interval_s: float = 0.5
    #: The delay until the attribute search finds a call.
    search_lag_s: float = 5.0
    #: The time until the user answers, from there until the callee answers, and from there until the call ends.
    alerting_s: float = 1.0
    dialing_s: float = 3.0
    talking_s: float = 10.0

    @property
    def timing(self) -> Timing:
        return Timing(self.hang_s, self.drip_interval_s)

    def as_json(self) -> dict[str, object]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}


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


def _caller_ids(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise BadBehavior("expected a list of E.164 numbers, or null")
    return tuple(_text(number) for number in value)


def _probabilities(value: object) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise BadBehavior("expected an object of fault names to probabilities")
    shares = {_fault_name(name): _seconds(share) for name, share in value.items()}
    if "" in shares or sum(shares.values()) > 1:
        raise BadBehavior("each needs the name of a fault, and their sum may not exceed 1")
    return shares


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
    "verified_caller_ids": _caller_ids,
    "faults": _probabilities,
}
