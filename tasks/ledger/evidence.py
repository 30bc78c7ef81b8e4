"""What searches have shown of a call whose answer was lost, and when that is enough for a person.

An empty answer proves nothing by itself: the index may lag behind. If the same answer shows a call of this fleet that
was placed later, the witness, the index has passed the moment of the lost call, if it is in order. That is no proof
either, so Dialer never makes such a job sendable by itself: a person does, for many jobs at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

#: So many searches with a witness, and the time between the first and the last of them.
ENOUGH_LOOKS: Final = 2
APART_S: Final = 120.0
#: The record keeps so many looks; fewer are planned.
MOST_LOOKS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Look:
    """One complete search that did not find the call. `at` is in epoch seconds, by Redis' clock."""

    at: float
    #: The conversation of a call of this fleet that was placed later, and that the same answer shows; or "".
    witness: str = ""
    #: The conversation of another attempt at the same job, or of one that does not tell its number; or "".
    other: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the look as it is in the record."""
        named = {"witness": self.witness, "other": self.other}
        return {"at": _iso(self.at), "found": False} | {name: value for name, value in named.items() if value}


def looks_of(evidence: str) -> list[Look]:
    """Read the field `evidence` of a record; an empty text has no looks."""
    return [look_of(each) for each in json.loads(evidence or "[]")]


def look_of(each: Mapping[str, Any]) -> Look:
    """Read one look, as it is in the record."""
    at = datetime.fromisoformat(each["at"]).timestamp()
    return Look(at=at, witness=each.get("witness", ""), other=each.get("other", ""))


def is_enough(looks: list[Look]) -> bool:
    """Return whether a person may say for all such jobs at once that they were not placed.

    Any call of the same job, whichever attempt placed it, speaks against it: somebody was called for this job.
    """
    if any(look.other for look in looks):
        return False
    witnessed = [look.at for look in looks if look.witness]
    return len(witnessed) >= ENOUGH_LOOKS and max(witnessed) - min(witnessed) >= APART_S


def in_words(looks: list[Look]) -> list[str]:
    """Return a line for each look, and what follows from them."""
    lines = [f"{_iso(look.at)}: {_words(look)}" for look in looks]
    if is_enough(looks):
        return [*lines, "This is enough for 'dialer retry --state unconfirmed --with-evidence'."]
    return [*lines, "This is not enough evidence that the call was not placed."]


def _words(look: Look) -> str:
    if look.other:
        return f"the search found another call of this job: conversation {look.other}"
    if look.witness:
        return f"the search did not find the call, and shows a later call of this fleet: conversation {look.witness}"
    return "the search did not find the call, and shows no later call of this fleet"


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
