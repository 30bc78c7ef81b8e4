"""What writes the secrets, and the Redis for them: run for real, in temporary directories."""

import re
import stat
import subprocess
import time
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.embedded_redis import find_redis_server
from tests.support.deploy_files import ROOT, compose, made_secrets


def test_secrets_are_random_readable_in_containers_and_by_nobody_else_here(tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path, "the-secret")
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {
        Path(secret["file"]).name: 0o444 for secret in compose()["secrets"].values()
    }
    (tmp_path / "other").mkdir()
    other = made_secrets(tmp_path / "other", "the-secret")
    assert (secrets / "redis_auth").read_text() != (other / "redis_auth").read_text()


def test_secrets_that_exist_are_kept(tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path, "the-secret")
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    made_secrets(tmp_path, "another")
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before


def test_no_client_secret_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        made_secrets(tmp_path, "")


def test_redis_takes_its_configuration_and_asks_for_the_password(tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path, "the-secret")
    conf = (ROOT / "deploy/redis.conf").read_text().replace("/run/secrets", str(secrets))
    (tmp_path / "redis.conf").write_text(conf.replace("dir /data", f"dir {tmp_path}\nport 0\nunixsocket redis.sock"))
    server = subprocess.Popen([find_redis_server(), tmp_path / "redis.conf"], stdout=subprocess.DEVNULL)
    try:
        for _ in range(500):
            if (tmp_path / "redis.sock").exists():
                break
            time.sleep(0.01)
        # The same words as in the health check of docker-compose.yml.
        (words,) = re.findall(r"\$\$\((.*?)\)", compose()["services"]["redis"]["healthcheck"]["test"][1])
        words = words.replace("/run/secrets", str(secrets))
        password = subprocess.run(["/bin/sh", "-c", words], check=True, capture_output=True, text=True).stdout.strip()
        path = str(tmp_path / "redis.sock")
        with (
            redis.Redis(unix_socket_path=path, retry=Retry(NoBackoff(), 0)) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
        with redis.Redis(unix_socket_path=path, password=password, decode_responses=True) as client:
            assert client.config_get("append*") | client.config_get("maxmemory-policy") | client.config_get(
                "save"
            ) == {
                "appendonly": "yes",
                "appendfsync": "always",
                "appendfilename": "appendonly.aof",
                "appenddirname": "appendonlydir",
                "maxmemory-policy": "noeviction",
                "save": "",
            }
    finally:
        server.terminate()
        server.wait(10)
