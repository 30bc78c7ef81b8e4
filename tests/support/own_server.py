"""A Redis of the test's own that runs a configuration file as it stands, as an operator would start it."""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.embedded_redis import find_redis_server

_READY_S = 20.0


#: In cluster mode a Redis also takes the port that is 10,000 higher.
_LAST_PORT = 65_535 - 10_000


def _free_port() -> int:
    while True:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port: int = listener.getsockname()[1]
            if port <= _LAST_PORT:
                return port


@contextlib.contextmanager
def own_server(conf: str, *, server: str | None = None, mode: str = "") -> Iterator[int]:
    """Start a Redis with these lines and a free port, wait until it answers anything, and give its port."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="dialer-own-") as directory:
        file, log = Path(directory) / "redis.conf", Path(directory) / "redis.log"
        file.write_text(f"{conf}\nport {port}\nbind 127.0.0.1\ndir {directory}\n")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [server or find_redis_server(), file, *([mode] if mode else [])],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + _READY_S
            while not _answers(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)
            yield port
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as sock:
        sock.sendall(b"PING\r\n")
        return sock.recv(64).startswith((b"+PONG", b"-NOAUTH"))
    return False
