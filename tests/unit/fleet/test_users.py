"""Who has calls in progress, who is set aside, and how many jobs wait for whom."""

from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from tasks.fleet.capacity import Capacity
from tasks.fleet.pause import Pause, PauseReason
from tasks.fleet.scheduler import Scheduler
from tasks.fleet.users import UserStatus, look_at_users
from tasks.results import CallResult
from tasks.store import keys
from tests.support.desk_of_users import Desk
from tests.support.ground import UNPACED, job

FLEET = Capacity(calls_per_user=1, users=("ann", "bob"))


@pytest.fixture
def desk(redis_client: Redis) -> Desk:
    return Desk(redis_client, FLEET)


def miss(desk: Desk, user: str, *times: str) -> None:
    """The user misses a call for each of these jobs."""
    for job_id in times:
        assert desk.dial(job_id, user_id=user) == user
        desk.end(job_id, CallResult.AGENT_MISSED)


def pauses(desk: Desk) -> dict[str, Any]:
    return {entry.reason: entry.until for entry in Pause(desk.ground.redis).entries()}


def test_only_users_about_whom_there_is_something_to_say(desk: Desk) -> None:
    desk.dial("job-0", user_id="ann/1")
    desk.dial("job-1", user_id="ann/1")
    desk.dial("job-2", user_id="bob")
    desk.end("job-2")
    assert look_at_users(desk.ground.redis) == [UserStatus(user="ann/1", calls=1, waiting=1)]


@pytest.mark.parametrize(("missed", "aside_s"), [(1, 60), (2, 300), (3, None)])
def test_a_user_who_misses_calls_is_set_aside_for_longer_and_longer(
    desk: Desk, missed: int, aside_s: int | None
) -> None:
    for n in range(missed):
        desk.ground.advance(400)
        miss(desk, "ann", f"job-{n}")
    (ann,) = look_at_users(desk.ground.redis)
    assert ann.missed == missed
    if aside_s is None:
        assert ann.aside_until is None
    else:
        assert ann.aside_until
        assert (ann.aside_until - datetime.now(UTC)).total_seconds() == pytest.approx(aside_s, abs=5)
    assert desk.dial("another") == "bob"
    desk.ground.advance((aside_s or 10**6) + 1)
    assert desk.dial("later", user_id="ann") == ("ann" if aside_s else None)


@pytest.mark.parametrize(
    ("result", "there"), [(CallResult.BUSY, True), (CallResult.ANSWERED, True), (CallResult.FAILED, False)]
)
def test_a_call_that_the_user_picked_up_ends_the_row(desk: Desk, result: CallResult, there: bool) -> None:
    miss(desk, "ann", "job-0")
    desk.ground.advance(61)
    desk.dial("job-1", user_id="ann")
    desk.end("job-1", result)
    assert (desk.ground.redis.hget(keys.users_aside, "ann") is None) == there


def test_a_fleet_without_anybody_pauses_until_the_first_is_back(desk: Desk) -> None:
    miss(desk, "ann", "ann-0")
    desk.ground.advance(61)
    miss(desk, "ann", "ann-1")  # for five minutes
    desk.nudged()
    assert pauses(desk) == {}
    miss(desk, "bob", "bob-0")  # for one
    desk.nudged()
    assert list(pauses(desk)) == [PauseReason.NOBODY_THERE]
    desk.ground.advance(61)
    assert pauses(desk) == {}
    desk.ground.ledger.accept([job("for bob")])
    desk.nudged()
    assert pauses(desk) == {}
    assert desk.ground.redis.llen(keys.calls) == 1


def test_a_person_says_that_they_are_there(desk: Desk) -> None:
    for n in range(3):
        desk.ground.advance(400)
        miss(desk, "ann", f"ann-{n}")
        miss(desk, "bob", f"bob-{n}")
    desk.nudged()
    assert pauses(desk) == {PauseReason.NOBODY_THERE: None}
    Pause(desk.ground.redis).end(PauseReason.NOBODY_THERE)
    assert look_at_users(desk.ground.redis) == []
    assert desk.dial("job-9") in FLEET.users


def test_an_empty_fleet_of_users_is_no_reason_to_pause(redis_client: Redis) -> None:
    Scheduler(redis_client, pace=UNPACED, width=lambda: 1, capacity=Capacity(calls_per_user=1)).nudge()
    assert Pause(redis_client).entries() == []
