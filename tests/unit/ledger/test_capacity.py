"""How many calls a user has at once, who waits for whom, and when a user is free again."""

from dataclasses import replace
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.capacity import Capacity
from tasks.fleet.pace import Pace
from tasks.fleet.scheduler import Scheduler
from tasks.ledger.claim import GateVerdict
from tasks.ledger.progress import Progress
from tasks.ledger.settlement import End, Release, Settlement
from tasks.results import CallResult, CallState
from tasks.store import keys
from tests.support.desk_of_users import Desk
from tests.support.ground import UNPACED, Ground

TWO = Capacity(calls_per_user=1, longest_call_s=7200, users=("ann", "bob"))
LONGEST_CALL_S = 7200


@pytest.fixture
def desk(redis_client: Redis) -> Desk:
    return Desk(redis_client, TWO)


class TestUsers:
    def test_a_call_goes_to_the_user_who_has_been_free_the_longest(self, desk: Desk) -> None:
        assert [desk.dial("job-0"), desk.dial("job-1")] == ["ann", "bob"]
        desk.end("job-1")
        desk.ground.advance(1)
        desk.end("job-0")
        assert [desk.dial("job-2"), desk.dial("job-3")] == ["bob", "ann"]

    def test_the_record_says_whose_call_it_is_where_there_are_several(self, desk: Desk, redis_client: Redis) -> None:
        desk.dial("job-0")
        assert desk.ground.record("job-0")["user_id"] == "ann"
        Desk(redis_client, Capacity(calls_per_user=2, users=("ann",))).dial("job-1")
        assert "user_id" not in desk.ground.record("job-1")

    def test_a_job_that_names_a_user_goes_to_nobody_else(self, desk: Desk) -> None:
        assert desk.dial("job-0", user_id="bob") == "bob"
        assert desk.dial("job-1", user_id="bob") is None
        assert desk.dial("job-2") == "ann"

    def test_without_a_limit_users_take_turns(self, redis_client: Redis) -> None:
        desk = Desk(redis_client, Capacity(users=("ann", "bob")))
        assert [desk.dial(f"job-{n}") for n in range(4)] == ["ann", "bob", "ann", "bob"]
        assert desk.calls() == {}

    @pytest.mark.parametrize("limit", [1, 3])
    def test_no_user_has_more_calls_than_allowed(self, redis_client: Redis, limit: int) -> None:
        desk = Desk(redis_client, Capacity(calls_per_user=limit, users=("ann", "bob")))
        sent = [desk.dial(f"job-{n}") for n in range(10)]
        assert sent.count(None) == 10 - 2 * limit
        assert desk.calls() == {"ann": limit, "bob": limit}

    def test_a_job_that_waits_for_its_slot_has_its_user(self, redis_client: Redis) -> None:
        """Otherwise, another job would take the user in the meantime, and the slot would be lost."""
        desk = Desk(redis_client, Capacity(calls_per_user=1, users=("ann",)))
        desk.ground = Ground.over(redis_client, pace=Pace(interval_s=2), capacity=desk_capacity(1))
        first = desk.claim("job-0")
        assert desk.send(first) == "ann"
        desk.ground.requeue(first, counts=False)
        second, third = desk.claim("job-1"), desk.claim("job-2")
        gate = desk.ground.ledger.send(second, to="+1", caller_id="", users=["ann"])
        assert gate.verdict is GateVerdict.WAIT
        assert desk.send(third) is None


def desk_capacity(limit: int) -> Capacity:
    return Capacity(calls_per_user=limit, users=("ann",))


class TestWaiting:
    def test_a_job_for_a_taken_user_waits_without_nudges_and_others_pass(self, desk: Desk) -> None:
        desk.dial("job-0", user_id="ann")
        assert desk.dial("job-1", user_id="ann") is None
        assert desk.nudged() == []
        record = desk.ground.record("job-1")
        assert (record["state"], record["code"]) == ("queued", "user_busy")
        assert desk.dial("job-2", user_id="bob") == "bob"

    def test_it_is_due_again_when_the_user_is_free(self, desk: Desk) -> None:
        desk.dial("job-0", user_id="ann")
        desk.dial("job-1", user_id="ann")
        desk.dial("job-2", user_id="ann")
        desk.end("job-0")
        assert desk.nudged() == ["job-1"]
        assert desk.calls() == {"ann": 1}  # held for the job that is due now
        assert desk.dial("job-3", user_id="ann") is None
        assert desk.dial("job-1", user_id="ann") == "ann"

    def test_the_end_of_a_call_wakes_a_scheduler(self, desk: Desk) -> None:
        desk.dial("job-0", user_id="ann")
        desk.dial("job-1", user_id="ann")
        desk.ground.redis.delete(keys.wake)
        desk.end("job-0")
        assert desk.ground.redis.llen(keys.wake) == 1

    def test_the_highest_priority_is_next_and_then_the_oldest(self, desk: Desk) -> None:
        desk.dial("job-0", user_id="ann")
        for job_id, priority in [("low", 1), ("old", 5), ("new", 5), ("high", 9)]:
            assert desk.dial(job_id, user_id="ann", priority=priority) is None
            desk.ground.advance(1)
        order, current = [], "job-0"
        for _ in range(4):
            desk.end(current)
            (current,) = desk.nudged()
            order.append(current)
            desk.dial(current, user_id="ann", priority={"low": 1, "high": 9}.get(current, 5))
        assert order == ["high", "old", "new", "low"]

    def test_a_job_that_names_no_user_waits_for_any(self, desk: Desk) -> None:
        assert desk.dial("job-0"), desk.dial("job-1")
        desk.dial("job-1")
        assert desk.dial("job-2") is None
        desk.end("job-1")
        assert desk.nudged() == ["job-2"]
        assert desk.dial("job-2") == "bob"

    def test_a_user_who_gets_free_before_the_job_waits_is_not_missed(self, desk: Desk) -> None:
        desk.dial("job-0", user_id="ann")
        claim = desk.claim("job-1", user_id="ann")
        gate = desk.ground.ledger.send(claim, to="+1", caller_id="", users=["ann"])
        assert gate.verdict is GateVerdict.USER_BUSY
        desk.end("job-0")
        desk.ground.ledger.settle(claim, Settlement(action=Release(code=Code.USER_BUSY, waits_for_user=True)))
        assert desk.ground.due() == ["job-1"]

    @pytest.mark.parametrize("user_id", ["*", "a\x01b", 'a"b', "Zoë", "a:1"])
    def test_any_user_id_can_be_waited_for(self, desk: Desk, user_id: str) -> None:
        desk.dial("job-0", user_id=user_id)
        assert desk.dial("job-1", user_id=user_id) is None
        desk.end("job-0")
        assert desk.nudged() == ["job-1"]

    def test_a_waiting_job_can_be_cancelled_and_expires(self, desk: Desk) -> None:
        desk.dial("job-0", user_id="ann")
        desk.dial("job-1", user_id="ann")
        assert desk.ground.cancel("job-1").done
        assert desk.ground.redis.zcard(keys.waiting) == desk.ground.redis.zcard(keys.waiting_order) == 0
        desk.end("job-0")
        assert desk.nudged() == []

    def test_a_job_that_a_late_nudge_claims_waits_no_longer(self, desk: Desk) -> None:
        """Otherwise it would be made due although it was called, and take a user for it."""
        desk.dial("job-0", user_id="ann")
        desk.dial("job-1", user_id="ann")
        desk.end("job-0")
        assert desk.dial("job-1", user_id="ann") == "ann"
        assert desk.ground.redis.zcard(keys.waiting) == desk.ground.redis.zcard(keys.waiting_order) == 0
        desk.end("job-1")
        assert desk.nudged() == []
        assert desk.calls() == {}

    def test_a_call_that_redis_forgot_leaves_those_who_wait(self, desk: Desk) -> None:
        """Redis comes back with the state from before the call, when the job waited."""
        desk.dial("job-0", user_id="ann")
        desk.dial("job-1", user_id="ann")
        redis: Any = desk.ground.redis
        record = redis.hgetall(keys.job("job-1"))
        orders = {key: dict(redis.zrange(key, 0, -1, withscores=True)) for key in (keys.waiting, keys.waiting_order)}
        desk.end("job-0")
        desk.nudged()
        assert desk.dial("job-1", user_id="ann") == "ann"
        redis.delete(keys.job("job-1"))
        redis.hset(keys.job("job-1"), mapping=record)
        for key, order in orders.items():
            redis.zadd(key, order)
        assert "job-1" in desk.ground.ledger.replay()
        assert redis.zcard(keys.waiting) == redis.zcard(keys.waiting_order) == 0

    def test_it_is_open_and_queued_for_a_reader(self, desk: Desk) -> None:
        desk.dial("job-0", user_id="ann", batch="b")
        desk.dial("job-1", user_id="ann", batch="b")
        assert desk.ground.records.counts()["open"] == 1
        for batch in (None, "b"):
            page = desk.ground.records.page(State.QUEUED, batch=batch)
            assert [record["id"] for record in page.records] == ["job-1"]

    def test_without_a_limit_all_that_waited_are_due(self, desk: Desk, redis_client: Redis) -> None:
        desk.dial("job-0", user_id="ann")
        for n in range(1, 4):
            desk.dial(f"job-{n}", user_id="ann")
        Scheduler(redis_client, pace=UNPACED, width=lambda: 100, capacity=Capacity(users=("ann",))).nudge()
        assert sorted(desk.ground.due()) == ["job-1", "job-2", "job-3"]


class TestEndOfHold:
    @pytest.mark.parametrize("state", [State.REJECTED, State.FAILED])
    def test_proof_that_nothing_was_placed_gives_the_user_back(self, desk: Desk, state: State) -> None:
        claim = desk.claim("job-0")
        desk.send(claim)
        desk.ground.end(claim, state, Code.BAD_REQUEST)
        assert desk.calls() == {}

    def test_a_release_gives_the_user_back(self, desk: Desk) -> None:
        claim = desk.claim("job-0")
        desk.send(claim)
        desk.ground.requeue(claim, delay_s=5)
        assert desk.calls() == {}

    @pytest.mark.parametrize("result", list(CallResult))
    def test_every_result_gives_the_user_back_and_once(self, desk: Desk, result: CallResult) -> None:
        desk.dial("job-0")
        desk.end("job-0", result)
        assert desk.calls() == {}

    def test_a_call_of_which_nothing_is_heard_gives_the_user_back_in_the_end(self, desk: Desk) -> None:
        desk.dial("job-0")
        desk.ground.advance(LONGEST_CALL_S - 1)
        desk.nudged()
        assert desk.calls() == {"ann": 1}
        desk.ground.advance(2)
        desk.nudged()
        assert desk.calls() == {}

    def test_repeated_news_of_an_end_free_nobody_else(self, desk: Desk) -> None:
        desk.dial("job-0", user_id="ann")
        (call,) = desk.ground.following.calls_of(["conversation of job-0"]).values()
        ended = Progress(state=CallState.ENDED, result=CallResult.ANSWERED)
        desk.ground.following.record([(call, ended)], by_event=True)
        desk.dial("job-1", user_id="ann")
        desk.ground.following.record([(call, ended)], by_event=True)
        assert desk.calls() == {"ann": 1}

    def test_a_job_that_goes_to_another_user_gives_the_first_back(self, desk: Desk) -> None:
        claim = desk.claim("job-0")
        assert desk.send(claim) == "ann"
        placed = End(state=State.PLACED, code=Code.PLACED, conversation_id="c")
        desk.ground.ledger.settle(claim, Settlement(action=placed), user="bob")
        assert desk.calls() == {"bob": 1}

    def test_a_call_in_doubt_without_a_limit_holds_nobody(self, redis_client: Redis) -> None:
        desk = Desk(redis_client, Capacity(users=("ann",)))
        claim = desk.claim("job-0")
        desk.send(claim)
        desk.ground.end(claim, State.UNCONFIRMED, Code.CONNECTION_LOST)
        assert desk.ground.redis.zcard(keys.holds) == 0

    def test_a_call_without_a_clear_answer_keeps_its_user_for_five_minutes(self, desk: Desk) -> None:
        claim = desk.claim("job-0")
        desk.send(claim)
        desk.ground.end(claim, State.UNCONFIRMED, Code.CONNECTION_LOST)
        desk.ground.advance(299)
        desk.nudged()
        assert desk.calls() == {"ann": 1}
        desk.ground.advance(2)
        desk.nudged()
        assert desk.calls() == {}

    def test_a_dead_worker_keeps_its_user_no_longer_than_a_call_in_doubt(self, desk: Desk) -> None:
        claim = desk.claim("job-0")
        desk.send(claim)
        desk.ground.end_leases()
        assert desk.ground.reaper.reap() == {"job-0": State.UNCONFIRMED}
        desk.ground.advance(301)
        desk.nudged()
        assert desk.calls() == {}

    def test_a_late_answer_that_it_was_placed_holds_the_user_again(self, desk: Desk) -> None:
        claim = desk.claim("job-0")
        desk.send(claim)
        desk.ground.end_leases()
        desk.ground.reaper.reap()
        desk.ground.advance(301)
        desk.nudged()
        placed = End(state=State.PLACED, code=Code.PLACED, conversation_id="c")
        desk.ground.ledger.settle(claim, Settlement(action=placed), user="ann")
        assert desk.calls() == {"ann": 1}

    def test_news_of_another_call_do_not_give_the_user_back(self, desk: Desk) -> None:
        desk.dial("job-0")
        desk.ground.advance(60)
        (call,) = desk.ground.following.take(most=1).calls
        other = replace(call, conversation_id="another")
        desk.ground.following.record([(other, Progress(state=CallState.ENDED, result=CallResult.ANSWERED))])
        assert desk.calls() == {"ann": 1}


def test_a_job_that_waits_makes_looks_quicker(desk: Desk) -> None:
    desk.dial("job-0", user_id="ann")
    assert desk.dial("job-1", user_id="ann") is None
    desk.dial("job-2", user_id="bob")
    desk.ground.advance(6)
    assert [call.job_id for call in desk.ground.following.take(most=50).calls] == ["job-2"]
