"""Requests and their answers, in every case that can occur, against a real socket server."""

import gzip
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tasks.codes import Code
from tasks.errors import DialError, NotPlaced, Refused, Unknown
from tasks.genesys import connection
from tasks.genesys.client import Genesys
from tasks.genesys.http import LONGEST_BODY, Http
from tasks.genesys.profiles import call_post
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
    refused_port,
    resets_at_once,
    says_nothing,
)

pytestmark = pytest.mark.usefixtures("bare_environment")


# The table of tasks/genesys/answers.py, with real connections.


def error(status: int, message: str = "", code: str = "bad.request", **headers: str) -> Script:
    return answers(api(status, {"message": message, "code": code, "status": status}, **headers))


FROM = "Invalid from address"


@pytest.mark.parametrize(
    ("script", "expected", "code"),
    [
        # No answer.
        pytest.param(hangs_up, Unknown, Code.CONNECTION_LOST, id="closes without an answer"),
        pytest.param(answers_and_resets(b""), Unknown, Code.CONNECTION_LOST, id="resets after the request"),
        pytest.param(says_nothing, Unknown, Code.NO_ANSWER_FROM_API, id="reads, silent"),
        pytest.param(
            answers_and_closes(b"HTTP/1.1 201 Cre"), Unknown, Code.UNREADABLE_ANSWER, id="half a status line"
        ),
        pytest.param(answers_and_closes(b"\0garbage\r\n"), Unknown, Code.CONNECTION_LOST, id="not HTTP"),
        # Half an answer: a success needs its body, a refusal does not.
        pytest.param(answers_and_closes(PLACED[:-1]), Unknown, Code.CONNECTION_LOST, id="half a 201, closed"),
        pytest.param(answers_and_resets(PLACED[:-1]), Unknown, Code.CONNECTION_LOST, id="half a 201, reset"),
        pytest.param(answers(PLACED[:-1]), Unknown, Code.NO_ANSWER_FROM_API, id="half a 201, silent"),
        pytest.param(answers(api(404, {})[:-1]), Unknown, Code.UNEXPECTED_STATUS, id="half a 404, silent"),
        # 2xx without a conversation id.
        pytest.param(answers(http(200)), Unknown, Code.UNREADABLE_ANSWER, id="200 empty"),
        pytest.param(answers(http(204)), Unknown, Code.UNREADABLE_ANSWER, id="204"),
        pytest.param(answers(http(201, b"<html>")), Unknown, Code.UNREADABLE_ANSWER, id="201 HTML"),
        pytest.param(answers(api(201, {"id": 7})), Unknown, Code.UNREADABLE_ANSWER, id="201 id no text"),
        pytest.param(answers(api(201, {"id": ""})), Unknown, Code.UNREADABLE_ANSWER, id="201 id empty"),
        pytest.param(answers(api(201, ["id"])), Unknown, Code.UNREADABLE_ANSWER, id="201 array"),
        pytest.param(
            answers(http(201, b'{"id":"' + b"x" * 3_000_000 + b'"}')),
            Unknown,
            Code.UNREADABLE_ANSWER,
            id="201 huge",
        ),
        # Statuses that say neither yes nor no.
        pytest.param(answers(http(103) + PLACED), Unknown, Code.UNEXPECTED_STATUS, id="103 first"),
        pytest.param(answers(http(302, b"", {"Location": "/x"})), Unknown, Code.UNEXPECTED_STATUS, id="302"),
        pytest.param(
            answers(http(302, b"", {"Location": "/x", "Content-Length": "9"})),
            Unknown,
            Code.UNEXPECTED_STATUS,
            id="half a 302, silent",
        ),
        pytest.param(answers(http(307, b"", {"Location": "/x"})), Unknown, Code.UNEXPECTED_STATUS, id="307"),
        pytest.param(answers(http(799)), Unknown, Code.UNEXPECTED_STATUS, id="799"),
        # Refusals.
        pytest.param(
            error(400, "Malformed participant address"), Refused, Code.MALFORMED_PARTICIPANT_ADDRESS, id="400 to"
        ),
        pytest.param(error(400, FROM), Refused, Code.INVALID_FROM_ADDRESS, id="400 from"),
        pytest.param(
            error(400, "The callerId is not verified"), Refused, Code.INVALID_FROM_ADDRESS, id="400 callerId"
        ),
        pytest.param(error(400, "malformed syntax"), Refused, Code.BAD_REQUEST, id="400 other"),
        pytest.param(answers(http(400)), Unknown, Code.UNEXPECTED_STATUS, id="400 empty"),
        pytest.param(error(400, code="not.a.user"), Refused, Code.NOT_A_USER, id="400 not a user"),
        pytest.param(
            error(400, code="conversation.error.no.user.station"), Refused, Code.NO_STATION, id="400 no station"
        ),
        pytest.param(
            error(500, code="providerapi.error.station.no.active.edge"),
            Refused,
            Code.NO_STATION,
            id="500 no active edge",
        ),
        pytest.param(
            error(500, code="providerapi.error.no.station.for.edge"),
            Refused,
            Code.NO_STATION,
            id="500 no station for edge",
        ),
        pytest.param(error(403, "No permission"), Refused, Code.INSUFFICIENT_PERMISSIONS, id="403"),
        pytest.param(error(403, FROM), Refused, Code.INVALID_FROM_ADDRESS, id="403 from"),
        pytest.param(answers(http(403, b"<html>")), Unknown, Code.UNEXPECTED_STATUS, id="403 HTML from a proxy"),
        pytest.param(error(404), Refused, Code.NOT_FOUND, id="404"),
        *(pytest.param(error(n), Refused, Code.BAD_REQUEST, id=f"{n}") for n in (409, 413, 415, 422, 418)),
        # Certainly not placed.
        pytest.param(error(401, code="bad.credentials"), NotPlaced, Code.TOKEN_REFUSED, id="401"),
        pytest.param(error(407), NotPlaced, Code.COULD_NOT_CONNECT, id="407 from a proxy"),
        pytest.param(error(429), NotPlaced, Code.RATE_LIMITED, id="429"),
        pytest.param(error(503, Retry_After="3"), NotPlaced, Code.SERVICE_UNAVAILABLE, id="503 retry"),
        # May have been placed.
        pytest.param(error(408), Unknown, Code.NO_ANSWER_FROM_API, id="408"),
        *(pytest.param(error(n), Unknown, Code.SERVER_ERROR, id=f"{n}") for n in (500, 502, 503, 504, 599)),
        pytest.param(error(503, Retry_After="soon"), Unknown, Code.SERVER_ERROR, id="503 soon"),
        pytest.param(error(503, "Retry in [3] seconds"), Unknown, Code.SERVER_ERROR, id="503 only in words"),
        pytest.param(answers(http(502, b"<html>" * 100)), Unknown, Code.SERVER_ERROR, id="502 HTML"),
    ],
)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_every_answer_is_one_of_three_errors(
    script: Script,
    expected: type[DialError],
    code: Code,
    *,
    tls: bool,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with ScriptedServer(script, tls=tls) as server, fails(expected, code):
        place(server, timeout_s=SHORT_S if "silent" in request.node.name else 3)
    assert server.connections == 1
    assert len(server.requests) <= 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PLACED.replace(b"Content-Length: 35", b"Content-Length: 99"), id="length too long"),
        pytest.param(http(201, b'{"id":"c-1"}', {"Connection": "close"}), id="until close"),
        pytest.param(
            http(201, b'6\r\n{"id":\r\n6\r\n"c-1"}\r\n0\r\n\r\n', {"Transfer-Encoding": "chunked"}), id="chunked"
        ),
        pytest.param(
            http(201, b'c\r\n{"id":"c-1"}\r\n', {"Transfer-Encoding": "chunked"}), id="chunked, no last one"
        ),
        pytest.param(http(201, gzip.compress(b'{"id":"c-1"}'), {"Content-Encoding": "gzip"}), id="gzip"),
        pytest.param(http(100) + PLACED, id="100 first"),
    ],
)
def test_a_whole_id_counts_however_the_body_is_framed(data: bytes) -> None:
    with ScriptedServer(answers_and_closes(data)) as server:
        assert place(server) == "c-1"


# Before the first byte.


def test_a_refused_connection_is_not_placed() -> None:
    with refused_port() as port, fails(NotPlaced, Code.COULD_NOT_CONNECT) as caught:
        Genesys(settings(f"http://127.0.0.1:{port}")).place_call(REQUEST, token=TOKEN)
    assert "refused" in caught.value.message


def test_a_host_without_an_address_is_not_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with fails(NotPlaced, Code.COULD_NOT_CONNECT) as caught:
        Genesys(settings("https://api.genesys.test")).place_call(REQUEST, token=TOKEN)
    assert "Name or service not known" in caught.value.message


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_nobody_accepts_is_not_placed(scheme: str) -> None:
    with full_backlog() as port, fails(NotPlaced, Code.COULD_NOT_CONNECT), within(0.8):
        Genesys(settings(f"{scheme}://127.0.0.1:{port}", timeout_s=SHORT_S)).place_call(REQUEST, token=TOKEN)


@pytest.mark.parametrize(
    "script", [says_nothing, hangs_up, resets_at_once, lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")]
)
def test_a_failed_tls_handshake_is_not_placed(script: Script) -> None:
    with ScriptedServer(script) as server, fails(NotPlaced, Code.COULD_NOT_CONNECT), within(1.1):
        Genesys(settings(f"https://127.0.0.1:{server.port}", timeout_s=SHORT_S)).place_call(REQUEST, token=TOKEN)


def test_a_certificate_that_nobody_vouches_for_is_not_placed() -> None:
    with ScriptedServer(answers(PLACED), tls=True) as server:
        with fails(NotPlaced, Code.COULD_NOT_CONNECT) as caught:
            place(server)
        assert "CERTIFICATE_VERIFY_FAILED" in caught.value.message
        assert server.requests == []


def test_a_certificate_for_another_host_is_not_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with ScriptedServer(answers(PLACED), tls=True) as server:
        with fails(NotPlaced, Code.COULD_NOT_CONNECT):
            Genesys(settings(f"https://127.0.0.2:{server.port}")).place_call(REQUEST, token=TOKEN)
        assert server.requests == []


def test_a_deadline_that_passed_while_connecting_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """By then the job's lease may be over: whoever took it up must not be beaten by a late request."""
    resolve = socket.getaddrinfo

    def slowly(*args: object, **kwargs: object) -> object:
        time.sleep(0.25)
        return resolve(*args, **kwargs)  # type: ignore[arg-type]  # passed through as they came

    with ScriptedServer(answers(PLACED)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", slowly)
        with fails(NotPlaced, Code.COULD_NOT_CONNECT):
            Genesys(settings(server.url)).place_call(REQUEST, token=TOKEN, deadline_s=0.2)
        assert server.requests == []


def test_a_deadline_that_passed_behind_the_connection_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that froze between connecting and the first byte."""
    connect = connection._Connection.connect

    def and_freeze(self: connection._Connection) -> None:
        connect(self)
        time.sleep(0.25)

    with ScriptedServer(answers(PLACED)) as server:
        monkeypatch.setattr(connection._Connection, "connect", and_freeze)
        with fails(NotPlaced, Code.COULD_NOT_CONNECT):
            Genesys(settings(server.url)).place_call(REQUEST, token=TOKEN, deadline_s=0.2)
        assert server.requests == []


def test_an_address_that_does_not_answer_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    with full_backlog("127.0.0.3") as dead, ScriptedServer(answers(PLACED)) as server:

        def two_addresses(host: str, port: int, *args: object, **kwargs: object) -> object:
            if host != "localhost":
                return resolve(host, port if host == "127.0.0.1" else dead, *args, **kwargs)  # type: ignore[arg-type]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("127.0.0.3", "127.0.0.1")]

        monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
        genesys = Genesys(settings(f"http://localhost:{server.port}", timeout_s=0.6))
        assert genesys.place_call(REQUEST, token=TOKEN).conversation_id == "c-1"


def test_a_token_that_no_header_can_carry_is_not_sent_and_not_shown() -> None:
    with ScriptedServer(answers(PLACED)) as server:
        with fails(NotPlaced, Code.TOKEN_REFUSED) as caught:
            Genesys(settings(server.url)).place_call(REQUEST, token="line\r\nfeed")
        assert "feed" not in str(caught.value)
        assert server.connections == 0


@contextmanager
def full_backlog(host: str = "127.0.0.1") -> Iterator[int]:
    """A port where connecting takes for ever: it listens, and its queue is full."""
    with socket.socket() as listener:
        listener.bind((host, 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        try:
            yield listener.getsockname()[1]
        finally:
            for sock in waiting:
                sock.close()


# The deadline.


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param(drips(PLACED, 0.05), Code.NO_ANSWER_FROM_API, id="status line"),
        pytest.param(
            drips(b"X-Padding: " + b"x" * 99, 0.05, at_once=b"HTTP/1.1 201 Created\r\n"),
            Code.NO_ANSWER_FROM_API,
            id="headers",
        ),
        pytest.param(drips(b"HTTP/1.1 100 Continue\r\n\r\n" * 9, 0.01), Code.NO_ANSWER_FROM_API, id="100 for ever"),
        pytest.param(
            drips(b" " * 99, 0.05, at_once=http(201, b"", {"Content-Length": "99"})),
            Code.NO_ANSWER_FROM_API,
            id="body",
        ),
        pytest.param(
            drips(b"1\r\n \r\n" * 99, 0.02, at_once=http(201, b"", {"Transfer-Encoding": "chunked"})),
            Code.NO_ANSWER_FROM_API,
            id="chunks",
        ),
        pytest.param(
            drips(b" " * 99, 0.05, at_once=http(500, b"", {"Content-Length": "99"})),
            Code.SERVER_ERROR,
            id="body of an error",
        ),
    ],
)
def test_a_slow_drip_ends_at_the_deadline(
    script: Script, code: Code, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with ScriptedServer(script, tls=tls) as server, within(2):
        began = time.monotonic()
        with fails(Unknown, code):
            place(server, timeout_s=SHORT_S)
        assert 0.55 < time.monotonic() - began < 0.6 + 0.5


def test_silence_behind_a_late_piece_ends_at_the_deadline() -> None:
    """The read time-out of the library would begin anew with the piece."""

    def late_piece(peer: Peer) -> None:
        peer.read_request()
        time.sleep(0.8)
        peer.send(b"HTTP/1.1 201")
        peer.wait_for_client_to_close()

    with ScriptedServer(late_piece) as server, fails(Unknown, Code.NO_ANSWER_FROM_API), within(1.4):
        Genesys(settings(server.url)).place_call(REQUEST, token=TOKEN, deadline_s=1)


def test_silence_ends_at_the_read_time_out() -> None:
    with ScriptedServer(says_nothing) as server, fails(Unknown, Code.NO_ANSWER_FROM_API), within(0.55):
        place(server, timeout_s=SHORT_S)


def test_a_compressed_answer_is_capped_as_any_other() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    server = ScriptedServer(answers(http(201, bomb, {"Content-Encoding": "gzip"})))
    with server, fails(Unknown, Code.UNREADABLE_ANSWER):
        place(server)


def test_no_more_of_an_answer_is_read_than_it_may_be_long() -> None:
    endless = http(201, gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"})
    with ScriptedServer(answers(endless)) as server:
        post = call_post(settings(server.url), REQUEST, TOKEN)
        answer = Http(connect_timeout_s=3, read_timeout_s=3).send(post, deadline_s=6)
    assert len(answer.body) <= LONGEST_BODY + 65_536
