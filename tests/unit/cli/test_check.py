"""`dialer check`: each thing with its verdict, and how to fix it."""

import json
from typing import Any

import pytest

from tests.unit.conftest import Run
from worker.finding import Verdict
from worker.redis_findings import redis_findings

GOOD = {"redis_version": "7.4.1", "maxmemory_policy": "noeviction", "aof_enabled": 1}


class ScriptedInfo:
    """A Redis that tells of itself what the test says."""

    def __init__(self, info: dict[str, Any]) -> None:
        self._info = info

    def info(self) -> dict[str, Any]:
        return self._info


@pytest.mark.parametrize(
    ("changes", "verdicts", "told"),
    [
        ({}, ["ok", "ok", "ok"], "7.4.1"),
        ({"redis_version": "6.2.0"}, ["ok", "ok", "ok"], "6.2.0"),
        ({"redis_version": "6.0.20"}, ["fail", "ok", "ok"], "needs 6.2"),
        ({"redis_version": None}, ["fail", "ok", "ok"], "needs 6.2"),
        ({"maxmemory_policy": "allkeys-lru"}, ["ok", "fail", "ok"], "set 'maxmemory-policy noeviction'"),
        ({"maxmemory_policy": None}, ["ok", "warn", "ok"], "make sure that it is noeviction"),
        ({"aof_enabled": 0}, ["ok", "ok", "warn"], "set 'appendonly yes'"),
        ({"cluster_enabled": 1}, ["ok", "fail", "ok", "ok"], "Use a single server, or Sentinel."),
        ({"redis_mode": "cluster"}, ["ok", "fail", "ok", "ok"], "Redis runs in cluster mode."),
        ({"server_mode": "cluster"}, ["ok", "fail", "ok", "ok"], "Redis runs in cluster mode."),
        (
            {"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "9.1.0"},
            ["ok", "ok", "ok"],
            "version 9.1.0 of Valkey, compatible with Redis 7.2.4 at redis://localhost",
        ),
    ],
)
def test_whether_a_redis_will_do(changes: dict[str, Any], verdicts: list[str], told: str) -> None:
    report: Any = ScriptedInfo(GOOD | changes)
    found = list(redis_findings(report, "redis://localhost"))
    assert [finding.verdict for finding in found] == [Verdict(verdict) for verdict in verdicts]
    assert told in " ".join(finding.message for finding in found)


def test_every_fault_of_the_settings_and_redis_too(run: Run) -> None:
    result = run("check", DIALER_REDIS_URL="redis://:s3cret-word@localhost:1/0")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["fail  settings"] * 5 + ["fail  redis"]
    assert "GENESYS_CLOUD_CLIENT_ID is missing" in lines[0]
    assert "does not answer" in lines[-1]
    assert "s3cret-word" not in result.output


def test_for_programs(run_here: Run) -> None:
    found = json.loads(run_here("check", "--json").stdout)
    assert {frozenset(each) for each in found} == {frozenset({"check", "verdict", "message"})}
    assert [each["verdict"] for each in found if each["check"] == "redis"] == ["ok"]
