"""Is a bad answer this job's own, or would every job meet it? The fleet stops before a backlog is burnt.

    answers in a row                     the jobs' own     then the fleet stops, and probes
    failed or unknown (an outage)        5                 after 5 s, 10 s, … 60 s, one at a time
    refused with the same code           5                 the same
    credentials refused                  0                 the same

until a call is placed. While it is stopped, no refusal ends a job, and no failure costs an attempt.
"""

import json
from enum import StrEnum
from typing import Final

from redis import Redis

from tasks.codes import Code
from tasks.errors import DialError, NotPlaced, Refused, Unknown
from tasks.job import Job
from tasks.store import keys
from tasks.store.scripts import source

_IN_A_ROW: Final = 5
_FIRST_DISTANCE_S: Final = 5.0
_LONGEST_DISTANCE_S: Final = 60.0

#: Refusals of what a job may bring along itself; then they are its own, and a wrong producer stops nobody else.
_CALLER_ID: Final = frozenset({Code.INVALID_FROM_ADDRESS})
_USER: Final = frozenset({Code.NOT_FOUND, Code.NOT_A_USER, Code.NO_STATION})
#: Refusals that a wrong permission, caller ID, user or profile would bring upon every job alike.
_EVERYBODYS: Final = frozenset({Code.INSUFFICIENT_PERMISSIONS}) | _CALLER_ID | _USER
#: Nothing came back.
_NO_ANSWER: Final = frozenset({Code.COULD_NOT_CONNECT, Code.NO_ANSWER_FROM_API, Code.CONNECTION_LOST})
_CREDENTIALS: Final = frozenset({Code.CREDENTIALS_REFUSED})


class Kind(StrEnum):
    """What a bad answer says of the API; the first three are reasons of a pause."""

    OUTAGE = "outage"
    REFUSAL = "refusal"
    CREDENTIALS = "credentials"
    CLEAR = "clear"


def kind_of(error: DialError, job: Job) -> Kind:
    """Sort an answer that was no call."""
    if error.code in _CREDENTIALS:
        return Kind.CREDENTIALS
    if (job.caller_id and error.code in _CALLER_ID) or (job.user_id and error.code in _USER):
        return Kind.CLEAR
    # A token that was just fetched and is refused is a fault of the configuration, like a missing permission.
    if error.code in _EVERYBODYS or error.code is Code.TOKEN_REFUSED:
        return Kind.REFUSAL
    if isinstance(error, Unknown) or error.code in {Code.COULD_NOT_CONNECT, Code.SERVICE_UNAVAILABLE}:
        return Kind.OUTAGE
    assert isinstance(error, (NotPlaced, Refused))  # noqa: S101 - the tree has no fourth branch
    return Kind.CLEAR


class Breaker:
    """Counts bad answers over the whole fleet. Raises redis.RedisError when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(source("breaker"))

    def note(self, error: DialError, job: Job) -> bool:
        """Count the answer to a job; True when the fleet is stopped for it, so that it is not this job's fault."""
        reply = self._script(
            keys=[keys.breaker, keys.pause],
            args=[
                kind_of(error, job),
                error.code,
                json.dumps(f"{error.code}: {error.message}"),
                _IN_A_ROW,
                int(_FIRST_DISTANCE_S * 1000),
                int(_LONGEST_DISTANCE_S * 1000),
                "" if error.code in _NO_ANSWER else "1",
            ],
        )
        return bool(reply)
