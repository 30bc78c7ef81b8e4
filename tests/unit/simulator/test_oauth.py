import base64
import json
from typing import Any

import pytest

from sandbox.simulator.behavior import Behavior
from sandbox.simulator.oauth import IssuedTokens, token_reply
from sandbox.simulator.rate_window import RateWindows
from sandbox.simulator.replies import ApiError
from tests.unit.simulator.conftest import Clock

FORM: dict[str, object] = {
    "grant_type": "client_credentials",
    "client_id": "dialer",
    "client_secret": "sandbox-secret",
}
BASIC_FORM: dict[str, object] = {"grant_type": "client_credentials"}


def basic(client: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()


class Endpoint:
    """The token endpoint over one set of tokens."""

    def __init__(self, **behavior: Any) -> None:
        self.clock = Clock()
        self.tokens = IssuedTokens(self.clock)
        self.windows = RateWindows[str](self.clock)
        self.behavior = Behavior(**behavior)

    def ask(self, form: dict[str, object], authorization: str = "") -> tuple[int, dict[str, Any]]:
        answer = token_reply(form, authorization, behavior=self.behavior, tokens=self.tokens, windows=self.windows)
        return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    ("profile", "form", "authorization", "status"),
    [
        ("both", FORM, "", 200),
        ("both", BASIC_FORM, basic("dialer", "sandbox-secret"), 200),
        ("guide", FORM, "", 200),
        ("guide", BASIC_FORM, basic("dialer", "sandbox-secret"), 401),
        ("public", BASIC_FORM, basic("dialer", "sandbox-secret"), 200),
        ("public", FORM, "", 401),
        ("both", {**FORM, "client_secret": "wrong"}, "", 401),
        ("both", BASIC_FORM, basic("dialer", "wrong"), 401),
        ("both", BASIC_FORM, "Basic %%%", 401),
        ("both", BASIC_FORM, "", 401),
    ],
)
def test_credentials_are_taken_as_the_profile_sends_them(
    profile: str, form: dict[str, object], authorization: str, status: int
) -> None:
    answered, content = Endpoint(profile=profile).ask(form, authorization)
    assert answered == status
    if status == 200:
        assert content["token_type"] == "bearer"
        assert content["expires_in"] == 86400
    else:
        assert content["error"] == "invalid_client"


def test_another_grant_type_is_refused() -> None:
    status, content = Endpoint().ask({**FORM, "grant_type": "password"})
    assert (status, content["error"]) == (400, "unsupported_grant_type")


def test_the_token_endpoints_own_limit_is_a_400_and_no_credentials_error() -> None:
    endpoint = Endpoint(token_rate_limit=2, token_rate_window_s=30.0)
    assert [endpoint.ask(FORM)[0] for _ in range(3)] == [200, 200, 400]
    _, content = endpoint.ask(FORM)
    assert content["error"] == "invalid_request"
    assert content["description"].startswith("rate limit exceeded")
    endpoint.clock.now += 30
    assert endpoint.ask(FORM)[0] == 200


def refused(tokens: IssuedTokens, authorization: str) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        tokens.client_of(authorization)
    return caught.value.status, caught.value.code


def test_a_token_works_until_it_expires() -> None:
    clock = Clock()
    tokens = IssuedTokens(clock)
    token = tokens.issue("dialer", 10.0)
    clock.now += 9.9
    assert tokens.client_of(f"Bearer {token}") == ("dialer", token)
    clock.now += 0.1
    assert refused(tokens, f"Bearer {token}") == (401, "credentials.expired")
    assert tokens.alive() == 0


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "authentication.required"),
        ("Bearer ", "authentication.required"),
        ("Basic abc", "authentication.required"),
        ("Bearer never-issued", "bad.credentials"),
    ],
)
def test_without_a_known_token_there_is_a_401_that_says_why(authorization: str, code: str) -> None:
    assert refused(IssuedTokens(Clock()), authorization) == (401, code)


def test_the_newest_token_of_a_client_is_known_until_it_is_revoked() -> None:
    tokens = IssuedTokens(Clock())
    assert tokens.newest("dialer") is None
    first, second = tokens.issue("dialer", 10.0), tokens.issue("dialer", 10.0)
    tokens.issue("another", 10.0)
    assert tokens.newest("dialer") == second
    tokens.revoke(second)
    assert tokens.newest("dialer") == first


def test_revoking_one_token_leaves_the_others() -> None:
    tokens = IssuedTokens(Clock())
    first, second = tokens.issue("dialer", 10.0), tokens.issue("dialer", 10.0)
    tokens.revoke(first)
    assert refused(tokens, f"Bearer {first}") == (401, "bad.credentials")
    assert tokens.client_of(f"Bearer {second}") == ("dialer", second)
    assert tokens.revoke_all() == 1
    assert refused(tokens, f"Bearer {second}") == (401, "bad.credentials")
