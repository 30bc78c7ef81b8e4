"""The Redis users of `deploy/users.acl` can do what they must, and nothing that they must not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from click.testing import CliRunner
from redis import Redis
from redis.exceptions import NoPermissionError

from sandbox.simulator.process import Simulator
from tasks.store import keys
from tasks.store.keys import MAX_READ_BYTES
from tests.support.fleet import ROOT, WorkerProcess, environment, wait_for
from tests.support.own_server import own_server
from worker.cli.main import cli

#: Every key whose name depends on nothing.
FIXED_KEYS = [key for key in vars(keys).values() if isinstance(key, str) and re.fullmatch("dialer[.:][a-z]+", key)]
#: What a reader has no use for: who could read calls or wake could not act on them.
UNSEEN = (keys.calls, keys.wake, keys.epoch)


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A Redis with the users of the file; `admin` is the one that may do everything."""

    port: int

    @property
    def url(self) -> str:
        return f"redis://admin:admin-pw@127.0.0.1:{self.port}/0"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """The file as a real `aclfile`, with a password behind each `on`."""
    users = re.sub(
        r"^user (\w+) on ", r"user \1 on >\1-pw ", (ROOT / "deploy/users.acl").read_text(), flags=re.MULTILINE
    )
    (tmp_path / "users.acl").write_text(users)
    with own_server(f"aclfile {tmp_path}/users.acl") as port:
        yield Guarded(port=port)


def url(server: Guarded, user: str) -> str:
    return f"redis://{user}:{user}-pw@127.0.0.1:{server.port}/0"


def denials(server: Guarded) -> list[Any]:
    with Redis.from_url(server.url, decode_responses=True) as admin:
        log: Any = admin.acl_log()
        return [(entry["username"], entry["reason"], entry["object"]) for entry in log]


def test_worker_producer_and_operator_get_by(guarded: Guarded, simulator: Simulator, tmp_path: Path) -> None:
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


def test_a_worker_may_receive_events(guarded: Guarded, simulator: Simulator, tmp_path: Path) -> None:
    simulator.behave(profile="public", contacting_s=0, dialing_s=0, talking_s=0)
    public = {"GENESYS_CLOUD_PROFILE": "public", "GENESYS_CLOUD_LOGIN_URL": simulator.url}
    env = environment(url(guarded, "worker"), simulator.url, **public)
    with (
        WorkerProcess(env, tmp_path / "worker.log") as worker,
        Redis.from_url(guarded.url, decode_responses=True) as admin,
    ):
        wait_for(lambda: bool(admin.exists(keys.events_users)))
        args = ["enqueue", "+12125550100", "--id", "a"]
        assert CliRunner().invoke(cli, args, env={"DIALER_REDIS_URL": url(guarded, "worker")}).exit_code == 0
        wait_for(lambda: admin.hget(keys.job("a"), "result") == "answered")
        admin.hset(keys.events_missed, "user-1", 3)
        wait_for(lambda: "tells no events" in worker.output())
        assert worker.stop() == 0
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
def test_nobody_can_do_more(guarded: Guarded, user: str, command: list[str]) -> None:
    with Redis.from_url(url(guarded, user)) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)
