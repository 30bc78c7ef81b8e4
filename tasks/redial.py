"""Whether a producer wants the callee called again after a call that ended unanswered, when, and how often.

    {"busy": "5m", "no_answer": ["1h", "1d"], "most": 3}

Each reason has a distance, or a list of distances whose last one repeats. `most` is the number of calls in all, the
first one included, over all reasons.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from config.parsing import duration
from tasks.codes import Code
from tasks.errors import JobError

#: The results after which a callee may be called again. An answer, a declined call and an invalid number end a job.
REASONS: Final = ("busy", "no_answer", "unreachable", "unanswered")
DEFAULT_MOST: Final = 3
_MOST: Final = range(2, 11)
_MOST_DISTANCES: Final = 10
_DISTANCE: Final = duration(1, 31 * 86_400)
_FORM: Final = 'such as {"busy": "5m", "no_answer": ["1h", "1d"], "most": 3}'


@dataclass(frozen=True, kw_only=True)
class Redial:
    """Distances in seconds by reason, and the number of calls in all."""

    distances: Mapping[str, tuple[int, ...]]
    most: int = DEFAULT_MOST

    def distance_s(self, result: str, earlier: list[str]) -> int | None:
        """Return the seconds to wait after a call with this result, None for no other call.

        `earlier` are the results of the calls before it that reached the callee's network.
        """
        distances = self.distances.get(result)
        if not distances or len(earlier) + 1 >= self.most:
            return None
        return distances[min(earlier.count(result), len(distances) - 1)]

    def content(self) -> dict[str, Any]:
        """Return it as JSON in one form, so that equal wishes give equal texts."""
        return {
            reason: [f"{s}s" for s in self.distances[reason]] for reason in REASONS if reason in self.distances
        } | {"most": self.most}


def parse_redial(name: str, value: object) -> Redial:
    """Read the field `redial` of a job, or the setting. Raises JobError (`invalid_field`)."""
    if not isinstance(value, dict):
        raise JobError(Code.INVALID_FIELD, f"{name} must be an object, {_FORM}.")
    unknown = [key for key in value if key not in {*REASONS, "most"}]
    if unknown:
        raise JobError(Code.INVALID_FIELD, f"{name} may have only {', '.join(REASONS)} and most, {_FORM}.")
    most = value.get("most", DEFAULT_MOST)
    if type(most) is not int or most not in _MOST:
        raise JobError(Code.INVALID_FIELD, f"{name}.most must be a whole number from {_MOST[0]} to {_MOST[-1]}.")
    distances = {reason: _distances(f"{name}.{reason}", value[reason]) for reason in REASONS if reason in value}
    if not distances:
        raise JobError(Code.INVALID_FIELD, f"{name} must name at least one of {', '.join(REASONS)}, {_FORM}.")
    return Redial(distances=distances, most=most)


def read_redial(name: str, text: str) -> Redial | None:
    """Read the setting or option, which is JSON; None if it is empty. Raises JobError (`invalid_field`)."""
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        raise JobError(Code.INVALID_FIELD, f"{name} must be a JSON object, {_FORM}.") from None
    return parse_redial(name, value)


def _distances(name: str, value: object) -> tuple[int, ...]:
    some = value if isinstance(value, list) else [value]
    if not 1 <= len(some) <= _MOST_DISTANCES:
        raise JobError(Code.INVALID_FIELD, f"{name} may have 1 to {_MOST_DISTANCES} distances.")
    return tuple(_seconds(name, each) for each in some)


def _seconds(name: str, value: object) -> int:
    try:
        return int(_DISTANCE(value if isinstance(value, str) else ""))
    except ValueError:
        raise JobError(
            Code.INVALID_FIELD, f"{name} must be a time from 1s to 31d, such as 90s, 5m, 2h or 1d."
        ) from None
