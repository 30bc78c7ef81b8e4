"""What an answer says of the rate limit of a token; nothing that it says makes the reading fail in another way."""

import json
from typing import Any

import pytest

from tasks.genesys.answers import Answer
from tasks.genesys.limits import KEY, LimitUnknownError, read_limit


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status=status, headers={}, body=body if isinstance(body, bytes) else json.dumps(body).encode())


def limit(value: object, key: str = KEY) -> dict[str, object]:
    return {"key": key, "namespace": "platform.api", "value": value}


@pytest.mark.parametrize(
    "entities",
    [[limit(300)], [limit(3000, "token.rate.per.minute"), limit(300)], ["x", {}, None, limit("300"), limit(300)]],
)
def test_the_limit_is_found_by_its_key(entities: list[Any]) -> None:
    assert read_limit(answer({"entities": entities})) == 300


NOT_COUNTS: list[Any] = [None, True, "300", 300.5, 0, -1, [300], {}]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[]", b"null", b'{"entities": [', b"\xff\xfe", b"[" * 100_000),
        *(
            {},
            {"entities": None},
            {"entities": {}},
            {"entities": "x"},
            {"entities": []},
            {"entities": [[limit(300)]]},
        ),
        *({"entities": [limit(value)]} for value in NOT_COUNTS),
        {"entities": [limit(300, "org.app.user.rate.per.minute")]},
        {"entities": [{"value": 300}, {"key": [KEY], "value": 300}]},
    ],
)
def test_any_other_answer_names_no_limit(body: Any) -> None:
    with pytest.raises(LimitUnknownError, match=KEY):
        read_limit(answer(body))


@pytest.mark.parametrize("status", [100, 301, 401, 404, 429, 500, 503])
@pytest.mark.parametrize(
    ("body", "told"), [(b"<html>", "no readable message"), ({"message": "No.\nSee\x1b docs"}, "No. See  docs")]
)
def test_a_refusal_is_told_in_one_line(status: int, body: Any, told: str) -> None:
    with pytest.raises(LimitUnknownError) as caught:
        read_limit(answer(body, status))
    assert str(caught.value) == f"Genesys Cloud answered {status}: {told}"
