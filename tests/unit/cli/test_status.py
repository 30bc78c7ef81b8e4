"""`dialer status`: pauses, pace, backlog and workers."""

import json
import shlex

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.heartbeat import Heartbeat
from tasks.fleet.pause import Pause, PauseReason
from tasks.store import keys
from tests.support.ground import Ground, job
from tests.unit.conftest import Run


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


def test_an_empty_fleet(run_here: Run) -> None:
    result = run_here("status")
    assert result.exit_code == 0
    assert "none: start one with 'dialer worker'" in result.stdout


def test_why_it_waits_and_what_waits(run_here: Run, ground: Ground) -> None:
    Pause(ground.redis).begin(PauseReason.OPERATOR, "lunch", for_s=None)
    Heartbeat(ground.redis, worker="host:1:a", concurrency=8).beat()
    ground.ledger.accept([job("a"), job("b")])
    result = run_here("status")
    assert "operator, since" in result.stdout
    assert "until it is ended: lunch" in result.stdout
    assert "2 now (0 dispatched), 0 later" in result.stdout
    assert "1, total concurrency 8" in result.stdout


def test_the_backlog_eta_is_no_fiction(run_here: Run, ground: Ground) -> None:
    def eta() -> str:
        return run_here("status").stdout.rpartition("backlog ETA  ")[2].strip()

    assert eta() == "nothing is due"
    for n in range(3):  # a few requests, long before the import
        ground.end(ground.sending(job(f"early{n}")), State.PLACED, Code.PLACED)
    ground.ledger.accept([job(f"j{n}") for n in range(100)])
    assert eta() == "no worker is running"
    Heartbeat(ground.redis, worker="host:1:a", concurrency=8).beat()
    assert eta() == "0:00:20 at the pace"
    ground.redis.hset(keys.breaker, "open", "outage")
    assert eta() == "probing"
    Pause(ground.redis).begin(PauseReason.OPERATOR, "lunch", for_s=None)
    assert eta() == "paused"
    found = json.loads(run_here("status", "--json").stdout)
    assert (found["drain_s"], found["drain_basis"]) == (None, "paused")


def test_as_json(run_here: Run, ground: Ground) -> None:
    Pause(ground.redis).begin(PauseReason.RATE_LIMIT, "429", for_s=60)
    found = json.loads(run_here("status", "--json").stdout)
    assert found["pauses"][0]["reason"] == "rate_limit"
    assert found["pauses"][0]["until"].endswith("+00:00")
    assert (found["workers"], found["drain_s"], found["token_s"]) == ({}, None, None)


def test_how_much_of_the_limit_is_used(run_here: Run, ground: Ground) -> None:
    for n in range(30):
        ground.end(ground.sending(job(f"j{n}")), State.PLACED, Code.PLACED)
    found = json.loads(run_here("status", "--json", DIALER_RATE_LIMIT="60/60s").stdout)
    assert 20 <= found["sent_last_minute"] <= 30
    assert found["share_of_limit"] == pytest.approx(found["sent_last_minute"] / 60, abs=0.02)


@pytest.mark.parametrize(
    ("ids", "command"),
    [
        (["a", "b c", "it's"], """dialer retry a 'b c' 'it'"'"'s'"""),
        (["-a", "b"], "dialer retry -- -a b"),
    ],
)
def test_one_command_retries_what_was_rejected_before_a_pause(
    run_here: Run, ground: Ground, ids: list[str], command: str
) -> None:
    for job_id in ids:
        ground.end(ground.sending(job(job_id)), State.REJECTED, Code.BAD_REQUEST)
    ground.redis.hset(keys.breaker, "rejected_before", json.dumps(ids))
    assert f"rejected     {len(ids)} before the pause; once fixed: {command}\n" in run_here("status").stdout
    assert run_here(*shlex.split(command)[1:]).stdout == f"{len(ids)} queued again\n"


def test_lists_that_no_worker_reads(run_here: Run, ground: Ground) -> None:
    ground.redis.rpush("dial:1", "a", "b")
    ground.redis.rpush("dial\x06\x164", "a")
    line = "'dial\\x06\\x164' (1), 'dial:1' (2)"
    assert f"unread lists  {line}; see 'dialer check'" in run_here("status").stdout
    assert json.loads(run_here("status", "--json").stdout)["unread"] == {"dial:1": 2, "dial\x06\x164": 1}
    assert f"warn  queue: no worker reads {line}: remove sep" in run_here("check").stdout
