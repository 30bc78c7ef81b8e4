"""What each answer of the token endpoint means, against a real socket server."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tasks.codes import Code
from tasks.errors import NotPlaced
from tasks.genesys.client import Genesys
from tests.support.calls import (
    SECRET,
    SHORT_S,
    bare_environment,  # noqa: F401 - pytest finds the fixture here
    fails,
    settings,
)
from tests.support.scripted_server import (
    Script,
    ScriptedServer,
    answers,
    api,
    hangs_up,
    http,
    refused_port,
    says_nothing,
)

pytestmark = pytest.mark.usefixtures("bare_environment")


NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


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
    timeout_s = SHORT_S if case.script is says_nothing else 3.0
    with ScriptedServer(case.script) as server, fails(NotPlaced, case.code) as caught:
        Genesys(settings(server.url, timeout_s=timeout_s)).request_token()
    assert caught.value.retry_after_s == case.retry_after_s
    assert SECRET not in str(caught.value)


def test_a_token_endpoint_that_cannot_be_reached_gives_no_token_at_present() -> None:
    with refused_port() as port, fails(NotPlaced, Code.TOKEN_UNAVAILABLE):
        Genesys(settings(f"http://127.0.0.1:{port}")).request_token()
