"""Which connection carries a call: kept alive, through a proxy, never twice and never to another host."""

import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from urllib3 import Retry

from config.settings import Profile
from tasks.codes import Code
from tasks.errors import DialError, NotPlaced, Unknown
from tasks.genesys import connection
from tasks.genesys import http as genesys_http
from tasks.genesys.client import Genesys
from tests.support.calls import (
    PLACED,
    REQUEST,
    SHORT_S,
    TOKEN,
    bare_environment,  # noqa: F401 - pytest finds the fixture here
    fails,
    place,
    settings,
    within,
)
from tests.support.scripted_server import (
    CERTIFICATE,
    Peer,
    Script,
    ScriptedServer,
    answers,
    answers_and_closes,
    answers_and_resets,
    api,
    drips,
    hangs_up,
    http,
    says_nothing,
)

pytestmark = pytest.mark.usefixtures("bare_environment")


# Connections.


def test_one_kept_alive_connection_serves_call_after_call() -> None:
    with ScriptedServer(answers(*[PLACED] * 3)) as server:
        genesys = Genesys(settings(server.url))
        for _ in range(3):
            genesys.place_call(REQUEST, token=TOKEN)
    assert (server.connections, len(server.requests)) == (1, 3)


def test_a_connection_that_was_closed_while_idle_is_replaced() -> None:
    with ScriptedServer(answers_and_closes(PLACED)) as server:
        genesys = Genesys(settings(server.url))
        for _ in range(3):
            genesys.place_call(REQUEST, token=TOKEN)
            time.sleep(0.03)
    assert server.connections == 3


def test_a_connection_idle_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_IDLE_S", 0.05)
    with ScriptedServer(answers(*[PLACED] * 2)) as server:
        genesys = Genesys(settings(server.url))
        genesys.place_call(REQUEST, token=TOKEN)
        time.sleep(0.06)
        genesys.place_call(REQUEST, token=TOKEN)
    assert server.connections == 2


def test_a_reset_of_a_used_connection_after_the_request_is_unknown() -> None:
    def second_reset(peer: Peer) -> None:
        peer.read_request()
        peer.send(PLACED)
        peer.read_request()
        peer.reset()

    with ScriptedServer(second_reset, answers(PLACED)) as server:
        genesys = Genesys(settings(server.url))
        genesys.place_call(REQUEST, token=TOKEN)
        with fails(Unknown, Code.CONNECTION_LOST):
            genesys.place_call(REQUEST, token=TOKEN)
    assert (server.connections, len(server.requests)) == (1, 2)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(http(103) + api(201, {"id": "of-the-first"}), id="interim answer"),
        pytest.param(PLACED[:-1], id="half an answer"),
        pytest.param(http(201, b" " * 2_000_000), id="huge answer"),
    ],
)
def test_no_call_reads_the_rest_of_the_answer_to_the_one_before(first: bytes) -> None:
    with ScriptedServer(answers(first), answers(PLACED)) as server:
        genesys = Genesys(settings(server.url))
        with pytest.raises(Unknown):
            genesys.place_call(REQUEST, token=TOKEN)
        assert genesys.place_call(REQUEST, token=TOKEN).conversation_id == "c-1"


def test_each_thread_has_a_connection_of_its_own() -> None:
    with ScriptedServer(answers(PLACED)) as server:
        genesys = Genesys(settings(server.url))
        threads = [
            threading.Thread(target=genesys.place_call, args=[REQUEST], kwargs={"token": TOKEN}) for _ in "123"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (server.connections, len(server.requests)) == (3, 3)


def test_even_a_library_that_retries_sends_the_request_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection itself refuses, whatever an upgrade of requests or urllib3 may bring."""

    class Retrying(connection.WatchedAdapter):
        def __init__(self) -> None:
            super().__init__()
            self.max_retries = Retry(5, allowed_methods=None, status_forcelist=[500], backoff_factor=0)

    monkeypatch.setattr(genesys_http, "WatchedAdapter", Retrying)
    with ScriptedServer(answers_and_resets(b"")) as server, fails(Unknown, Code.CONNECTION_LOST):
        place(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [413, 429, 503])
def test_no_status_makes_the_library_send_again(status: int) -> None:
    """urllib3 would wait for `Retry-After`, and send the request once more over the same connection."""
    again = http(status, b"", {"Retry-After": "0"})
    with ScriptedServer(answers(*[again] * 3, PLACED)) as server:
        with pytest.raises(DialError):
            place(server)
        assert len(server.requests) == 1


def test_a_request_that_breaks_half_way_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how much of it arrived; what was written before the break may be all that it takes."""
    send = HTTPConnection.send

    def break_off(self: HTTPConnection, data: Any) -> None:
        send(self, data)
        raise ConnectionResetError("reset")

    with ScriptedServer(answers(PLACED)) as server:
        monkeypatch.setattr(HTTPConnection, "send", break_off)
        with fails(Unknown, Code.CONNECTION_LOST):
            place(server)


# Never to another host.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with ScriptedServer(answers(PLACED)) as other:
        location = {"Location": f"{other.url}/elsewhere"}
        with ScriptedServer(answers(http(status, b"", location))) as server:
            with fails(Unknown, Code.UNEXPECTED_STATUS):
                place(server)
            assert len(server.requests) == 1
        assert other.connections == 0


@pytest.mark.parametrize("profile", Profile)
def test_the_client_s_secret_follows_no_redirect(profile: Profile) -> None:
    with ScriptedServer(answers(api(200, {"access_token": "t", "expires_in": 60}))) as other:
        location = {"Location": f"{other.url}/oauth/token"}
        with ScriptedServer(answers(http(307, b"", location))) as server:
            with fails(NotPlaced, Code.TOKEN_UNAVAILABLE):
                Genesys(settings(server.url, profile)).request_token()
            assert len(server.requests) == 1
        assert other.connections == 0


def test_netrc_neither_replaces_the_token_nor_adds_to_the_form(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")
    with ScriptedServer(answers(PLACED, api(200, {"access_token": "t", "expires_in": 60}))) as server:
        genesys = Genesys(settings(server.url))
        genesys.place_call(REQUEST, token=TOKEN)
        genesys.request_token()
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in server.requests[1].headers


def test_cookies_are_not_kept() -> None:
    with ScriptedServer(answers(api(201, {"id": "c-1"}, Set_Cookie="AWSALB=x"), PLACED)) as server:
        genesys = Genesys(settings(server.url))
        genesys.place_call(REQUEST, token=TOKEN)
        genesys.place_call(REQUEST, token=TOKEN)
    assert "cookie" not in server.requests[1].headers


# Proxies.


def tunnel(then: Script) -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        peer.start_tls()
        then(peer)

    return script


def behind(proxy: ScriptedServer, monkeypatch: pytest.MonkeyPatch, *, timeout_s: float = 3) -> Genesys:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    return Genesys(settings("https://api.genesys.test", timeout_s=timeout_s))


def test_a_proxy_of_the_environment_is_used_and_its_tunnel_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(tunnel(answers(PLACED, PLACED))) as proxy:
        genesys = behind(proxy, monkeypatch)
        for _ in range(2):
            assert genesys.place_call(REQUEST, token=TOKEN).conversation_id == "c-1"
    assert [r.method for r in proxy.requests] == ["CONNECT", "POST", "POST"]
    assert proxy.requests[0].target == "api.genesys.test:443"
    assert "authorization" not in proxy.requests[0].headers


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answers(http(407)), id="407"),
        pytest.param(answers(http(502)), id="502"),
        pytest.param(hangs_up, id="closes"),
        pytest.param(answers_and_resets(b""), id="resets"),
        pytest.param(says_nothing, id="silent"),
        pytest.param(drips(b"HTTP/1.1 200 " + b"x" * 99, 0.05), id="drips"),
        pytest.param(answers(b"HTTP/1.1 200 OK\r\n\r\n"), id="opens and says nothing"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_placed_nothing(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written then is the CONNECT, not the request."""
    with ScriptedServer(script) as proxy, fails(NotPlaced, Code.COULD_NOT_CONNECT), within(1.1):
        behind(proxy, monkeypatch, timeout_s=SHORT_S).place_call(REQUEST, token=TOKEN)
    assert all(r.method == "CONNECT" for r in proxy.requests)


def test_a_tunnel_that_breaks_after_the_request_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(tunnel(answers_and_resets(b""))) as proxy, fails(Unknown, Code.CONNECTION_LOST):
        behind(proxy, monkeypatch).place_call(REQUEST, token=TOKEN)


def test_no_proxy_is_honored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ScriptedServer(answers(PLACED)) as server:
        assert place(server) == "c-1"


def test_a_forwarding_proxy_is_used_for_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(answers(PLACED)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        Genesys(settings("http://api.genesys.test")).place_call(REQUEST, token=TOKEN)
    assert proxy.requests[0].target == "http://api.genesys.test/api/v2/conversations/calls"


def test_a_socks_proxy_is_refused_and_not_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(answers(PLACED)) as server:
        monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1")
        with fails(NotPlaced, Code.COULD_NOT_CONNECT) as caught:
            place(server)
        assert "SOCKS proxies are not supported" in caught.value.message
        assert server.connections == 0
