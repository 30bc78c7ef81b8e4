"""`rediss://`: the whole worker speaks TLS to Redis, and only to one whose certificate is vouched for."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis

from config.celery import celery_config
from config.settings import load
from sandbox.simulator.process import Simulator
from tasks.errors import LedgerUnavailable
from tests.support.fleet import WorkerProcess, environment, wait_for
from tests.support.ground import Ground
from tests.support.scripted_server import CERTIFICATE, Peer, ScriptedServer
from worker.connection import connect

TRUST = f"?ssl_ca_certs={quote(str(CERTIFICATE), safe='')}"


class TlsFront:
    """Speaks TLS on a port of its own and passes everything on to a Redis, which here cannot do so itself."""

    def __init__(self, redis_port: int) -> None:
        self._redis_port = redis_port
        self._server = ScriptedServer(self._pass_on, tls=True)
        #: All that clients have said, in plain.
        self.heard = b""

    def __enter__(self) -> Self:
        self.port = self._server.__enter__().port
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def _pass_on(self, peer: Peer) -> None:
        with socket.create_connection(("127.0.0.1", self._redis_port)) as redis:
            self._server.keep(redis)
            threading.Thread(target=_pump, args=(partial(redis.recv, 65_536), peer.send), daemon=True).start()
            _pump(peer.read_some, partial(self._hear, redis))

    def _hear(self, redis: socket.socket, said: bytes) -> None:
        self.heard += said
        redis.sendall(said)


def _pump(receive: Callable[[], bytes], send: Callable[[bytes], None]) -> None:
    with contextlib.suppress(OSError):
        while piece := receive():
            send(piece)


@pytest.fixture
def front(redis_url: str) -> Iterator[TlsFront]:
    port = urlsplit(redis_url).port
    assert port
    with TlsFront(port) as front:
        yield front


@pytest.mark.parametrize(
    ("host", "options"),
    [("127.0.0.1", ""), ("redis.test", TRUST), ("127.0.0.1", "?ssl_cert_reqs=required")],
    ids=["nobody vouches", "another host's", "told to check"],
)
def test_a_certificate_that_does_not_fit_is_refused(
    front: TlsFront, host: str, options: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By both of our ways to Redis: the ledger's, and Celery's."""
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **options: look_up("127.0.0.1", *rest, **options))
    settings = load(
        {"DIALER_REDIS_URL": f"rediss://:pw-77@{host}:{front.port}/0{options}"}, dotenv=None, credentials=False
    )
    with (
        connect(settings, retries=0) as client,
        pytest.raises(LedgerUnavailable, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.ping()
    app = Celery()
    app.conf.update(celery_config(settings, queue="q"))
    with app.connection_for_read() as broker, pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        broker.ensure_connection(max_retries=1, interval_start=0)
    assert front.heard == b""


def test_a_worker_dials_over_tls(real_redis: Redis, front: TlsFront, simulator: Simulator, tmp_path: Path) -> None:
    ground = Ground.over(real_redis)
    env = environment(f"rediss://localhost:{front.port}/0{TRUST}", simulator.url)
    with WorkerProcess(env, tmp_path / "worker.log", concurrency=2) as worker:
        worker.wait_ready()
        Celery(broker=env["DIALER_REDIS_URL"]).send_task(
            "dial", args=[{"to": "+12125551234"}], queue="dial", task_id="a"
        )
        wait_for(lambda: ground.records.show("a") is not None and ground.state("a") == "placed")
        assert b"evalsha" in front.heard.lower()
        assert b"brpop" in front.heard.lower()
        assert worker.stop() == 0
    assert "Traceback" not in worker.output()
