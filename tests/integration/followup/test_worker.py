"""Workers follow the calls that they place, and `dialer check` says whether the client may look them up."""

import re
import signal
import time
from typing import Any

import pytest
from click.testing import CliRunner
from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.genesys.look_up import SOURCES
from tasks.genesys.notifications import PERMISSION
from tasks.genesys.search import QUERY_PERMISSION, SEARCH_PERMISSION
from tasks.ledger.records import Records
from tasks.store import keys
from tests.integration.conftest import StartWorker
from tests.support.clock import advance
from tests.support.fleet import environment, wait_for
from tests.support.ground import Ground, job
from worker.cli.main import cli

ANALYTICS, CONVERSATION, _ = SOURCES
MAY_CALL = "conversation:call:add"


def public(simulator: Simulator) -> dict[str, str]:
    return {"GENESYS_CLOUD_PROFILE": "public", "GENESYS_CLOUD_LOGIN_URL": simulator.url}


@pytest.mark.parametrize("follow_up", ["on", "lookups", "off"])
def test_a_worker_follows_its_calls(
    start_worker: StartWorker, simulator: Simulator, real_redis: Redis, follow_up: str
) -> None:
    simulator.behave(profile="public", contacting_s=0, dialing_s=0, talking_s=0, analytics_lag_s=0)
    start_worker(**public(simulator), DIALER_FOLLOW_UP=follow_up)
    if follow_up == "on":
        wait_for(lambda: bool(real_redis.exists(keys.events_users)))
    ground = Ground.over(real_redis)
    ground.ledger.accept([job("busy", to="+12125550101"), job("answered", to="+12125550100")])
    wait_for(lambda: ground.records.counts()["placed"] == 2)
    records = Records(real_redis)
    if follow_up == "on":
        wait_for(lambda: all("result" in (records.show(name) or {}) for name in ("busy", "answered")), 5)
    advance(real_redis, ["busy", "answered"], 60)
    assert bool(real_redis.exists(keys.events_lease)) == (follow_up == "on")
    if follow_up == "off":
        assert not real_redis.exists("dialer:followed")
        return
    wait_for(lambda: (records.show("busy") or {}).get("result") == "busy")
    wait_for(lambda: (records.show("answered") or {}).get("result") == "answered")


def test_another_worker_takes_over_the_events_of_one_that_is_killed(
    start_worker: StartWorker, simulator: Simulator, real_redis: Redis
) -> None:
    simulator.behave(profile="public", contacting_s=0, dialing_s=0.2, talking_s=0.2, analytics_lag_s=3600)
    workers = [start_worker(**public(simulator)) for _ in range(2)]
    wait_for(lambda: bool(real_redis.exists(keys.events_users)))
    name: Any = real_redis.get(keys.events_lease)
    (holder,) = [worker for worker in workers if worker.pid == int(name.split(":")[1])]
    holder.signal(signal.SIGKILL)
    died_at = time.monotonic()
    wait_for(lambda: real_redis.get(keys.events_lease) not in {name, None})
    wait_for(lambda: bool(real_redis.exists(keys.events_users)))
    assert time.monotonic() - died_at < 15
    ground = Ground.over(real_redis)
    ground.ledger.accept([job("answered", to="+12125550100")])
    wait_for(lambda: ground.records.counts()["placed"] == 1)
    wait_for(lambda: ground.record("answered").get("result") == "answered", 5)


def test_a_worker_that_stops_leaves_the_events_to_others_at_once(
    start_worker: StartWorker, simulator: Simulator, real_redis: Redis
) -> None:
    simulator.behave(profile="public")
    worker = start_worker(**public(simulator))
    wait_for(lambda: bool(real_redis.exists(keys.events_users)))
    began_at = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began_at < 5
    assert not real_redis.exists(keys.events_lease, keys.events_users)
    assert "Traceback" not in worker.output()


@pytest.mark.parametrize(
    ("permissions", "told"),
    [
        (None, "ok    events: the client may receive the events of calls"),
        ([MAY_CALL], f"warn  events: the client lacks the permission {PERMISSION}, so results come later"),
    ],
)
def test_check_says_whether_the_client_may_receive_events(
    simulator: Simulator, redis_url: str, permissions: list[str] | None, told: str
) -> None:
    simulator.behave(profile="public", permissions=permissions)
    env = environment(redis_url, simulator.url, **public(simulator))
    assert told in CliRunner().invoke(cli, ["check"], env=env, prog_name="dialer").stdout
    off = CliRunner().invoke(cli, ["check"], env=env | {"DIALER_FOLLOW_UP": "lookups"}, prog_name="dialer")
    assert "  events: " not in off.stdout


@pytest.mark.parametrize(
    ("permissions", "told"),
    [
        (None, "ok    follow-up: the client may look up 50 calls with one request"),
        ([MAY_CALL, CONVERSATION.permission], f"warn  .* lacks the permission {ANALYTICS.permission}; see"),
        ([MAY_CALL], f"warn  .* {ANALYTICS.permission} and {CONVERSATION.permission}; see docs/results.md"),
    ],
)
def test_check_names_the_permission_that_is_missing(
    simulator: Simulator, redis_url: str, permissions: list[str] | None, told: str
) -> None:
    simulator.behave(profile="public", permissions=permissions)
    found = CliRunner().invoke(
        cli, ["check"], env=environment(redis_url, simulator.url, **public(simulator)), prog_name="dialer"
    )
    (line,) = re.findall(r"^.*  follow-up: .*$", found.stdout, re.MULTILINE)
    assert re.match(told, line)
    assert found.exit_code == 0


@pytest.mark.parametrize(
    ("permissions", "told"),
    [
        (None, "ok    lost answers: the client may search for calls by their attributes"),
        ([MAY_CALL, QUERY_PERMISSION], f"warn  .* one by one, .* lacks the permission {SEARCH_PERMISSION}; see"),
        ([MAY_CALL], f"warn  .* not searched for, .* {SEARCH_PERMISSION} and {QUERY_PERMISSION}; see"),
    ],
)
def test_check_names_the_permission_for_lost_answers(
    simulator: Simulator, redis_url: str, permissions: list[str] | None, told: str
) -> None:
    simulator.behave(profile="public", permissions=permissions)
    found = CliRunner().invoke(
        cli, ["check"], env=environment(redis_url, simulator.url, **public(simulator)), prog_name="dialer"
    )
    (line,) = re.findall(r"^.*  lost answers: .*$", found.stdout, re.MULTILINE)
    assert re.match(told, line)
    assert found.exit_code == 0


@pytest.mark.parametrize("follow_up", ["on", "lookups"])
def test_a_worker_finds_the_call_whose_answer_was_lost_within_30_seconds(
    start_worker: StartWorker, simulator: Simulator, real_redis: Redis, follow_up: str
) -> None:
    """By news of the call, or by a search."""
    instant = {"contacting_s": 0, "dialing_s": 0, "talking_s": 0, "search_lag_s": 1}
    simulator.behave(profile="public", faults={"reset_rings": 1.0}, **instant)
    start_worker(**public(simulator), DIALER_FOLLOW_UP=follow_up)
    ground = Ground.over(real_redis)
    ground.ledger.accept([job("lost")])
    wait_for(lambda: ground.state("lost") == "placed", timeout_s=30)
    (call,) = simulator.calls()
    assert ground.record("lost")["conversation_id"] == call["conversation_id"]
    entries: Any = real_redis.xrange(keys.outcomes)
    assert [entry["state"] for _, entry in entries][:2] == ["unconfirmed", "placed"]
