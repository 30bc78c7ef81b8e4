import dataclasses
import json

import pytest

from sandbox.simulator.behavior import Behavior
from sandbox.simulator.changes import BadBehavior, changed


def test_a_change_keeps_what_it_does_not_name() -> None:
    before = Behavior(rate_limit=7)
    after = changed(before, {"latency_s": 2, "verified_caller_ids": ["+12125550100"]})
    assert (after.rate_limit, after.latency_s, after.verified_caller_ids) == (7, 2.0, ("+12125550100",))
    assert before == Behavior(rate_limit=7)


def test_what_is_shown_can_be_sent_back() -> None:
    behavior = Behavior(faults={"reset": 0.5}, verified_caller_ids=("+12125550100",), outage="hang")
    assert changed(Behavior(), json.loads(json.dumps(behavior.as_json()))) == behavior


def test_every_field_can_be_changed() -> None:
    for field in dataclasses.fields(Behavior):
        value = Behavior().as_json()[field.name]
        assert changed(Behavior(), {field.name: value}) == Behavior()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("no_such_field", 1),
        ("profile", "private"),
        ("profile", ["both"]),
        ("client_secret", 5),
        ("rate_limit", -1),
        ("rate_limit", 1.5),
        ("rate_limit", True),
        ("latency_s", -0.1),
        ("latency_s", "1"),
        ("latency_s", float("nan")),
        ("latency_s", float("inf")),
        ("deaf_channels", 1),
        ("permissions", "conversation:call:add"),
        ("users", [1]),
        ("absent_users", None),
        ("presences", ["Away"]),
        ("presences", {"user-1": 1}),
        ("outage", "no_such_fault"),
        ("outage", {}),
        ("token_outage", "no_such_fault"),
        ("verified_caller_ids", "+12125550100"),
        ("verified_caller_ids", [1]),
        ("faults", ["reset"]),
        ("faults", {"no_such_fault": 0.1}),
        ("faults", {"reset": -0.1}),
        ("faults", {"reset": 0.6, "hang": 0.5}),
        ("faults", {"": 0.5}),
        ("results", ["busy"]),
        ("results", {"answered": 0.5}),
        ("results", {"busy": 0.6, "no_answer": 0.5}),
    ],
)
def test_what_a_field_cannot_take_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(BadBehavior, match=f"^{name}: "):
        changed(Behavior(), {name: value})


def test_permissions_and_users_are_open_unless_they_are_set() -> None:
    assert not Behavior().lacks("a:b:c")
    assert Behavior().knows("anybody")
    narrow = Behavior(permissions=("a:b:c",), users=("one",))
    assert [narrow.lacks(name) for name in ("a:b:c", "d:e:f")] == [False, True]
    assert [narrow.knows(name) for name in ("one", "two")] == [True, False]


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(BadBehavior) as caught:
        changed(Behavior(), {"rate_limit": -1, "typo": 1, "latency_s": 1})
    assert "rate_limit" in str(caught.value)
    assert "typo" in str(caught.value)
    assert "latency_s" not in str(caught.value)
