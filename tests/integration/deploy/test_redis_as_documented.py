"""Redis runs on `deploy/redis.conf` and `deploy/users.acl` as docs/operating.md tells an operator to start it."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from redis import AuthenticationError, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.simulator.process import Simulator
from tests.support.deploy_files import ROOT, compose, made_secrets
from tests.support.fleet import WorkerProcess, environment
from tests.support.memory import USED_MB, used_mb
from tests.support.own_server import own_server

USERS = ("admin", "worker", "producer", "reader")


@dataclass(frozen=True, kw_only=True)
class Deployed:
    port: int
    secrets: Path

    def client(self, user: str) -> Redis:
        password = (self.secrets / f"redis_{user}_password").read_text().strip()
        return Redis(port=self.port, username=user, password=password, decode_responses=True)

    def url(self, user: str) -> str:
        password = (self.secrets / f"redis_{user}_password").read_text().strip()
        return f"redis://{user}:{password}@127.0.0.1:{self.port}/0"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """What the docs say: make the secrets, set the two paths, start `redis-server` with the file."""
    secrets = made_secrets(tmp_path_factory.mktemp("deployed"), "the-secret")
    conf = (ROOT / "deploy/redis.conf").read_text()
    assert conf.count("\naclfile /run/secrets/redis_users\n") == conf.count("\ndir /data\n") == 1
    conf = conf.replace("/run/secrets/redis_users", str(secrets / "redis_users"))
    with own_server(conf.replace("\ndir /data\n", "\n")) as port:
        yield Deployed(port=port, secrets=secrets)


@pytest.mark.parametrize(
    ("user", "password"),
    [(None, None), (None, "PASSWORD"), ("default", ""), ("default", "x"), ("worker", "x"), ("worker", "PASSWORD")],
)
def test_nothing_answers_without_a_password(deployed: Deployed, user: str | None, password: str | None) -> None:
    nobody: Any = Redis(port=deployed.port, username=user, password=password, retry=Retry(NoBackoff(), 0))
    for command in ("PING", "INFO", "KEYS *", "CONFIG GET *"):
        with contextlib.closing(nobody), pytest.raises(AuthenticationError):
            nobody.execute_command(command)


#: A refused login is a lost connection to redis-py, which would try again for seconds.
NO_RETRY = Retry(NoBackoff(), 0)


def test_the_acl_file_of_the_repository_lets_nobody_in_as_it_stands() -> None:
    """An operator who forgets the passwords has a Redis that is closed, not one with a known password."""
    with own_server(f"aclfile {ROOT}/deploy/users.acl") as port:
        for user in (*USERS, "default"):
            for password in ("", "PASSWORD", "password", user):
                login: Any = {"username": user, "password": password}
                with Redis(port=port, retry=NO_RETRY, **login) as client, pytest.raises(AuthenticationError):
                    client.ping()


@pytest.mark.parametrize("user", USERS)
def test_each_user_gets_in(deployed: Deployed, user: str) -> None:
    with deployed.client(user) as client:
        assert client.ping()
        assert client.info("server")["redis_version"]


def test_redis_keeps_what_it_is_told(deployed: Deployed) -> None:
    with deployed.client("admin") as admin:
        found = admin.config_get("append*") | admin.config_get("maxmemory-policy") | admin.config_get("save")
    assert found == {
        "appendonly": "yes",
        "appendfsync": "always",
        "appendfilename": "appendonly.aof",
        "appenddirname": "appendonlydir",
        "maxmemory-policy": "noeviction",
        "save": "",
    }


def test_the_health_check_of_compose_logs_in(deployed: Deployed) -> None:
    """There is no `redis-cli` here: its user, and the password as the shell finds it."""
    check = compose()["services"]["redis"]["healthcheck"]["test"][1].replace("$$", "$")
    parts = re.fullmatch(r'REDISCLI_AUTH="\$\((.*?)\)" redis-cli --user (\w+) ping \| grep -qx PONG', check)
    assert parts
    words = parts[1].replace("/run/secrets", str(deployed.secrets))
    password = subprocess.run(["/bin/sh", "-c", words], check=True, capture_output=True, text=True).stdout.strip()
    with Redis(port=deployed.port, username=parts[2], password=password) as client:
        assert client.ping()


def test_the_acl_file_loads_where_users_start_with_all_channels() -> None:
    """The default of Redis 6.2, which then refuses a pattern that is added to "all"."""
    with own_server(f"acl-pubsub-default allchannels\naclfile {ROOT}/deploy/users.acl"):
        pass


def test_a_worker_and_a_producer_run_on_it(deployed: Deployed, simulator: Simulator, tmp_path: Path) -> None:
    """With the worker's URL and password apart, as in docker-compose.yml."""
    env = environment(
        f"redis://worker@127.0.0.1:{deployed.port}/0",
        simulator.url,
        DIALER_REDIS_PASSWORD_FILE=str(deployed.secrets / "redis_worker_password"),
    )
    producer = Celery(broker=deployed.url("producer"), backend=deployed.url("producer"))
    with WorkerProcess(env, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        outcome = producer.send_task("dial", args=[{"to": "+12125551234"}], queue="dial", task_id="a").get(timeout=20)
        assert outcome["state"] == "placed"
        check = [sys.executable, "-m", "worker.cli.main", "check"]
        checked = subprocess.run(check, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert USED_MB * 0.5 < used_mb(worker.pid) < USED_MB * 1.5
        assert worker.stop() == 0
        assert "Traceback" not in worker.output()
    with deployed.client("reader") as reader:
        assert reader.hget("dialer:job:a", "state") == "placed"
