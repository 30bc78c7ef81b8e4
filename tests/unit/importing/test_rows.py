"""What is read from files: as spreadsheets write them, with every bad row told by its number."""

import io
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from worker.importing.rows import BadFile, BadRow, Filling, Row
from worker.importing.source import Source, opened


def read(content: bytes | str, name: str = "jobs.csv", **options: Any) -> list[Row | BadRow]:
    raw = content.encode() if isinstance(content, str) else content
    source = Source(io.BytesIO(raw), name=name)
    return list(source.rows(**{"file_format": None, "id_column": None} | options))


def fields(content: bytes | str, **options: Any) -> list[dict[str, Any]]:
    rows = read(content, **options)
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row.fields for row in rows if isinstance(row, Row)]


def bad(content: bytes | str, **options: Any) -> list[tuple[int, str]]:
    return [(row.number, row.message) for row in read(content, **options) if isinstance(row, BadRow)]


ONE = {"id": "a", "to": "+12125551234"}


@pytest.mark.parametrize(
    "content",
    [
        "id,to\na,+12125551234\n",
        "id,to\na,+12125551234",
        "id,to\r\na,+12125551234\r\n",
        "id,to\ra,+12125551234\r",
        "\ufeffid,to\na,+12125551234\n",
        "id;to\na;+12125551234\n",
        "id\tto\na\t+12125551234\n",
        '"id","to"\n"a","+12125551234"\n',
        " id , to \n a , +12125551234 \n",
        "id,to,,\na,+12125551234,,\n",
        "id,to,region\na,+12125551234,\n",
        "id,to\n\n,\na,+12125551234\n\n",
    ],
)
def test_every_way_to_write_the_same_sheet(content: str) -> None:
    assert fields(content) == [ONE]


def test_cells_become_the_types_of_the_fields() -> None:
    content = (
        "to,priority,max_attempts,attributes.order,attributes.name,batch\n"
        "+12125551234,9,2,42,Zoë,\n+12125551234,high,+3,,,b\n"
    )
    assert fields(content) == [
        {"to": "+12125551234", "priority": 9, "max_attempts": 2, "attributes": {"order": "42", "name": "Zoë"}},
        {"to": "+12125551234", "priority": "high", "max_attempts": "+3", "batch": "b"},
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "empty"),
        ("\nid,to\n", "first line is empty"),
        ("id,phone\n", "no column 'phone'"),
        ("to,To\n", "no column 'To'"),
        ("id,region\n", "column 'to' is missing"),
        ("to,to\n", "'to' is there twice"),
        ("id,,to\n", "Column 2 has no name"),
        ("to,attributes\n", "no column 'attributes'"),
        ("to,attributes.\n", "no column 'attributes.'"),
        ("to,\x1b[2J\n", r"no column '\x1b[2J'"),
        ("+12125551234\n", "no column '+12125551234'"),
        ("id,to\na,+12125551234\n".encode("utf-16"), "not UTF-8"),
        (b"id,to,stra\xdfe\n", "not UTF-8"),
    ],
)
def test_a_header_that_will_not_do(content: str | bytes, told: str) -> None:
    with pytest.raises(BadFile) as caught:
        read(content)
    assert told in str(caught.value)


def test_an_unknown_column_names_the_known_ones() -> None:
    with pytest.raises(BadFile, match=r"Known columns: id, to, from, region, .*attributes\.NAME\."):
        read("to,phone\n")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,to\na\nb,+1\n", [(2, "It has 1 cells, and the header 2.")]),
        ("id,to\na,+1,x\nb,+1\n", [(2, "It has 3 cells, and the header 2.")]),
        ("id,to\n\na,+1\nb\n", [(4, "It has 1 cells, and the header 2.")]),
        ('id,to\n"a\nb",+1\nc\n', [(3, "It has 1 cells, and the header 2.")]),
        (b"id,to\na,+1\nb\xff,+1\nc,+1\n", [(3, "It is not UTF-8 text; save the file as UTF-8.")]),
        ("id,to\na\0,+1\nb,+1\n", [(2, "It is not UTF-8 text; save the file as UTF-8.")]),
        ('id,to\na"b,+1\nb,"+"1\n', [(3, "Not CSV: ',' expected after '\"'.")]),
        (
            'id,to\na,"+1\nb,+1\nc,+1\n',
            [(2, "Not CSV: unexpected end of data. Lines 2 to 4 were not read.")],
        ),
    ],
)
def test_bad_rows_of_a_sheet_are_numbered_as_the_spreadsheet_shows_them(
    content: str | bytes, expected: list[tuple[int, str]]
) -> None:
    assert bad(content) == expected


def test_a_quote_left_open_does_not_fill_the_memory() -> None:
    """The rows that it swallowed are told, and those behind them are read."""
    content = 'id,to\na,"+1\n' + "b,+12125551234\n" * 20_000
    rows = read(content)
    (lost,) = [row for row in rows if isinstance(row, BadRow)][:1]
    assert lost.number == 2
    assert "field larger than field limit" in lost.message
    assert "Lines 2 to " in lost.message
    assert sum(isinstance(row, Row) for row in rows) > 5_000


@pytest.mark.parametrize(("name", "head"), [("jobs.csv", b"to\n"), ("jobs.jsonl", b"")])
def test_a_file_without_line_ends_does_not_fill_the_memory(tmp_path: Path, name: str, head: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(head + b"x" * 20_000_000 + b"\n")
    tracemalloc.start()
    try:
        with opened(str(path)) as source:
            rows = source.rows(file_format=None, id_column=None)
            assert [row for row in rows if isinstance(row, Row)] == []
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5_000_000


def test_the_id_may_be_in_another_column() -> None:
    assert fields("ref,to\na,+1\n", id_column="ref") == [{"ref": "a", "to": "+1"}]
    with pytest.raises(BadFile, match="--id-column"):
        read("id,to\na,+1\n", id_column="id2")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "Not JSON"),
        ("[]", "A job is a JSON object."),
        ('{"to": NaN}', "Not JSON: NaN"),
        ('{"to": "+1", "to": "+2"}', "twice"),
        ("[" * 100_000, "Not JSON"),
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
    with pytest.raises(BadFile, match="one object a line"):
        read('[{"to": "+1"}]', name="jobs.json")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("jobs.csv", "to\n+1\n", "+1"),
        ("jobs.CSV", "to\n+1\n", "+1"),
        ("jobs.tsv", "to\n+1\n", "+1"),
        ("jobs.jsonl", '{"to": "+1"}', "+1"),
        ("jobs", '\ufeff {"to": "+1"}', "+1"),
        ("jobs", "to\n+1\n", "+1"),
    ],
)
def test_the_format_comes_from_the_name_or_the_content(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with opened(str(path)) as source:
        (row,) = source.rows(file_format=None, id_column=None)
        assert isinstance(row, Row)
        assert row.fields == {"to": expected}
        assert source.size == source.position() == len(content.encode())


class TestFilling:
    def jobs(self, *rows: dict[str, Any], **filling: Any) -> list[Any]:
        numbered = [Row(number=n, fields=row) for n, row in enumerate(rows, 2)]
        return list(Filling(**filling).jobs(iter(numbered)))

    def test_the_row_s_own_word_comes_first(self) -> None:
        rows = {"id": "a", "to": "+1"}, {"id": "b", "to": "+1", "batch": "mine", "region": "GB"}
        found = self.jobs(*rows, batch="all", region="US")
        assert [(job.batch, job.region) for _, job in found] == [("all", "US"), ("mine", "GB")]

    def test_a_row_without_an_id_gets_one_from_its_content(self) -> None:
        one, same, other_number = self.jobs({"to": "+1"}, {"to": "+1"}, {"to": "+2"})
        ((_, other_batch),) = self.jobs({"to": "+1"}, batch="b")
        assert one[1].id == same[1].id
        assert one[1].id.startswith("import-")
        assert len({one[1].id, other_number[1].id, other_batch.id}) == 3

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
    def test_what_is_no_job(self, row: dict[str, Any], code: str, told: str) -> None:
        (found,) = self.jobs(row)
        assert (found.number, found.code) == (2, code)
        assert told in found.message

    def test_a_column_that_was_named_for_ids_must_hold_them(self) -> None:
        (found,) = self.jobs({"to": "+1"}, id_column="ref")
        assert (found.code, found.message) == ("missing_field", "The id is missing: 'ref' is empty.")
