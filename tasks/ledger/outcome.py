"""The keys and the fields of an outcome, as the scripts need them (`lua/parts/outcome.lua`)."""

import json
from collections.abc import Iterator
from typing import Any, Final

from tasks.codes import WORDS, Code, State, fix_of
from tasks.fleet.breaker import FIRST_DISTANCE_S, IN_A_ROW, LONGEST_DISTANCE_S, Report
from tasks.fleet.capacity import QUICK_LOOK_S
from tasks.job import Job
from tasks.ledger.settlement import End, Release, Settlement
from tasks.store import keys

#: A placed call is looked at after this time: before, few calls have ended.
FIRST_LOOK_S: Final = 20.0


def outcome_keys(job_id: str, batch: str | None, state: State, *, result_id: str | None = None) -> list[str]:
    """Return the keys of `outcome.lua`, in its order. Without a batch, the script ignores the keys of the batch.

    `result_id` is the producer's id, if it differs from the job's; Celery's result is stored under it.
    """
    return [
        keys.job(job_id),
        keys.leases,
        keys.index(state),
        keys.index(State.UNCONFIRMED),
        keys.batch(batch or "", state),
        keys.batch(batch or "", State.UNCONFIRMED),
        keys.batch(batch or "", "open"),
        keys.outcomes,
        keys.result(job_id if result_id is None else result_id),
        keys.expiring,
        keys.history(job_id),
        keys.in_doubt,
        keys.batch_counts(batch or ""),
        keys.batches,
        *keys.capacity,
    ]


def outcome_fields(code: Code, message: str | None = None, **fields: Any) -> list[Any]:
    """Return names and values in turn: the code, its texts, and the other fields."""
    return flat({"code": code, "message": message or WORDS[code].meaning, "hint": fix_of(code)} | fields)


def end_fields(end: End) -> list[Any]:
    """Return the fields of an outcome except its state."""
    return outcome_fields(
        end.code,
        end.message,
        hint=end.hint or fix_of(end.code),
        http_status=end.http_status,
        conversation_id=end.conversation_id,
        correlation_id=end.correlation_id,
    )


def follow_argument(job: Job, action: End | Release, hold: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what `lua/parts/follow.lua` needs of a placed call; None for anything else."""
    if not isinstance(action, End) or action.state is not State.PLACED or not action.conversation_id:
        return None
    call = {"conversation": action.conversation_id, "batch": job.batch or ""}
    looks = {"first_ms": int(FIRST_LOOK_S * 1000), "quick_ms": int(QUICK_LOOK_S * 1000)}
    return {**call, **looks, **({"hold": hold} if hold else {})}


def settle_argument(
    settlement: Settlement, follow: dict[str, Any] | None, wait_for: dict[str, Any] | None = None
) -> str:
    """Return the settlement as JSON for `settle.lua`, without absent values. Times are in ms.

    `wait_for`: whom a job waits for that waits for a user.
    """
    reading, pause = settlement.reading, settlement.pause
    parts = {
        "action": _action(settlement.action) | ({"wait_for": wait_for} if wait_for else {}),
        "if_stopped": settlement.if_stopped and _action(settlement.if_stopped),
        "report": settlement.report and _report(settlement.report),
        "pause": pause and {"for_ms": int(pause.for_s * 1000), "message": json.dumps(pause.message)},
        "reading": reading
        and {
            "ticket": settlement.ticket,
            "count": reading.count,
            "allowed": reading.allowed,
            "reset_ms": int(reading.reset_s * 1000),
        },
        "follow": follow,
    }
    return json.dumps({name: value for name, value in parts.items() if value is not None})


def _action(action: End | Release) -> dict[str, Any]:
    if isinstance(action, End):
        return {"state": action.state, "fields": end_fields(action)}
    delay = {} if action.delay_s is None else {"delay_ms": int(action.delay_s * 1000)}
    why = {"code": action.code, "message": action.message} if action.code else {}
    return {"counts": action.counts, **delay, **why}


def _report(report: Report) -> dict[str, Any]:
    return {
        "kind": report.kind,
        "message": json.dumps(f"{report.code}: {report.message}"),
        "answered": report.answered,
        "in_a_row": IN_A_ROW,
        "first_ms": int(FIRST_DISTANCE_S * 1000),
        "longest_ms": int(LONGEST_DISTANCE_S * 1000),
    }


def flat(fields: dict[str, Any]) -> list[Any]:
    """Return names and values in turn, as the scripts need them, without empty values."""
    return list(_pairs(fields))


def _pairs(fields: dict[str, Any]) -> Iterator[Any]:
    for name, value in fields.items():
        if value is not None and value != "":
            yield from (name, value)
