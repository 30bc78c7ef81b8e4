"""What is written for each profile, what comes of a token request, and what is told of both."""

import json
import logging
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from config.settings import Profile
from tasks.codes import Code
from tasks.errors import NotPlaced, Refused
from tasks.genesys.client import Genesys
from tests.support.calls import (
    PLACED,
    REQUEST,
    SECRET,
    SHORT_S,
    TO,
    TOKEN,
    bare_environment,  # noqa: F401 - pytest finds the fixture here
    fails,
    place,
    settings,
)
from tests.support.scripted_server import (
    CERTIFICATE,
    Script,
    WireServer,
    answers,
    api,
    hangs_up,
    http,
    refused_port,
    says_nothing,
)

pytestmark = pytest.mark.usefixtures("bare_environment")


NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


# What is written.


def test_guide_writes_the_call_to_the_letter() -> None:
    with WireServer(answers(PLACED)) as server:
        place(server)
    request = server.requests[0]
    assert (request.method, request.target) == ("POST", "/api/v2/conversations/calls")
    assert request.body == (
        b'{"to": {"phoneNumber": "tel:+12125551234"}, "from": {"phoneNumber": "tel:+12125559876"}, '
        b'"user": {"id": "user-1"}, "wrapUpCode": {"id": "wrap-1"}}'
    )
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == request.headers["accept"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"].startswith("dialer/")


def test_guide_writes_the_token_request_to_the_letter() -> None:
    with WireServer(answers(api(200, {"access_token": "t", "expires_in": 86400}))) as server:
        grant = Genesys(settings(server.url)).request_token()
    request = server.requests[0]
    assert (request.method, request.target) == ("POST", "/oauth/token")
    assert request.body == f"grant_type=client_credentials&client_id=client&client_secret={SECRET}".encode()
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (grant.access_token, grant.expires_in_s) == ("t", 86400)
    assert "'t'" not in repr(grant)


def test_public_calls_on_behalf_of_the_user() -> None:
    with WireServer(answers(PLACED, PLACED)) as server:
        genesys = Genesys(settings(server.url, Profile.PUBLIC))
        genesys.place_call(replace(REQUEST, user_id="a/b c?é"), token=TOKEN)
        genesys.place_call(replace(REQUEST, caller_id=""), token=TOKEN)
    first, second = server.requests
    assert first.target == "/api/v2/conversations/calls/user/a%2Fb%20c%3F%C3%A9"
    assert json.loads(first.body) == {
        "phoneNumber": TO,
        "callerId": "+12125559876",
        "attributes": {"order": "42", "dialerJobId": "order-42"},
    }
    assert "callerId" not in json.loads(second.body)


@pytest.mark.parametrize("user_id", ["", ".", ".."])
def test_public_sends_nothing_for_a_user_id_that_names_another_resource(user_id: str) -> None:
    with WireServer(answers(PLACED)) as server:
        with fails(Refused, Code.NOT_FOUND):
            Genesys(settings(server.url, Profile.PUBLIC)).place_call(replace(REQUEST, user_id=user_id), token=TOKEN)
        assert server.connections == 0


def test_public_gives_the_client_by_basic() -> None:
    with WireServer(answers(api(200, {"access_token": "t", "expires_in": 86400}))) as server:
        Genesys(settings(server.url, Profile.PUBLIC)).request_token()
    request = server.requests[0]
    assert request.body == b"grant_type=client_credentials"
    assert request.headers["authorization"] == "Basic Y2xpZW50OnNlY3JldC1vZi10aGUtY2xpZW50"


# Tokens.


@dataclass(frozen=True)
class _TokenCase:
    script: Script
    code: Code
    retry_after_s: float | None = None


LATER = format_datetime(NOW + timedelta(seconds=90), usegmt=True)


@pytest.mark.parametrize(
    "case",
    [
        _TokenCase(answers(api(401, {"error": "invalid_client"})), Code.CREDENTIALS_REFUSED),
        _TokenCase(answers(api(400, {"error": "invalid_client"})), Code.CREDENTIALS_REFUSED),
        _TokenCase(answers(api(400, {"error": "unauthorized_client"})), Code.CREDENTIALS_REFUSED),
        _TokenCase(answers(http(401, b"<html>")), Code.CREDENTIALS_REFUSED),
        _TokenCase(
            answers(api(400, {"error": "invalid_request", "description": "rate limit exceeded, wait"})),
            Code.TOKEN_UNAVAILABLE,
        ),
        _TokenCase(answers(api(429, {}, Retry_After="7")), Code.TOKEN_UNAVAILABLE, 7),
        _TokenCase(
            answers(api(503, {}, Retry_After=LATER, Date=format_datetime(NOW, usegmt=True))),
            Code.TOKEN_UNAVAILABLE,
            90,
        ),
        _TokenCase(answers(http(400, b"<html>")), Code.TOKEN_UNAVAILABLE),
        _TokenCase(answers(http(500)), Code.TOKEN_UNAVAILABLE),
        _TokenCase(answers(http(302, b"", {"Location": "/x"})), Code.TOKEN_UNAVAILABLE),
        _TokenCase(answers(api(200, {})), Code.TOKEN_UNAVAILABLE),
        _TokenCase(answers(api(200, {"access_token": "a b"})), Code.TOKEN_UNAVAILABLE),
        _TokenCase(answers(api(200, {"access_token": "t", "expires_in": 0})), Code.TOKEN_UNAVAILABLE),
        _TokenCase(hangs_up, Code.TOKEN_UNAVAILABLE),
        _TokenCase(says_nothing, Code.TOKEN_UNAVAILABLE),
    ],
    ids=lambda case: None,
)
def test_every_answer_to_a_token_request(case: _TokenCase) -> None:
    with WireServer(case.script) as server, fails(NotPlaced, case.code) as caught:
        Genesys(settings(server.url, timeout_s=SHORT_S)).request_token()
    assert caught.value.retry_after_s == case.retry_after_s
    assert SECRET not in str(caught.value)


def test_a_token_endpoint_that_cannot_be_reached_gives_no_token_at_present() -> None:
    with refused_port() as port, fails(NotPlaced, Code.TOKEN_UNAVAILABLE):
        Genesys(settings(f"http://127.0.0.1:{port}")).request_token()


# What is told.


def test_the_log_shows_neither_token_nor_secret_nor_number(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    refusal = api(400, {"message": f"Malformed participant address tel:{TO}\nsee\x00docs", "contextId": "k-2"})
    token = api(200, {"access_token": TOKEN, "expires_in": 60})
    with WireServer(answers(token, refusal, PLACED)) as server:
        genesys = Genesys(settings(server.url))
        genesys.request_token()
        with fails(Refused, Code.MALFORMED_PARTICIPANT_ADDRESS) as caught:
            genesys.place_call(REQUEST, token=TOKEN)
        genesys.place_call(REQUEST, token=TOKEN)
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "order-42" in logged
    for hidden in (TOKEN, SECRET, TO, TO[1:], TO[2:]):
        assert hidden not in logged
        assert hidden not in caught.value.message
    assert caught.value.message.isprintable()
    assert (caught.value.correlation_id, caught.value.http_status) == ("k-2", 400)


def test_the_test_certificate_is_good_for_its_hosts() -> None:
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    assert context.cert_store_stats()["x509_ca"] == 1
