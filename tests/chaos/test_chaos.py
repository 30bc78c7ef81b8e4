"""The short form of `make chaos`, and that its judge can find fault."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tasks.ledger.records import Record
from tasks.store import keys
from tests.chaos import judge
from tests.chaos.calls import follow_up_is_done, hasten, untrue_results, users_with_too_many, without_result
from tests.chaos.campaign import Campaign, dialer
from tests.chaos.course import Plan
from tests.chaos.orders import Order, orders
from tests.chaos.report import report, write_json, write_plot

SHORT = Plan(
    jobs=400,
    kills=14,
    calm_kills=3,
    seed=1,
    workers=3,
    gap_s=1.5,
    weather_gap_s=1.5,
    breath_s=0,
    connect_timeout_s=1,
    read_timeout_s=2,
    patience_s=120,
    hastens=True,
)


@pytest.mark.timeout(300)
def test_whatever_fails_nobody_is_called_twice_and_no_job_is_lost(tmp_path: Path) -> None:
    course = Campaign(plan=SHORT, print_progress=lambda _: None).run(dialer, keep_logs=tmp_path)
    found = report(SHORT, [course])
    missed = {figure.name: figure.values for figure in found.figures if figure.met() is False}
    assert missed == {}, f"{course.verdict} {course.faults}"  # a string, which pytest shows in full
    assert len(course.deaths) >= SHORT.kills
    assert course.verdict.outcomes["placed"] > SHORT.jobs / 2
    write_json(tmp_path / "report.json", SHORT, [course], found)
    write_plot(tmp_path / "outcomes.svg", course)


def order(job_id: str = "job-1", **changes: Any) -> Order:
    fields = {"to": "+12122340001", "fields": {}, "may_end": frozenset({"placed", "unconfirmed"})} | changes
    return Order(id=job_id, **fields)


@pytest.mark.parametrize(
    ("outcome", "rung", "fault"),
    [
        ("placed", 1, None),
        ("unconfirmed", 0, None),
        ("unconfirmed", 1, None),
        ("placed", 2, "called_twice"),
        ("unconfirmed", 2, "called_twice"),
        (None, 0, "lost"),
        (None, 1, "lost"),
        ("placed", 0, "wrong"),
        ("failed", 1, "wrong"),
        ("rejected", 1, "wrong"),
        ("cancelled", 1, "wrong"),
        ("expired", 1, "wrong"),
        ("failed", 0, "burnt"),
        ("rejected", 0, "burnt"),
    ],
)
def test_the_judge_believes_the_phones(outcome: str | None, rung: int, fault: str | None) -> None:
    """The same order with each outcome, and with as many rings."""
    found = judge.judge([order()], {"job-1": outcome} if outcome else {}, Counter({"+12122340001": rung}))
    names = ("called_twice", "lost", "wrong", "burnt")
    assert {name for name in names if getattr(found, name)} == ({fault} if fault else set())


def test_what_a_producer_asks_for_may_end_as_it_says() -> None:
    """Whoever cancels, or sends no number, gets what is due to that, and each order has a number of its own."""
    asked = list(orders(400, seed=3))
    assert len({each.to for each in asked}) == len({each.id for each in asked}) == 400
    assert {frozenset({"rejected"}), frozenset({"placed", "unconfirmed", "expired"})} <= {e.may_end for e in asked}
    assert any(each.cancelled and "cancelled" in each.may_end for each in asked)
    assert any(each.times > 1 for each in asked)


def test_a_number_or_a_secret_in_a_log_is_found(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("calls +1 212 234 0001\ncalls ***01\nsecret=sandbox-secret\nAuthorization: Bearer abc\n")
    assert judge.leaks([log]) == ["worker.log:1", "worker.log:3", "worker.log:4"]


def call(job_id: str = "job-1", **changes: Any) -> dict[str, Any]:
    fields = {"user_id": "user-1", "time": 100.0, "ended_at": 101.0, "result": "user_hangs_up"}
    return {"job_id": job_id, "conversation_id": f"conversation-{job_id}"} | fields | changes


@pytest.mark.parametrize(
    ("second", "most", "is_too_many"),
    [
        ({"time": 101.0}, 1, False),
        ({"time": 100.9}, 1, True),
        ({"time": 100.9, "user_id": "user-2"}, 1, False),
        ({"time": 100.9}, 2, False),
    ],
)
def test_a_user_with_a_second_call_at_once_is_found(second: dict[str, Any], most: int, *, is_too_many: bool) -> None:
    earlier = call("job-0", time=98.0, ended_at=99.0)
    found = users_with_too_many([call("job-2", **second), call(), earlier], most=most)
    assert found == (["user-1: job-2 while job-1"] if is_too_many else [])


def record(**changes: Any) -> Record:
    fields = {"state": "placed", "result": "answered", "final": True, "conversation_id": "conversation-job-1"}
    return {name: value for name, value in ({"id": "job-1"} | fields | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "has_result", "is_true"),
    [
        ({}, True, True),
        ({"state": "unconfirmed", "result": None, "final": None, "conversation_id": None}, True, True),
        ({"result": None}, False, True),
        ({"final": None}, False, True),
        ({"result": "busy"}, True, False),
        ({"result": "not_known"}, True, False),
        ({"conversation_id": "conversation-job-2"}, True, False),
        ({"conversation_id": None}, True, False),
    ],
)
def test_the_judge_believes_the_simulator_about_results(
    changes: dict[str, Any], *, has_result: bool, is_true: bool
) -> None:
    calls = [call(), call("job-2")]
    assert (without_result([record(**changes)]) == []) is has_result
    assert (untrue_results([record(**changes)], calls) == []) is is_true


def test_what_is_left_of_calls_and_users_is_found(real_redis: Redis) -> None:
    assert judge.left_over(real_redis) == []
    for key in (keys.holds, keys.holders, keys.users_calls, keys.followed, keys.followed_jobs, keys.waiting):
        real_redis.set(key, "left", ex=60)
        assert judge.left_over(real_redis) == [key]
        real_redis.delete(key)
    real_redis.set(keys.events_lease, "worker", ex=60)
    assert judge.left_over(real_redis) == []
    real_redis.persist(keys.events_lease)
    assert judge.left_over(real_redis) == ["dialer:events:lease has no lifetime"]


def test_a_campaign_waits_for_calls_holds_and_searches(real_redis: Redis) -> None:
    assert follow_up_is_done(real_redis)
    for key in (keys.followed, keys.holds, keys.waiting):
        real_redis.zadd(key, {"job-1": 1})
        assert not follow_up_is_done(real_redis)
        real_redis.delete(key)
    real_redis.zadd(keys.in_doubt, {"job-1": 5000})
    assert not follow_up_is_done(real_redis)
    hasten(real_redis)
    assert real_redis.zscore(keys.in_doubt, "job-1") == 0
    real_redis.hset(keys.job("job-1"), "evidence", "[]")
    assert follow_up_is_done(real_redis)
