"""What must hold after every step, whatever step it was."""

import json
from collections import Counter
from typing import Any, Final

from tasks.codes import OPEN_STATES, OUTCOMES, State
from tests.model.jobs import SENT_AS
from tests.model.snapshot import COUNTED_LATER, Snapshot

_WAITING: Final = {"queued", "scheduled"}
_HELD: Final = {"preparing", "sending"}
_RETRIED: Final = {"rejected", "failed", "unconfirmed", "cancelled", "expired"}
_AFTER_THE_OUTCOME: Final = {"final", *("call_state", "result", "result_detail")}
#: State -> those that one step may lead to.
_STEPS: Final[dict[str | None, set[str]]] = {
    None: {"queued", "scheduled", "rejected"},
    "queued": {"preparing", "cancelled", "expired"},
    "scheduled": {"preparing", "cancelled", "expired"},
    "preparing": {"sending", "queued", "scheduled", "rejected", "failed", "cancelled", "expired"},
    "sending": {"queued", "scheduled", "placed", "rejected", "failed", "unconfirmed"},
    "unconfirmed": {"queued", "placed", "rejected", "failed"},
    "placed": set(),
} | {state: {"queued"} for state in _RETRIED - {"unconfirmed"}}


def check_step(before: Snapshot, after: Snapshot) -> None:
    """Between two steps: only known ways are gone, fences grow, and each outcome is told once."""
    told = after.stream[len(before.stream) :]
    assert after.stream[: len(before.stream)] == before.stream
    for job_id in after.records.keys() | before.records.keys():
        was, is_now = before.state(job_id), after.state(job_id)
        assert is_now == was or is_now in _STEPS[was], f"{job_id}: {was} -> {is_now}"
        assert after.fence(job_id) >= before.fence(job_id), f"{job_id}: the fence went back"
        expected = [(job_id, is_now)] if is_now != was and is_now in OUTCOMES else []
        assert [entry for entry in told if entry[0] == job_id] == expected
        if is_now == was and is_now in OUTCOMES:
            assert _outcome(before, job_id) == _outcome(after, job_id), f"{job_id}: an outcome was written over"


def _outcome(now: Snapshot, job_id: str) -> dict[str, Any]:
    """The record without what became of the call after the outcome."""
    return {name: value for name, value in now.result_of(job_id).items() if name not in _AFTER_THE_OUTCOME}


def check_state(now: Snapshot) -> None:
    """At any moment: a way forward for whatever is open, and indexes that tell the same as the records."""
    for job_id, record in now.records.items():
        state = State(record["state"])
        way = (now.due.get(job_id, []), job_id in now.leases)
        if job_id in now.waiting:
            assert (state, way) == ("queued", ([], False)), f"{job_id} {state}: {way}, and it waits for a user"
        elif state in _WAITING:
            assert way == ([int(record["priority"])], False), f"{job_id} {state}: {way}"
        else:
            assert way == ([], state in _HELD), f"{job_id} {state}: {way}"
        assert (job_id in now.expiring) == (state in OPEN_STATES and "_not_after_ms" in record), f"{job_id} {state}"
        assert (job_id in now.results) == (state in OUTCOMES), f"{job_id} {state}: its result"
        if state in OUTCOMES:
            told = {k: v for k, v in now.results[job_id].items() if k not in COUNTED_LATER}
            told.pop("final", None)
            # Celery's result is stored with the outcome, and tells nothing of what became of the call later.
            assert told == _outcome(now, job_id)
    listed = {*now.due, *now.leases, *now.expiring}
    assert listed <= now.records.keys(), f"nobody knows {listed - now.records.keys()}"
    _check_indexes(now)
    _check_users(now)
    assert now.hands.keys() <= now.workers, "a hand that nobody would take over"


def _check_users(now: Snapshot) -> None:
    """Who has calls, who holds whom, and who waits tell the same."""
    assert now.waiting == now.order
    assert now.holds.keys() == now.holders.keys()
    assert Counter(now.holders.values()) == now.calls_of
    for job_id in now.holders:
        state = now.state(job_id)
        # A job that was waited for is due, and has its user already.
        assert state in {"queued", "preparing", "sending", "unconfirmed", "placed"}, f"{job_id} {state} holds a user"
        assert not (state == "placed" and "result" in now.records[job_id]), f"{job_id} holds a user after its call"


def _check_indexes(now: Snapshot) -> None:
    for state, ids in now.index.items():
        assert ids == {job_id for job_id in now.records if now.state(job_id) == state}, f"index of {state}"
    for (batch, state), ids in now.batches.items():
        members = {job_id for job_id, record in now.records.items() if record.get("batch") == batch}
        wanted = OPEN_STATES if state == "open" else {state}
        assert ids == {job_id for job_id in members if now.state(job_id) in wanted}, f"{state} of batch {batch}"


def counted(now: Snapshot) -> Counter[str]:
    """Job id -> how often the ledger was asked to enter it."""
    asked = {
        job_id: sum(int(record.get(name, 0)) for name in COUNTED_LATER) for job_id, record in now.records.items()
    }
    return Counter({job_id: 1 + again for job_id, again in asked.items()})


def check_nothing_lost(now: Snapshot, sent: Counter[str]) -> None:
    """Each message that was ever sent is in the inbox, in a hand, or was counted by the ledger."""
    raw = [*now.inbox, *(message for hand in now.hands.values() for message in hand)]
    records = {sent_as: job_id for job_id, sent_as in SENT_AS.items()}
    there = Counter(records[json.loads(message)["headers"]["id"]] for message in raw) + counted(now)
    assert sent <= there, f"lost: {sent - there}"
