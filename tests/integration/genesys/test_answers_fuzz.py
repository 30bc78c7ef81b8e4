"""Any bytes as the API's answer, over a real socket: a call is only sent again if the answer says that it may."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tasks.codes import Code
from tasks.errors import DialError, NotPlaced, Refused, Unknown
from tasks.genesys.call import PlacedCall
from tasks.genesys.client import Genesys
from tests.support.calls import REQUEST, TO, TOKEN, bare_environment  # noqa: F401 - pytest finds the fixture here
from tests.support.calls import settings as api_settings
from tests.support.scripted_server import Peer, ScriptedServer

pytestmark = pytest.mark.usefixtures("bare_environment")
bounded = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Scripted(ScriptedServer):
    """Answers each connection with `answer`, byte for byte, and closes."""

    def __init__(self) -> None:
        super().__init__(self._answers)
        self.answer = b""

    def _answers(self, peer: Peer) -> None:
        if peer.read_request():
            peer.send(self.answer)


@pytest.fixture(scope="module")
def server() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


status_lines = st.builds(
    "{} {} {}\r\n".format,
    st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "http/1.1", "HTTP/1.1 "]),
    st.sampled_from([100, 200, 201, 204, 302, 400, 401, 403, 429, 500, 503]) | st.integers(0, 1200),
    st.sampled_from(["", "Created", "\x00", "x" * 70_000]),
).map(str.encode)
headers = st.lists(
    st.sampled_from(
        [
            b"Retry-After: 1",
            b"Retry-After: -1",
            b"Content-Length: 17",
            b"Content-Length: -1",
            b"Content-Length: 99999999999",
            b"Content-Length: x",
            b"Transfer-Encoding: chunked",
            b"Content-Encoding: gzip",
            b"Location: http://127.0.0.1:1/",
            b"ININ-Correlation-Id: +12125551234",
            b"Set-Cookie: a=b",
            b"X" * 70_000,
            b"no colon",
            b" folded",
            b"\xff: \xfe",
        ]
    ),
    max_size=4,
    unique_by=lambda line: line.partition(b":")[0],  # of two lengths urllib3 makes a socket for the garbage collector
).map(lambda lines: b"".join(line + b"\r\n" for line in lines) + b"\r\n")
bodies = st.binary(max_size=60) | st.sampled_from(
    [
        b'{"id": "c-1"}',
        b'5\r\n{"id"\r\n',
        b'd\r\n{"id": "c-1"}\r\n0\r\n\r\n',
        b"ffffffff\r\n",
        b"-1\r\n",
        b"zz\r\n",
        b'{"access_token": "t", "expires_in": 60}',
        b'{"message": "call +12125551234, caller ID", "code": "conversation.error.no.user.station"}',
        b"\x1f\x8b\x08\x00",
        b"[" * 100_000,
    ]
)
raw_answers = st.binary(max_size=100) | st.builds(lambda *parts: b"".join(parts), status_lines, headers, bodies)


def final_status(raw: bytes) -> int | None:
    """What the first answer that is not "100 Continue" says, if it is written as it should be."""
    found = re.match(rb"(?:HTTP/1\.[01] 100 [^\r\n]*\r\n\r\n)*HTTP/1\.[01] ([0-9]{3}) ", raw)
    return int(found[1]) if found else None


@bounded
@given(raw=raw_answers)
@example(raw=b"")
@example(raw=b"HTTP/1.1 201 \r\nContent-Length: 17\r\n\r\n{}")
@example(raw=b'HTTP/1.1 200 \r\nRetry-After: 1\r\n\r\n{"code": "conversation.error.no.user.station"}')
def test_any_bytes_are_a_placed_call_or_one_of_the_three_errors(server: Scripted, raw: bytes) -> None:
    server.answer, before = raw, len(server.requests)
    came: PlacedCall | DialError
    try:
        came = Genesys(api_settings(server.url)).place_call(REQUEST, token=TOKEN)
    except DialError as error:
        came = error
    assert len(server.requests) == before + 1
    assert type(came) in {PlacedCall, NotPlaced, Refused, Unknown}
    status = final_status(raw)
    if status is None:
        assert not isinstance(came, PlacedCall) or raw.startswith(b"HTTP/")
    elif status < 400:
        assert type(came) in {PlacedCall, Unknown}
    elif isinstance(came, NotPlaced):
        assert status in {401, 407, 429, 503}
    if isinstance(came, DialError):
        assert came.message.isprintable()
        assert TO[2:] not in f"{came!r} {came} {came.correlation_id}"


@bounded
@given(raw=raw_answers)
@example(raw=b'HTTP/1.1 200 \r\n\r\n{"access_token": "a b", "expires_in": 60}')
def test_any_bytes_are_a_token_or_none_at_present(server: Scripted, raw: bytes) -> None:
    server.answer, before = raw, len(server.requests)
    try:
        grant = Genesys(api_settings(server.url)).request_token()
    except DialError as error:
        assert type(error) is NotPlaced  # noqa: PT017 - it need not come
        assert error.code in {Code.CREDENTIALS_REFUSED, Code.TOKEN_UNAVAILABLE}  # noqa: PT017
        assert error.message.isprintable()  # noqa: PT017
    else:
        assert grant.access_token
        assert grant.expires_in_s > 0
    assert len(server.requests) == before + 1
