"""The Redis users of `deploy/users.acl` can do what they must, and nothing that they must not."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from click.testing import CliRunner
from redis import Redis
from redis.exceptions import NoPermissionError

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator.process import Simulator
from tasks.store import keys
from tasks.store.keys import MAX_READ_BYTES
from tests.support.fleet import ROOT, WorkerProcess, environment, wait_for
from worker.cli.main import cli

#: Every key whose name depends on nothing.
FIXED_KEYS = [key for key in vars(keys).values() if isinstance(key, str) and re.fullmatch("dialer[.:][a-z]+", key)]
#: What a reader has no use for: who could read calls or wake could not act on them.
UNSEEN = (keys.calls, keys.wake, keys.epoch)


@pytest.fixture
def guarded() -> Iterator[EmbeddedRedis]:
    """A Redis with the three users, and no way in without one."""
    with EmbeddedRedis() as server:
        with Redis.from_url(server.url) as admin:
            for line in (ROOT / "deploy/users.acl").read_text().splitlines():
                if line.startswith("user "):
                    _, name, *rules = line.split()
                    rules = [f">{name}-pw" if rule == ">PASSWORD" else rule for rule in rules]
                    admin.execute_command("ACL", "SETUSER", name, *rules)
        yield server


def url(server: EmbeddedRedis, user: str) -> str:
    return f"redis://{user}:{user}-pw@127.0.0.1:{server.port}/0"


def denials(server: EmbeddedRedis) -> list[Any]:
    with Redis.from_url(server.url, decode_responses=True) as admin:
        log: Any = admin.acl_log()
        return [(entry["username"], entry["reason"], entry["object"]) for entry in log]


def test_worker_producer_and_operator_get_by(guarded: EmbeddedRedis, simulator: Simulator, tmp_path: Path) -> None:
    env = environment(url(guarded, "worker"), simulator.url)
    producer = Celery(broker=url(guarded, "producer"), backend=url(guarded, "producer"))
    with WorkerProcess(env, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        for job in ({"to": "+12125551234", "batch": "b"}, {"to": "abc", "batch": "b"}, {}):
            outcome = producer.send_task("dial", args=[job], queue="dial").get(timeout=20)
            assert outcome["state"] in {"placed", "rejected"}
        producer.send_task("dial", args=["x" * MAX_READ_BYTES], queue="dial")
        wait_for(lambda: "message_too_large" in worker.output())
        simulator.behave(outage="rate_limited")
        producer.send_task("dial", args=[{"to": "+12125551235"}], queue="dial", task_id="waits")
        wait_for(lambda: "rate limit" in worker.output())
        for args in (
            ["enqueue", "+12125551236", "--id", "a", "--not-before", "2999-01-01T00:00:00Z", "--batch", "b"],
            *(["show", "a"], ["list"], ["list", "--state", "scheduled"], ["batch", "b"], ["export"], ["status"]),
            *(["cancel", "a"], ["retry", "a"], ["pause"], ["resume", "--all"]),
        ):
            result = CliRunner().invoke(cli, args, env={"DIALER_REDIS_URL": url(guarded, "worker")})
            assert result.exit_code == 0, (args, result.output)
        simulator.behave(outage="")
        wait_for(lambda: "job=waits placed" in worker.output())
        assert worker.stop() == 0
    with Redis.from_url(url(guarded, "reader")) as reader:
        assert reader.hgetall("dialer:job:a")
        assert reader.xrange("dialer:outcomes")
        for key in [*FIXED_KEYS, *keys.due, keys.index("placed"), keys.batch("b", "open"), keys.due_at(5)]:
            if key not in UNSEEN:
                assert reader.exists(key) >= 0
    assert denials(guarded) == []


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("producer", ["HGETALL", "dialer:job:a"]),
        ("producer", ["LRANGE", "dial", "0", "-1"]),
        ("producer", ["DEL", "dial"]),
        ("producer", ["GET", "dialer:epoch"]),
        ("reader", ["HSET", "dialer:job:a", "state", "placed"]),
        ("reader", ["GET", "celery-task-meta-a"]),
        ("reader", ["HGETALL", "dialer:token:a"]),
        ("reader", ["LRANGE", "dialer:in-hand:a", "0", "-1"]),
        ("producer", ["HGETALL", "dialer:token:a"]),
        ("worker", ["FLUSHALL"]),
        ("worker", ["CONFIG", "GET", "*"]),
        ("worker", ["GET", "another-program"]),
        ("worker", ["KEYS", "*"]),
    ],
)
def test_nobody_can_do_more(guarded: EmbeddedRedis, user: str, command: list[str]) -> None:
    with Redis.from_url(url(guarded, user)) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)
