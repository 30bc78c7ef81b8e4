"""`store/keys.py` lists exactly the fields that the scripts use."""

import inspect
import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.ledger.progress import Progress
from tasks.redial import Redial
from tasks.results import CallResult, CallState
from tasks.store import keys
from tests.support.ground import Ground, job
from tests.support.lua import FILES, LuaCall, calls

#: The page: key -> its fields.
PAGE: dict[str, dict[str, str]] = {
    name.removesuffix("_FIELDS").lower(): fields for name, fields in vars(keys).items() if name.endswith("_FIELDS")
}
#: Scripts call one hash by another name than the page does.
ALIASES = {"failure": "token_failure"}
ANY = "<any>"


def hash_named(name: str) -> str:
    """The key of the page that a script calls `job`, or `keys.job`."""
    name = name.rpartition(".")[2]
    return ALIASES.get(name, name)


def fields_of(call: LuaCall) -> tuple[str, list[str]]:
    """The hash, or stream, and the fields that a call names; no fields for any other call."""
    if call.name == "make_due":
        return call.args[0], call.args[6::2]
    if call.name not in {"redis.call", "redis.pcall"}:
        return "", []
    command, key, *rest = [*call.args, ""]
    named = {
        "'HSET'": rest[:-1:2],
        "'HGET'": rest[:1],
        "'HEXISTS'": rest[:1],
        "'HINCRBY'": rest[:1],
        "'HMGET'": rest[:-1],
        "'HDEL'": rest[:-1],
        "'HGETALL'": [],
        "'HLEN'": [],
        "'XADD'": rest[rest.index("'*'") + 1 : -1 : 2] if "'*'" in rest else [],
    }
    assert command in named or command[1] not in "HX", f"this test does not know the fields of {command}"
    return key, named.get(command, [])


def normal(field: str) -> str | None:
    """`'x'` as x, `'x' .. n` as x<n>; None for those that come from the caller."""
    if field.startswith(("unpack (", "...")):
        return None
    literal = re.fullmatch(r"'(\w+)'(?: \.\. (\w+))?", field)
    return literal[1] + (f"<{literal[2]}>" if literal[2] else "") if literal else ANY


def touched() -> dict[str, set[str]]:
    """What the scripts name: key -> fields."""
    found = defaultdict[str, set[str]](set)
    for text in FILES.values():
        for call in calls(text):
            key, named = fields_of(call)
            if fields := {field for each in named if (field := normal(each))}:
                found[hash_named(key)] |= fields
    return found


def eventful(ground: Ground) -> set[str]:
    """The fields of the record of a job that was repeated, had a conflict, waited, was placed, and was answered."""
    times = {"not_before": datetime(2026, 1, 1, tzinfo=UTC), "not_after": datetime(2099, 1, 1, tzinfo=UTC)}
    asked: dict[str, Any] = {
        "batch": "b",
        "region": "US",
        "user_id": "u",
        "wrap_up_code_id": "w",
        "max_attempts": 3,
        "attributes": {"order": "42"},
        "redial": Redial(distances={"busy": (300,)}),
        **times,
    }
    ground.ledger.accept([job(**asked), job(**asked), job(to="another")])
    waiting: Any = ground.redis.hgetall(keys.job("order-42"))
    claim = ground.sending(job(**asked))
    ground.end(claim, State.PLACED, Code.PLACED, http_status=201, conversation_id="c", correlation_id="k")
    ground.advance(3600)
    (call,) = ground.following.take(most=1).calls
    told = {"answered_at": 1.0, "ended_at": 2.0, "ring_s": 1.0, "talk_s": 1.0}
    ended = Progress(state=CallState.ENDED, result=CallResult.ANSWERED, detail="hung_up_by:user", **told)
    ground.following.record([(call, ended)])
    answered: Any = ground.redis.hgetall(keys.job("order-42"))
    return {*waiting, *answered}


@pytest.fixture
def ground(fake_redis: Redis) -> Ground:
    return Ground.over(fake_redis)


def test_every_hash_and_the_stream_have_their_fields() -> None:
    constants = re.findall(r"^#: (?:hash|stream)\b.*\n(\w+): Final", inspect.getsource(keys), re.MULTILINE)
    functions = [
        name
        for name, function in inspect.getmembers(keys, inspect.isfunction)
        if (function.__doc__ or "").startswith("Hash")
    ]
    assert sorted(PAGE) == sorted([*constants, *functions])


def test_scripts_touch_only_what_is_on_the_page() -> None:
    assert touched().keys() == PAGE.keys()


@pytest.mark.parametrize("key", sorted(PAGE.keys() - {"job"}))
def test_the_fields_are_those_that_scripts_touch(key: str) -> None:
    page, found = set(PAGE[key]), touched()[key]
    if any(re.fullmatch(r"<\w+>", field) for field in page):
        assert len(page) == 1
        assert ANY in found
    else:
        assert page == found


def test_the_fields_of_a_record_are_those_that_scripts_touch_or_callers_give(ground: Ground) -> None:
    assert set(keys.JOB_FIELDS) == touched()["job"] | eventful(ground)


def test_the_fields_of_the_stream_are_those_of_an_entry(ground: Ground) -> None:
    eventful(ground)
    entries: Any = ground.redis.xrange(keys.outcomes)
    (_, outcome), (_, result) = entries
    assert list(keys.OUTCOMES_FIELDS) == list(result) == list(outcome)


def test_an_entry_of_the_pause_has_what_the_page_says() -> None:
    (meaning,) = keys.PAUSE_FIELDS.values()
    written = set(re.findall(r'"(\w+)":', FILES["parts/pause_entry.lua"]))
    assert written == set(re.findall(r"\b(\w+_ms|message)\b", meaning))


def test_every_field_is_explained_in_a_sentence() -> None:
    assert [field for fields in PAGE.values() for field, meaning in fields.items() if not meaning.endswith(".")] == []
