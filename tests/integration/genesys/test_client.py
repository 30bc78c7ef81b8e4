"""The client: placed calls, deadlines, and what it logs, against a real socket server."""

import logging

import pytest

from config.settings import Profile
from tasks.codes import Code
from tasks.errors import RateReading, Refused, Unknown
from tasks.genesys.client import Genesys
from tests.support.calls import (
    PLACED,
    REQUEST,
    SECRET,
    TO,
    TOKEN,
    bare_environment,  # noqa: F401 - pytest finds the fixture here
    fails,
    settings,
    within,
)
from tests.support.scripted_server import (
    ScriptedServer,
    answers,
    api,
    says_nothing,
)

pytestmark = pytest.mark.usefixtures("bare_environment")


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_with_an_id_is_a_placed_call(status: int, profile: Profile) -> None:
    headers = {
        "ININ_Correlation_Id": "k-1",
        "inin_ratelimit_count": "7",
        "inin_ratelimit_allowed": "300",
        "inin_ratelimit_reset": "42",
    }
    with ScriptedServer(answers(api(status, {"id": "c-1"}, **headers))) as server:
        call = Genesys(settings(server.url, profile)).place_call(REQUEST, token=TOKEN)
    assert (call.conversation_id, call.http_status, call.correlation_id) == ("c-1", status, "k-1")
    assert call.reading == RateReading(count=7, allowed=300, reset_s=42)


def test_the_caller_may_shorten_the_deadline() -> None:
    with ScriptedServer(says_nothing) as server, fails(Unknown, Code.NO_ANSWER_FROM_API), within(0.25):
        Genesys(settings(server.url)).place_call(REQUEST, token=TOKEN, deadline_s=0.1)


def test_the_log_shows_neither_token_nor_secret_nor_number(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    refusal = api(400, {"message": f"Malformed participant address tel:{TO}\nsee\x00docs", "contextId": "k-2"})
    token = api(200, {"access_token": TOKEN, "expires_in": 60})
    with ScriptedServer(answers(token, refusal, PLACED)) as server:
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
