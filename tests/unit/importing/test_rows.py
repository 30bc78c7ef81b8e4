"""Rows become jobs, or bad rows with a code."""

from typing import Any

import pytest

from worker.importing.rows import Row, RowDefaults


def jobs(*rows: dict[str, Any], **defaults: Any) -> list[Any]:
    numbered = [Row(number=n, fields=row) for n, row in enumerate(rows, 2)]
    return list(RowDefaults(**defaults).jobs(iter(numbered)))


def test_the_row_s_own_word_comes_first() -> None:
    rows = {"id": "a", "to": "+1"}, {"id": "b", "to": "+1", "batch": "mine", "region": "GB"}
    found = jobs(*rows, batch="all", region="US")
    assert [(row.job.batch, row.job.region) for row in found] == [("all", "US"), ("mine", "GB")]


def test_a_row_without_an_id_gets_one_from_its_content() -> None:
    one, same, other_number = jobs({"to": "+1"}, {"to": "+1"}, {"to": "+2"})
    assert one.job.id == same.job.id
    assert one.job.id.startswith("import-")
    assert one.job.id != other_number.job.id


@pytest.mark.parametrize("options", [{"batch": "b"}, {"region": "GB"}, {"batch": "b", "region": "GB"}])
def test_an_id_from_the_content_is_the_same_under_other_options(options: dict[str, str]) -> None:
    """So the same list under another batch calls nobody again."""
    (plain,), (other,) = jobs({"to": "+1"}), jobs({"to": "+1"}, **options)
    assert plain.job.id == other.job.id
    assert plain.job.content() != other.job.content()
    (own,) = jobs({"to": "+1", "batch": "mine"}, **options)
    assert own.job.id != plain.job.id


@pytest.mark.parametrize(
    ("row", "code", "told"),
    [
        ({"id": 42, "to": "+1"}, "invalid_field", "id must be a string"),
        ({"id": "a\nb", "to": "+1"}, "invalid_field", "printable"),
        ({"id": "a" * 256, "to": "+1"}, "invalid_field", "255"),
        ({"id": "", "to": "+1"}, "invalid_field", "255"),
        ({"id": "a"}, "missing_field", "'to'"),
        ({"id": "a", "to": "+1", "priority": "high"}, "invalid_field", "priority must be"),
        ({"id": "a", "to": "+1", "color": "red"}, "unknown_field", "color"),
    ],
)
def test_what_is_no_job(row: dict[str, Any], code: str, told: str) -> None:
    (found,) = jobs(row)
    assert (found.number, found.code) == (2, code)
    assert told in found.message


def test_a_column_that_was_named_for_ids_must_hold_them() -> None:
    (found,) = jobs({"to": "+1"}, id_column="ref")
    assert (found.code, found.message) == ("missing_field", "The id is missing: 'ref' is empty.")
