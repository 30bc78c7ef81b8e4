"""A master, a replica of it and a Sentinel that watches both, on loopback; the master may be killed."""

import contextlib
import time
from types import TracebackType
from typing import Any, Final, Self

from redis import Redis, RedisError

from sandbox.embedded_redis import EmbeddedRedis
from tests.support.own_server import own_server
from tests.support.redis_proxy import RedisProxy

MASTER: Final = "calls"
_SILENT_MS: Final = 1000
_READY_S: Final = 20.0


class Sentinelled:
    """`url` is for `DIALER_REDIS_URL`, with `DIALER_SENTINEL_MASTER` set to `MASTER`."""

    def __init__(self, *, password: str | None = None, guarded: bool = False) -> None:
        """`password` is that of master and replica; `guarded` makes it that of the Sentinel too."""
        self._password, self._guarded = password, guarded
        self._master = EmbeddedRedis(appendonly=True, password=password)
        self._replica = EmbeddedRedis(appendonly=True, password=password)
        self._between: RedisProxy | None = None
        self._stack = contextlib.ExitStack()
        self.port = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            master, replica = stack.enter_context(self._master), stack.enter_context(self._replica)
            with self.client() as first, Redis.from_url(replica.url) as second:
                first.config_set("repl-diskless-sync-delay", 0)
                second.config_set("masterauth", self._password or "")
                self._between = stack.enter_context(RedisProxy(master.port))
                second.replicaof("127.0.0.1", str(self._between.port))
                # A Sentinel makes a master of a replica that has nothing yet.
                self._until(lambda: dict(second.info("replication"))["master_link_status"] == "up")
            self._watch(stack)
            self._until(lambda: self._info()["num-slaves"] == 1)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        return f"sentinel://127.0.0.1:{self.port}/0"

    def lag(self) -> None:
        """From now on the replica gets nothing more of what the master takes."""
        assert self._between
        self._between.freeze()

    def kill_master(self) -> None:
        """SIGKILL; the Sentinel makes a master of the replica after a second or so."""
        self._master.kill()
        if self._between:
            self._between.cut()  # what was on its way is lost with the master

    def promoted(self) -> Redis:
        """A client of the replica, once it is the master."""
        self._until(lambda: int(self._info()["port"]) == self._replica.port)
        client: Redis = Redis.from_url(self._replica.url, decode_responses=True)
        self._until(lambda: dict(client.info("replication"))["role"] == "master")
        return client

    def client(self) -> Redis:
        """A client of the first master."""
        client: Redis = Redis.from_url(self._master.url, decode_responses=True)
        return client

    def _watch(self, stack: contextlib.ExitStack) -> None:
        conf = [
            f"sentinel monitor {MASTER} 127.0.0.1 {self._master.port} 1",
            f"sentinel down-after-milliseconds {MASTER} {_SILENT_MS}",
            f"sentinel failover-timeout {MASTER} 5000",
            *([f"sentinel auth-pass {MASTER} {self._password}"] if self._password else []),
            *([f"requirepass {self._password}"] if self._guarded else []),
        ]
        self.port = stack.enter_context(own_server("\n".join(conf), mode="--sentinel"))

    def _info(self) -> dict[str, Any]:
        password = self._password if self._guarded else None
        with Redis(port=self.port, password=password, decode_responses=True, socket_timeout=2) as sentinel:
            found: Any = sentinel.sentinel_master(MASTER)
            return dict(found)

    @staticmethod
    def _until(holds: Any) -> None:
        deadline = time.monotonic() + _READY_S
        while True:
            with contextlib.suppress(RedisError, KeyError):
                if holds():
                    return
            assert time.monotonic() < deadline, "the Sentinel did not come to it"
            time.sleep(0.1)
