"""What an answer of the token endpoint means, whatever it contains."""

import pytest
from hypothesis import given

from tasks.codes import Code, fix_of
from tasks.errors import DialError, NotPlaced
from tasks.genesys.answers import Answer
from tasks.genesys.oauth import Grant, read_grant
from tests.support.answers import answer, any_answer, outcome


@given(any_answer)
def test_nothing_but_a_grant_or_not_placed_comes_out(any_answer: Answer) -> None:
    came = outcome(read_grant, any_answer)
    if isinstance(came, DialError):
        assert type(came) is NotPlaced
        assert came.code in {Code.CREDENTIALS_REFUSED, Code.TOKEN_UNAVAILABLE}
    else:
        assert isinstance(came, Grant)
        assert came.access_token.isascii()
        assert came.access_token.isprintable()
        assert 0 < came.expires_in_s <= 172_800


@pytest.mark.parametrize(
    ("expires_in", "life_s"),
    [
        (86_399, 86_399),
        (1e9, 172_800),
        (None, 300),
        ("3600", 300),
        (True, 300),
        (float("inf"), 172_800),
        (float("nan"), 300),
        (10**4000, 172_800),
    ],
)
def test_an_unknown_lifetime_is_the_shortest_possible(expires_in: object, life_s: float) -> None:
    grant = read_grant(answer(200, {"access_token": "t", "expires_in": expires_in}))
    assert grant.expires_in_s == life_s


@pytest.mark.parametrize("status", [404, 405])
def test_a_host_without_a_token_endpoint_is_a_wrong_configuration(status: int) -> None:
    with pytest.raises(NotPlaced) as caught:
        read_grant(Answer(status=status, headers={}, body=b"<html>Not found</html>"))
    assert caught.value.code is Code.CREDENTIALS_REFUSED
    assert "GENESYS_CLOUD_PROFILE" in fix_of(caught.value.code)
    assert "GENESYS_CLOUD_REGION" in fix_of(caught.value.code)
