"""The WebSocket of events over real sockets: with TLS, through a proxy, and how it ends."""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from tasks.genesys.client import Genesys
from tasks.genesys.event_socket import EventSocket, SocketLost
from tasks.genesys.notifications import NewChannel
from tests.support.calls import settings
from tests.support.scripted_server import (
    CERTIFICATE,
    Peer,
    ScriptedServer,
    answers,
    answers_and_closes,
    hangs_up,
    http,
    refused_port,
    says_nothing,
)

SECRET = "streaming-0-s3cret"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.lower().endswith("_proxy") or name.endswith("CA_BUNDLE"):
            monkeypatch.delenv(name)


def greets(connection: ServerConnection) -> None:
    connection.send("hello")
    with contextlib.suppress(Exception):
        connection.recv()


@contextlib.contextmanager
def websocket(handler: Any = greets, *, tls: bool = False) -> Iterator[int]:
    """A WebSocket server, with a certificate for 127.0.0.1; its port."""
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)
    server: Server = serve(handler, "127.0.0.1", 0, ssl=context, close_timeout=0.2)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        thread.join(5)


def lost(uri: str) -> str:
    """Why the WebSocket could not be opened."""
    began_at = time.monotonic()
    with pytest.raises(SocketLost) as caught:
        EventSocket(uri)
    assert time.monotonic() - began_at < 6
    assert SECRET not in str(caught.value)
    assert "pass-word" not in str(caught.value)
    return str(caught.value)


def test_a_message_is_received_and_none_is_waited_for_only_so_long() -> None:
    with websocket() as port:
        opened = EventSocket(f"ws://127.0.0.1:{port}/channels/{SECRET}")
        assert opened.receive(5) == "hello"
        began_at = time.monotonic()
        assert opened.receive(0.2) is None
        assert 0.1 < time.monotonic() - began_at < 2
        opened.close()
        opened.close()


def test_a_certificate_of_ones_own_authority_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    with websocket(tls=True) as port:
        uri = f"wss://127.0.0.1:{port}/channels/{SECRET}"
        assert "CERTIFICATE_VERIFY_FAILED" in lost(uri) or "certificate" in lost(uri)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
        opened = EventSocket(uri)
        assert opened.receive(5) == "hello"
        opened.close()


def tunnel_to(port: int) -> Any:
    """A proxy's side of a tunnel."""

    def script(peer: Peer) -> None:
        peer.read_request()
        with socket.create_connection(("127.0.0.1", port)) as upstream:
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=lambda: _pump(upstream, peer), daemon=True)
            back.start()
            while data := peer.read_some():
                upstream.sendall(data)
            upstream.shutdown(socket.SHUT_RDWR)
            back.join(5)

    return script


def _pump(upstream: socket.socket, peer: Peer) -> None:
    with contextlib.suppress(OSError):
        while data := upstream.recv(65_536):
            peer.send(data)


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    with websocket(tls=True) as port, ScriptedServer(tunnel_to(port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}user:pass-word@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
        opened = EventSocket(f"wss://localhost:{port}/channels/{SECRET}")
        assert opened.receive(5) == "hello"
        opened.close()
        assert [(each.method, each.target) for each in proxy.requests] == [("CONNECT", f"localhost:{port}")]
        assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")
        monkeypatch.setenv("NO_PROXY", "localhost")
        EventSocket(f"wss://localhost:{port}/channels/{SECRET}").close()
        assert len(proxy.requests) == 1


@pytest.mark.parametrize("script", [answers(http(407)), hangs_up, says_nothing], ids=["407", "hangs up", "silent"])
def test_a_proxy_that_opens_no_tunnel(monkeypatch: pytest.MonkeyPatch, script: Any) -> None:
    with ScriptedServer(script) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass-word@127.0.0.1:{proxy.port}")
        assert lost(f"wss://streaming.test/channels/{SECRET}")


def test_a_socks_proxy_is_not_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:pass-word@127.0.0.1:1")
    assert lost(f"wss://streaming.test/{SECRET}") == "SOCKS proxies are not supported"


def test_a_server_that_is_none_of_websockets() -> None:
    with ScriptedServer(answers_and_closes(http(404))) as server:
        assert lost(f"ws://127.0.0.1:{server.port}/{SECRET}") == "the server answered 404"
    with ScriptedServer(says_nothing) as server:
        assert lost(f"ws://127.0.0.1:{server.port}/{SECRET}") == "TimeoutError"
    with refused_port() as port:
        assert lost(f"ws://127.0.0.1:{port}/{SECRET}") == "Connection refused"
    assert lost(f"ftp://127.0.0.1/{SECRET}") == "InvalidURI"


def test_a_socket_that_the_server_closes_is_lost() -> None:
    with websocket(lambda connection: connection.send("hello")) as port:
        opened = EventSocket(f"ws://127.0.0.1:{port}/")
        assert opened.receive(5) == "hello"
        with pytest.raises(SocketLost, match="the connection was closed"):
            opened.receive(5)
        opened.close()


def test_closing_does_not_wait_for_a_server_that_is_silent() -> None:
    with websocket(lambda _: time.sleep(5)) as port:
        opened = EventSocket(f"ws://127.0.0.1:{port}/")
        began_at = time.monotonic()
        opened.close()
        assert time.monotonic() - began_at < 3


def test_an_address_without_encryption_is_refused_unless_the_api_has_none() -> None:
    channel = NewChannel(id="c", connect_uri="ws://streaming.test/", life_s=1)
    with pytest.raises(SocketLost, match="without encryption"):
        Genesys(settings("https://api.genesys.test")).listen(channel)
