"""The requests of each profile, as a real socket server receives them."""

import json
import ssl
from dataclasses import replace

import pytest

from config.settings import Profile
from tasks.codes import Code
from tasks.errors import Refused
from tasks.genesys.client import Genesys
from tests.support.calls import (
    PLACED,
    REQUEST,
    SECRET,
    TO,
    TOKEN,
    bare_environment,  # noqa: F401 - pytest finds the fixture here
    fails,
    place,
    settings,
)
from tests.support.scripted_server import (
    CERTIFICATE,
    ScriptedServer,
    answers,
    api,
)

pytestmark = pytest.mark.usefixtures("bare_environment")


def test_guide_writes_the_call_to_the_letter() -> None:
    with ScriptedServer(answers(PLACED)) as server:
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
    with ScriptedServer(answers(api(200, {"access_token": "t", "expires_in": 86400}))) as server:
        grant = Genesys(settings(server.url)).request_token()
    request = server.requests[0]
    assert (request.method, request.target) == ("POST", "/oauth/token")
    assert request.body == f"grant_type=client_credentials&client_id=client&client_secret={SECRET}".encode()
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (grant.access_token, grant.expires_in_s) == ("t", 86400)
    assert "'t'" not in repr(grant)


def test_public_calls_on_behalf_of_the_user() -> None:
    with ScriptedServer(answers(PLACED, PLACED)) as server:
        genesys = Genesys(settings(server.url, Profile.PUBLIC))
        genesys.place_call(replace(REQUEST, user_id="a/b c?é"), token=TOKEN)
        genesys.place_call(replace(REQUEST, caller_id=""), token=TOKEN)
    first, second = server.requests
    assert first.target == "/api/v2/conversations/calls/user/a%2Fb%20c%3F%C3%A9"
    assert json.loads(first.body) == {
        "phoneNumber": TO,
        "callerId": "+12125559876",
        "attributes": {"order": "42", "dialerJobId": "order-42", "dialerAttempt": "7"},
    }
    assert "callerId" not in json.loads(second.body)


def test_public_lets_no_attribute_of_the_job_take_the_place_of_those_that_tell_the_call() -> None:
    with ScriptedServer(answers(PLACED)) as server:
        theirs = {"dialerJobId": "another", "dialerAttempt": "1"}
        Genesys(settings(server.url, Profile.PUBLIC)).place_call(replace(REQUEST, attributes=theirs), token=TOKEN)
    assert json.loads(server.requests[0].body)["attributes"] == {"dialerJobId": "order-42", "dialerAttempt": "7"}


@pytest.mark.parametrize("user_id", ["", ".", ".."])
def test_public_sends_nothing_for_a_user_id_that_names_another_resource(user_id: str) -> None:
    with ScriptedServer(answers(PLACED)) as server:
        with fails(Refused, Code.NOT_FOUND):
            Genesys(settings(server.url, Profile.PUBLIC)).place_call(replace(REQUEST, user_id=user_id), token=TOKEN)
        assert server.connections == 0


def test_public_gives_the_client_by_basic() -> None:
    with ScriptedServer(answers(api(200, {"access_token": "t", "expires_in": 86400}))) as server:
        Genesys(settings(server.url, Profile.PUBLIC)).request_token()
    request = server.requests[0]
    assert request.body == b"grant_type=client_credentials"
    assert request.headers["authorization"] == "Basic Y2xpZW50OnNlY3JldC1vZi10aGUtY2xpZW50"


def test_the_test_certificate_is_good_for_its_hosts() -> None:
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    assert context.cert_store_stats()["x509_ca"] == 1
