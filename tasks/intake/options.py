"""What Celery lets a producer ask for beside the job, and what Dialer makes of each option.

An option is a header of protocol 2, a field of the body of protocol 1, or an entry of the third part of the body of
protocol 2 ("embed"). `docs/reference/jobs.md` has the same table. Options that Celery does not know either are
ignored, as its own worker ignores them.
"""

from bisect import bisect
from datetime import UTC, datetime
from typing import Any, Final

from tasks.codes import Code
from tasks.errors import JobError
from tasks.job import DEFAULT_PRIORITY
from tasks.store.keys import PRIORITY_STEPS

#: Option -> what becomes of it.
HONORED: Final = {
    "task": "It must be `dial`.",
    "id": "It is the job's id.",
    "eta": "The job is not sent before; `countdown` sets it as well.",
    "expires": "The job is not sent at or after this time.",
    "utc": "Of protocol 1: if false, times without an offset are refused, because their zone is not known.",
    "args": "The job.",
    "kwargs": "The job, under the name `job`.",
}
#: Option -> why nothing is lost when it is ignored.
HARMLESS: Final = {
    "lang": "It tells the producer's language.",
    "meth": "It is for workers in other languages.",
    "origin": "It tells the producer's host.",
    "shadow": "It is a name for logs.",
    "argsrepr": "It is a text for logs.",
    "kwargsrepr": "It is a text for logs.",
    "root_id": "It tells which task sent this one.",
    "parent_id": "It tells which task sent this one.",
    "group": "Each job of a group is called, and `GroupResult` reads the results of the jobs.",
    "group_index": "It is the job's place in the group.",
    "taskset": "It is the group's former name.",
    "retries": "Dialer counts its own attempts.",
    "replaced_task_nesting": "It counts tasks that replaced each other.",
    "timelimit": "It would end a task, not a call; each request has a deadline.",
    "ignore_result": "The result is stored anyway.",
    "stamped_headers": "They are labels for Celery's remote control.",
    "stamps": "They are labels for Celery's remote control.",
}
#: Option -> how a producer says it. They name tasks that only a Celery worker would run after this one.
REFUSED: Final = {
    "callbacks": "`link`",
    "errbacks": "`link_error`",
    "chain": "`chain`",
    "chord": "`chord`",
}


def refuse_what_nobody_runs(*places: dict[str, Any]) -> None:
    """Check that no tasks are to run after this one. Raises JobError: `unsupported_option`."""
    asked = [name for name in REFUSED if any(place.get(name) for place in places)]
    if asked:
        raise JobError(Code.UNSUPPORTED_OPTION, f"Nobody would run what the message names in {', '.join(asked)}.")


def read_time(options: dict[str, Any], name: str) -> datetime | None:
    """Return Celery's `eta` or `expires`; None if there is none.

    Celery writes ISO 8601, without an offset in UTC. A number may be seconds since 1970, milliseconds, or seconds
    from now (as `apply_async` takes it), and Celery's own worker refuses it. Raises JobError: `invalid_field`.
    """
    value = options.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value)
            if instant.utcoffset() is not None:
                return instant.astimezone(UTC)
            if options.get("utc", True):
                return instant.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            pass
    told = f"Celery's {name} must be ISO 8601 with an offset, such as 2026-11-23T09:00:00+01:00."
    raise JobError(Code.INVALID_FIELD, told)


def read_priority(properties: dict[str, Any]) -> int:
    """Return the job's priority for the message's, as Celery orders messages on Redis: 0 first, in steps of three.

    Every message that says nothing has the message priority 0, so that one is the jobs' default priority.
    """
    try:
        message_priority = int(properties["priority"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return DEFAULT_PRIORITY
    step = bisect(PRIORITY_STEPS, max(message_priority, 0)) - 1
    return DEFAULT_PRIORITY - step
