"""The judge itself: it sees what does not fit the SDK's types."""

from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from tests.support.sdk_types import UNKNOWN_VALUE, differences


class Model:
    """What a model of the SDK looks like once it is read."""

    attribute_map: ClassVar = {
        "id": "id",
        "start_time": "startTime",
        "reasons": "reasons",
        "attributes": "attributes",
    }
    swagger_types: ClassVar = {
        "id": "str",
        "start_time": "datetime",
        "reasons": "list[int]",
        "attributes": "dict(str, str)",
    }

    def __init__(self, **values: Any) -> None:
        self.id: Any = None
        self.start_time: Any = None
        self.reasons: Any = None
        self.attributes: Any = None
        self.__dict__.update(values)


NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "typed", "found"),
    [
        ({"id": "a", "startTime": "2026-11-25T00:00:00Z"}, Model(id="a", start_time=NOW), []),
        ({"reasons": [1], "attributes": {"a": "b"}}, Model(reasons=[1], attributes={"a": "b"}), []),
        ({"typo": "a"}, Model(), ["x.typo: no such field in Model"]),
        ({"id": None}, Model(), ["x.id: null"]),
        ({"id": 5}, Model(id="5"), ["x.id: 5 is no str"]),
        ({"startTime": "soon"}, Model(start_time="soon"), ["x.startTime: 'soon' is no datetime"]),
        ({"id": "new"}, Model(id=UNKNOWN_VALUE), ["x.id: the SDK does not know the value 'new'"]),
        ({"reasons": [1, "2"]}, Model(reasons=[1, 2]), ["x.reasons[1]: '2' is no int"]),
        ({"attributes": {"a": 1}}, Model(attributes={"a": "1"}), ["x.attributes.a: 1 is no str"]),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(raw: object, typed: Model, found: list[str]) -> None:
    assert list(differences(raw, typed, "Model", "x")) == found
