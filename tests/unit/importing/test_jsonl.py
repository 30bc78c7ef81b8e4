"""JSONL: every bad line is reported with its number."""

import pytest

from tests.support.rows import bad, read
from worker.importing.rows import BadFile


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "The line is not JSON"),
        ("[]", "The line is not a JSON object."),
        ('{"to": NaN}', "The line is not JSON: NaN"),
        ('{"to": "+1", "to": "+2"}', "twice"),
        ("[" * 100_000, "The line is not JSON"),
        ('{"to": "\0"}', "UTF-8"),
    ],
)
def test_bad_lines_of_jsonl(line: str, told: str) -> None:
    content = '{"to": "+1"}\n\n' + line + '\n{"to": "+2", "id": "b"}'
    (found,) = bad(content, name="jobs.jsonl")
    assert found[0] == 3
    assert told in found[1]
    assert len(read(content, name="jobs.jsonl")) == 3


def test_a_json_array_is_no_jsonl() -> None:
    with pytest.raises(BadFile, match="one object per line"):
        read('[{"to": "+1"}]', name="jobs.json")
