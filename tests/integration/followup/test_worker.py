"""A worker follows the calls that it places, and `dialer check` says whether the client may look them up."""

import re

import pytest
from click.testing import CliRunner
from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.genesys.look_up import SOURCES
from tasks.ledger.records import Records
from tests.integration.conftest import StartWorker
from tests.support.clock import advance
from tests.support.fleet import environment, wait_for
from tests.support.ground import Ground, job
from worker.cli.main import cli

ANALYTICS, CONVERSATION, _ = SOURCES
MAY_CALL = "conversation:call:add"


def public(simulator: Simulator) -> dict[str, str]:
    return {"GENESYS_CLOUD_PROFILE": "public", "GENESYS_CLOUD_LOGIN_URL": simulator.url}


@pytest.mark.parametrize("follow_up", ["lookups", "off"])
def test_a_worker_follows_its_calls(
    start_worker: StartWorker, simulator: Simulator, real_redis: Redis, follow_up: str
) -> None:
    simulator.behave(profile="public", contacting_s=0, dialing_s=0, talking_s=0, analytics_lag_s=0)
    start_worker(**public(simulator), DIALER_FOLLOW_UP=follow_up)
    ground = Ground.over(real_redis)
    ground.ledger.accept([job("busy", to="+12125550101"), job("answered", to="+12125550100")])
    wait_for(lambda: ground.records.counts()["placed"] == 2)
    advance(real_redis, ["busy", "answered"], 60)
    if follow_up == "off":
        assert not real_redis.exists("dialer:followed")
        return
    records = Records(real_redis)
    wait_for(lambda: all("result" in (records.show(name) or {}) for name in ("busy", "answered")))
    assert [(records.show(name) or {})["result"] for name in ("busy", "answered")] == ["busy", "answered"]


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
