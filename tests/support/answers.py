"""Answers of the API for tests: written by hand, and generated."""

import json
from collections.abc import Callable
from datetime import UTC
from email.utils import format_datetime

from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from tasks.errors import DialError
from tasks.genesys.answers import Answer, TransportFault

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
known_fields = st.sampled_from(
    ["id", "message", "code", "contextId", "access_token", "expires_in", "error", "description"]
)
known_headers = st.sampled_from(
    [
        "Retry-After",
        "Date",
        "ININ-Correlation-Id",
        "inin-ratelimit-count",
        "inin-ratelimit-allowed",
        "inin-ratelimit-reset",
    ]
)
header_values = (
    st.text(max_size=30)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.datetimes().map(lambda date: format_datetime(date.replace(tzinfo=UTC), usegmt=True))
)
bodies = (
    st.binary(max_size=200)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(known_fields, json_values, max_size=6).map(lambda value: json.dumps(value).encode())
    | st.builds(lambda: b"[" * 100_000)
    | st.integers(0, 5000).map(lambda n: b'{"access_token": "t", "expires_in": 1' + b"0" * n + b"}")
)
any_answer = st.builds(
    Answer,
    status=st.sampled_from([200, 201, 400, 401, 403, 429, 500, 503]) | st.integers(100, 999),
    headers=st.dictionaries(known_headers, header_values, max_size=6).map(CaseInsensitiveDict),
    body=bodies,
    fault=st.sampled_from([None, TransportFault.TIMED_OUT, TransportFault.BROKEN]),
)


def answer(status: int, body: object, fault: TransportFault | None = None, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=CaseInsensitiveDict(names), body=json.dumps(body).encode(), fault=fault)


def outcome(read: Callable[[Answer], object], any_answer: Answer) -> object:
    try:
        return read(any_answer)
    except DialError as e:
        return e
