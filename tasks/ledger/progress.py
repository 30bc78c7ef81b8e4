"""What a look-up or an event has told of a call: how far it is, or how it ended."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tasks.results import CallResult, CallState


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What is known of a call. Instants are epoch seconds, durations seconds; None for what is not told."""

    state: CallState
    #: None while the call goes on.
    result: CallResult | None = None
    #: The raw words that the result rests on, such as `sip:486`, `q850:17` or `disconnect:timeout`.
    detail: str = ""
    answered_at: float | None = None
    ended_at: float | None = None
    #: How long the callee's phone rang.
    ring_s: float | None = None
    talk_s: float | None = None

    def fields(self) -> dict[str, Any]:
        """Return the fields of the record, with None for what is not told."""
        return {
            "result_detail": self.detail,
            "answered_at": _iso(self.answered_at),
            "ended_at": _iso(self.ended_at),
            "ring_s": self.ring_s,
            "talk_s": self.talk_s,
        }


def _iso(instant: float | None) -> str | None:
    """Return the platform's time in the form of the record's other times."""
    if instant is None:
        return None
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
