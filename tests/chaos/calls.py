"""What became of the placed calls of a campaign: the simulator's calls against the users and results in Redis."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from redis import Redis

from tasks.ledger.records import Record
from tasks.results import CallResult
from tasks.store import keys

Call = Mapping[str, Any]
_ANSWERED: Final = frozenset({"user_hangs_up", "callee_hangs_up", "second_leg_answers"})


def users_with_too_many(calls: Iterable[Call], *, most: int) -> list[str]:
    """Return each call that began while its user had `most` calls in progress, as a line.

    It is exact also for calls whose answers were lost: they last for about a second, and an unconfirmed job keeps its
    user until the platform shows no call, or for minutes.
    """
    found, in_progress = [], defaultdict[str, list[Call]](list)
    for call in sorted(calls, key=lambda each: each["time"]):
        others = [other for other in in_progress[call["user_id"]] if other["ended_at"] > call["time"]]
        if len(others) >= most:
            found.append(f"{call['user_id']}: {call['job_id']} while {', '.join(str(o['job_id']) for o in others)}")
        in_progress[call["user_id"]] = [*others, call]
    return found


def without_result(records: Iterable[Record]) -> list[str]:
    """Return the placed jobs whose record has no result, or does not say that nothing more happens."""
    placed = (record for record in records if record["state"] == "placed")
    return [f"{record['id']}: {_told(record)}" for record in placed if not _has_ended(record)]


def untrue_results(records: Iterable[Record], calls: Iterable[Call]) -> list[str]:
    """Return the placed jobs whose conversation or result is not the one that the simulator knows."""
    by_conversation = {call["conversation_id"]: call for call in calls}
    found = []
    for record in records:
        if record["state"] == "placed":
            call = by_conversation.get(record.get("conversation_id", ""))
            if call is None or call["job_id"] != record["id"]:
                found.append(f"{record['id']}: conversation of {call and call['job_id']}")
            elif "result" in record and record["result"] != result_of(call):
                found.append(f"{record['id']}: {record['result']}, not {result_of(call)}")
    return found


def result_of(call: Call) -> str:
    """Return the result that a record of this call must have."""
    return str(CallResult.ANSWERED if call["result"] in _ANSWERED else CallResult(call["result"]))


def follow_up_is_done(redis: Redis) -> bool:
    """Return whether no call is followed, no job holds a user or waits for one, and lost calls were searched for."""
    return redis.exists(keys.followed, keys.holds, keys.waiting) == 0 and not _not_searched(redis)


def hasten(redis: Redis) -> None:
    """Make the next looks at calls, and the first searches for lost ones, due now: the short form does not wait."""
    members: Any = redis.zrange(keys.followed, 0, -1)
    for key, names in ((keys.followed, members), (keys.in_doubt, _not_searched(redis))):
        if names:
            redis.zadd(key, dict.fromkeys(names, 0), xx=True)


def _not_searched(redis: Redis) -> Sequence[str]:
    """Return the jobs in doubt whose record shows no search."""
    ids: Any = redis.zrange(keys.in_doubt, 0, -1)
    return [job_id for job_id in ids if not redis.hexists(keys.job(job_id), "evidence")]


def _has_ended(record: Record) -> bool:
    return "result" in record and record.get("final") in {True, "1"}


def _told(record: Record) -> str:
    return f"{record.get('call_state', 'no state')}, {record.get('result', 'no result')}, final {record.get('final')}"
