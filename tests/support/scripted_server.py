"""A real socket server whose answers are scripted byte by byte, for tests of what may go wrong in a connection.

with ScriptedServer(answers(api(201, {"id": "c-1"})), hangs_up) as server:  # a script for each connection;
    ...                                                                 # the last one repeats
    server.requests[0].body
"""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Self

CERTIFICATE = Path(__file__).with_name("test_only.pem")


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, server: "ScriptedServer") -> None:
        self._sock = sock
        self._server = server

    def read_request(self) -> Request | None:
        """The next request, also kept in the server's `requests`; None when the client has closed."""
        read = b""
        while b"\r\n\r\n" not in read:
            piece = self._sock.recv(65_536)
            if not piece:
                return None
            read += piece
        head, _, body = read.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += self._sock.recv(65_536)
        method, target, _ = first.split(" ")
        request = Request(method, target, headers, body)
        self._server.requests.append(request)
        return request

    def read_some(self) -> bytes:
        return self._sock.recv(65_536)

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def drip(self, data: bytes, every_s: float) -> None:
        for byte in data:
            self._sock.sendall(bytes([byte]))
            time.sleep(every_s)

    def reset(self) -> None:
        """Close with a RST instead of a FIN."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._sock.close()

    def wait_for_client_to_close(self) -> None:
        while self._sock.recv(65_536):
            pass

    def start_tls(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)
        self._sock.getpeername()  # or wrap_socket leaks its socket when the client is gone already
        self._sock = context.wrap_socket(self._sock, server_side=True)
        self._server.keep(self._sock)


Script = Callable[[Peer], None]


class ScriptedServer:
    def __init__(self, *scripts: Script, tls: bool = False) -> None:
        self._scripts = scripts
        self._tls = tls
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.requests: list[Request] = []
        self.connections = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for sock in (self._listener, *self._sockets):
            sock.close()

    def keep(self, sock: socket.socket) -> None:
        """Note a socket, to be closed with the server."""
        self._sockets.append(sock)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.keep(sock)
                script = self._scripts[min(self.connections, len(self._scripts) - 1)]
                self.connections += 1
                self._start(partial(self._serve, script, sock))

    def _serve(self, script: Script, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client, or the end of the test, may close at any time
            peer = Peer(sock, self)
            if self._tls:
                peer.start_tls()
            script(peer)
            peer.close()

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()


def http(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of an answer, with a Content-Length unless `headers` say how the body ends."""
    headers = headers or {}
    framed = {name.lower() for name in headers} & {"content-length", "transfer-encoding", "connection"}
    all_headers = {**({} if framed else {"Content-Length": str(len(body))}), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Whatever"
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("latin-1") + body


def api(status: int, body: object, **headers: str) -> bytes:
    """The bytes of a JSON answer; header names are given with `_` for `-`."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return http(status, json.dumps(body).encode(), {"Content-Type": "application/json"} | names)


def answers(*each: bytes) -> Script:
    """Answer request after request on one connection, then wait for the client to close."""

    def script(peer: Peer) -> None:
        for data in each:
            if peer.read_request() is None:
                return
            peer.send(data)
        peer.wait_for_client_to_close()

    return script


def answers_and_closes(data: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(data)

    return script


def answers_and_resets(data: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(data)
        time.sleep(0.05)  # a RST throws away what the client has not read yet
        peer.reset()

    return script


def drips(data: bytes, every_s: float, *, at_once: bytes = b"") -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(at_once)
        peer.drip(data, every_s)

    return script


def resets_at_once(peer: Peer) -> None:
    peer.read_some()
    peer.reset()


def says_nothing(peer: Peer) -> None:
    peer.wait_for_client_to_close()


def hangs_up(peer: Peer) -> None:
    peer.close()


@contextlib.contextmanager
def refused_port() -> Iterator[int]:
    """A port of this machine that nobody listens on, and that nobody else can take meanwhile."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]
