"""What a producer may ask for after a call that ended unanswered."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import JobError
from tasks.job import parse_job
from tasks.redial import REASONS, Redial, parse_redial

TIME = st.integers(1, 59).flatmap(lambda n: st.sampled_from([f"{n}s", f"{n}m", f"{n}h"]))


def test_a_distance_or_a_list_whose_last_one_repeats() -> None:
    redial = parse_redial("redial", {"busy": "5m", "no_answer": ["1h", "1d"], "most": 10})
    assert redial == Redial(distances={"busy": (300,), "no_answer": (3600, 86_400)}, most=10)
    found = [redial.distance_s("no_answer", ["no_answer"] * n) for n in range(4)]
    assert found == [3600, 86_400, 86_400, 86_400]


def test_the_budget_is_one_over_all_reasons() -> None:
    redial = Redial(distances={"busy": (1,), "no_answer": (2,)}, most=3)
    assert redial.distance_s("busy", []) == 1
    assert redial.distance_s("no_answer", ["busy"]) == 2
    assert redial.distance_s("busy", ["busy", "no_answer"]) is None


@pytest.mark.parametrize("result", ["answered", "declined", "invalid_number", "failed", "not_known", "busy"])
def test_what_was_not_asked_for_ends_the_job(result: str) -> None:
    assert Redial(distances={"no_answer": (60,)}).distance_s(result, []) is None


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("5m", "redial"),
        ([], "redial"),
        ({}, "at least one"),
        ({"most": 3}, "at least one"),
        ({"answered": "5m"}, "only"),
        ({"declined": "5m"}, "only"),
        ({"busy": "5"}, "redial.busy"),
        ({"busy": 300}, "redial.busy"),
        ({"busy": "0s"}, "redial.busy"),
        ({"busy": "-5m"}, "redial.busy"),
        ({"busy": "32d"}, "redial.busy"),
        ({"busy": "٥m"}, "redial.busy"),
        ({"busy": []}, "redial.busy"),
        ({"busy": ["1m"] * 11}, "redial.busy"),
        ({"busy": ["1m", None]}, "redial.busy"),
        ({"busy": None}, "redial.busy"),
        ({"busy": "5m", "most": 1}, "redial.most"),
        ({"busy": "5m", "most": 11}, "redial.most"),
        ({"busy": "5m", "most": "3"}, "redial.most"),
        ({"busy": "5m", "most": True}, "redial.most"),
        ({"busy": "5m", "most": 2.0}, "redial.most"),
    ],
)
def test_anything_else_is_refused_by_name(value: object, names: str) -> None:
    with pytest.raises(JobError, match=names) as caught:
        parse_job("order-42", {"to": "+12125551234", "redial": value})
    assert caught.value.code == "invalid_field"


@given(
    st.dictionaries(st.sampled_from(REASONS), TIME | st.lists(TIME, min_size=1, max_size=10), min_size=1),
    st.integers(2, 10),
)
def test_the_ledger_reads_what_it_has_written(distances: dict[str, Any], most: int) -> None:
    job = parse_job("order-42", {"to": "+12125551234", "redial": distances | {"most": most}})
    again = parse_job("order-42", json.loads(job.content()))
    assert again == job
    assert again.content() == job.content()
