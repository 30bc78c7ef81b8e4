"""A configuration that can never work is told in a sentence, by `check` and by a worker, which then ends."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator.process import Simulator
from tests.support.fleet import ROOT, WorkerProcess, environment, wait_for
from tests.support.own_server import own_server
from tests.support.scripted_server import ScriptedServer, refused_port, says_nothing
from tests.support.sentinel import MASTER, Sentinelled
from worker.consumer import EXIT_SETTINGS

Urls = Callable[[contextlib.ExitStack], str]


def cluster(stack: contextlib.ExitStack) -> str:
    port = stack.enter_context(own_server("cluster-enabled yes"))
    with Redis(port=port) as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    return f"redis://127.0.0.1:{port}/0"


def cluster_without_slots(stack: contextlib.ExitStack) -> str:
    return f"redis://127.0.0.1:{stack.enter_context(own_server('cluster-enabled yes'))}/0"


def wrong_password(stack: contextlib.ExitStack) -> str:
    return stack.enter_context(EmbeddedRedis(password="right")).url.replace("right", "s3cret-word")


def no_password(stack: contextlib.ExitStack) -> str:
    return f"redis://127.0.0.1:{stack.enter_context(EmbeddedRedis(password='right')).port}/0"


def no_such_database(stack: contextlib.ExitStack) -> str:
    return f"redis://127.0.0.1:{stack.enter_context(EmbeddedRedis()).port}/99"


def plain_to_tls(stack: contextlib.ExitStack) -> str:
    return f"redis://127.0.0.1:{stack.enter_context(ScriptedServer(says_nothing, tls=True)).port}/0"


def tls_to_plain(stack: contextlib.ExitStack) -> str:
    return f"rediss://127.0.0.1:{stack.enter_context(EmbeddedRedis()).port}/0"


def unknown_certificate(stack: contextlib.ExitStack) -> str:
    return f"rediss://127.0.0.1:{stack.enter_context(ScriptedServer(says_nothing, tls=True)).port}/0"


def missing_file(stack: contextlib.ExitStack) -> str:
    return f"rediss://127.0.0.1:{stack.enter_context(EmbeddedRedis()).port}/0?ssl_ca_certs=/nowhere/ca.pem"


def no_rights(stack: contextlib.ExitStack) -> str:
    server = stack.enter_context(EmbeddedRedis())
    with Redis.from_url(server.url) as admin:
        admin.execute_command("ACL", "SETUSER", "guest", "on", ">pw", "~*", "-@all", "+ping", "+hello")
    return f"redis://guest:pw@127.0.0.1:{server.port}/0"


def sentinels_refuse(stack: contextlib.ExitStack) -> str:
    port = stack.enter_context(own_server("requirepass right", mode="--sentinel"))
    return f"sentinel://:s3cret-word@127.0.0.1:{port}/0"


def no_sentinel(stack: contextlib.ExitStack) -> str:
    return f"sentinel://127.0.0.1:{stack.enter_context(EmbeddedRedis()).port}/0"


NEVER = [
    (cluster, "runs in cluster mode", "choose one without cluster mode"),
    (cluster_without_slots, "runs in cluster mode", "Use a single server, or Sentinel"),
    (wrong_password, "refuses the login", "Check user and password"),
    (no_password, "refuses the login", "DIALER_REDIS_PASSWORD"),
    (no_such_database, "has no database of this number", "Use a lower one in DIALER_REDIS_URL"),
    (plain_to_tls, "speaks TLS on this port, and the URL does not", "Use rediss://"),
    (tls_to_plain, "does not speak TLS on this port", "Use redis://"),
    (unknown_certificate, "cannot be verified", "?ssl_ca_certs=/path/to/ca.pem"),
    (missing_file, "does not exist", "ssl_ca_certs=/nowhere/ca.pem"),
    (no_rights, "forbids what Dialer does", "deploy/users.acl"),
    (sentinels_refuse, "The Sentinels at sentinel://127.0.0.1:", "refuse the login"),
    (no_sentinel, "is not a Sentinel", "26379"),
]


def dialer(env: dict[str, str], *args: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "worker.cli.main", *args]
    return subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("redis", "what", "fix"), NEVER, ids=[each[0].__name__ for each in NEVER])
def test_check_and_a_worker_tell_what_can_never_work(redis: Urls, what: str, fix: str, simulator: Simulator) -> None:
    with contextlib.ExitStack() as stack:
        env = environment(redis(stack), simulator.url)
        checked, worked = dialer(env, "check"), dialer(env, "worker")
    assert checked.returncode == 1
    (line,) = [line for line in checked.stdout.splitlines() if line.startswith("fail")]
    assert what in line
    assert fix in line
    assert worked.returncode == EXIT_SETTINGS
    assert worked.stderr.count("\n") == 1
    assert what in worked.stderr
    assert fix in worked.stderr
    assert "s3cret-word" not in checked.stdout + worked.stderr


def test_a_worker_that_waited_for_redis_ends_when_redis_can_never_be_used(
    simulator: Simulator, tmp_path: Path
) -> None:
    """The wrong password shows only when Redis is there."""
    server = EmbeddedRedis(password="right", appendonly=True)
    with server:
        server.kill()
        env = environment(server.url.replace("right", "wrong"), simulator.url)
        with WorkerProcess(env, tmp_path / "worker.log") as worker:
            wait_for(lambda: "dialer.consumer Redis unavailable" in worker.output())
            server.restart()
            assert worker.wait() == EXIT_SETTINGS, worker.output()
            assert "cannot start: Redis at redis://127.0.0.1:" in worker.output()
            assert "Traceback" not in worker.output()


def test_a_worker_that_lost_redis_waits_although_its_password_is_wrong_now(
    own_redis: EmbeddedRedis, simulator: Simulator, tmp_path: Path
) -> None:
    with WorkerProcess(environment(own_redis.url, simulator.url), tmp_path / "worker.log") as worker:
        worker.wait_ready()
        with Redis.from_url(own_redis.url) as admin:
            admin.config_set("requirepass", "another")
            admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            wait_for(lambda: "Authentication required" in worker.output())
            wait_for(lambda: "dialer.consumer Redis unavailable" in worker.output())
            admin.config_set("requirepass", "")
        wait_for(lambda: "dialer.consumer Redis available again" in worker.output())
        assert worker.stop() == 0


@pytest.fixture
def socket_redis(tmp_path: Path) -> Iterator[Path]:
    with own_server(f"unixsocket {tmp_path}/redis.sock\nrequirepass p@/w"):
        yield tmp_path / "redis.sock"


@pytest.mark.parametrize("form", ["redis+socket://{}?virtual_host=2", "unix://{}?db=2"])
def test_a_worker_and_the_command_line_use_a_socket_and_a_password_apart(
    socket_redis: Path, form: str, simulator: Simulator, tmp_path: Path
) -> None:
    env = environment(form.format(socket_redis), simulator.url, DIALER_REDIS_PASSWORD="p@/w")
    with WorkerProcess(env, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        done = dialer(env, "enqueue", "+12125551234", "--wait", "--timeout", "20")
        assert done.returncode == 0, done.stderr + worker.output()
        assert worker.stop() == 0
    with Redis(unix_socket_path=str(socket_redis), password="p@/w", db=2) as client:
        assert client.keys("dialer:job:*")


@pytest.mark.parametrize("guarded", [True, False], ids=["sentinels with the password", "sentinels without one"])
def test_a_worker_logs_in_to_redis_and_to_its_sentinels(guarded: bool, simulator: Simulator, tmp_path: Path) -> None:
    with Sentinelled(password="p@/w", guarded=guarded) as servers:
        env = environment(
            f"sentinel://127.0.0.1:{servers.port}/0",
            simulator.url,
            DIALER_SENTINEL_MASTER=MASTER,
            DIALER_REDIS_PASSWORD="p@/w",
        )
        with WorkerProcess(env, tmp_path / "worker.log") as worker:
            worker.wait_ready()
            done = dialer(env, "enqueue", "+12125551234", "--wait", "--timeout", "20")
            assert done.returncode == 0, done.stderr + worker.output()
            assert worker.stop() == 0


def test_a_client_name_is_that_of_all_connections(redis_url: str, simulator: Simulator, tmp_path: Path) -> None:
    env = environment(f"{redis_url}?client_name=dialer-7", simulator.url)
    with WorkerProcess(env, tmp_path / "worker.log") as worker, Redis.from_url(redis_url) as client:
        worker.wait_ready()
        mine = client.client_id()
        others = [each for each in client.client_list() if int(each["id"]) != mine]
        assert len([each for each in others if each["name"] == "dialer-7"]) > 3
        assert worker.stop() == 0


def test_what_redis_says_of_itself_by_port_and_host(simulator: Simulator) -> None:
    """No fault that may be temporary ends a worker; `check` names the host and the fix."""
    with refused_port() as port:
        for url, told in (
            ("redis://nowhere.invalid:6379/0", "The host of Redis at redis://nowhere.invalid:6379/0 cannot be found"),
            (f"redis://127.0.0.1:{port}/0", "does not answer: "),
        ):
            done = dialer(environment(url, simulator.url), "check")
            assert told in done.stdout
            assert done.returncode == 1


def test_check_names_the_proxy_and_the_file_of_certificates(redis_url: str) -> None:
    """In a process of its own, for the environment is the process'."""
    login = "https://login.mypurecloud.com"
    with refused_port() as port:
        for changes, told in (
            ({"HTTPS_PROXY": f"http://u:s3cret-word@127.0.0.1:{port}"}, f"through the proxy http://127.0.0.1:{port}"),
            ({"HTTPS_PROXY": "socks5://127.0.0.1:1"}, "is a SOCKS proxy"),
            ({"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem"}, "/nowhere/ca.pem does not exist"),
        ):
            done = dialer(environment(redis_url, login) | changes, "check")
            (line,) = [line for line in done.stdout.splitlines() if line.startswith("fail  credentials")]
            assert told in line
            assert "Nothing to do" not in line
            assert "s3cret-word" not in done.stdout


def test_env_file_names_the_settings_and_check_names_the_file(redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "other.env").write_text(f"DIALER_REDIS_URL={redis_url}\nDIALER_CALLER_ID=+12125550199\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("DIALER_", "GENESYS_CLOUD_"))}
    done = dialer(env, "--env-file", str(tmp_path / "other.env"), "list")
    assert done.returncode == 0, done.stderr
    checked = dialer(
        env
        | dict.fromkeys(("GENESYS_CLOUD_CLIENT_ID", "GENESYS_CLOUD_CLIENT_SECRET"), "x")
        | {"GENESYS_CLOUD_USER_ID": "x", "GENESYS_CLOUD_WRAP_UP_CODE_ID": "x"}
        | {"GENESYS_CLOUD_API_URL": "http://127.0.0.1:1", "GENESYS_CLOUD_LOGIN_URL": "http://127.0.0.1:1"},
        "--env-file",
        str(tmp_path / "other.env"),
        "check",
    )
    assert f"ok    settings: complete; read from the environment, and from {tmp_path / 'other.env'}" in checked.stdout
    missing = dialer(env, "--env-file", str(tmp_path / "missing.env"), "list")
    assert missing.returncode == EXIT_SETTINGS
    assert "does not exist" in missing.stderr
