"""CSV as spreadsheets write it: every bad row is reported with its number."""

import pytest

from tests.support.rows import bad, fields, read
from worker.importing.rows import BadFile, BadRow, Row

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
        ("id,phone\n", "Unknown column 'phone'"),
        ("to,To\n", "The column 'To' is a second one for 'to'."),
        ("id,region\n", "column 'to' is missing"),
        ("to,to\n", "The column 'to' is a second one for 'to'."),
        ("id,,to\n", "Column 2 has no name"),
        ("to,attributes\n", "'attributes' must name one attribute, such as attributes.segment"),
        ("to,attributes.\n", "Unknown column 'attributes.'"),
        ("to,\x1b[2J\n", r"Unknown column '\x1b[2J'"),
        ("+12125551234\n", "The first line is a row of data"),
        ("id,to\na,+12125551234\n".encode("utf-32"), "UTF-32"),
        ("id,to\n".encode("utf-16-le"), "not UTF-8"),
        (b"id,to,stra\xdfe\n", "Unknown column 'stra\xdfe'"),
        ("sep=;\n", "empty"),
        ("Ann,(212) 555-0101\n", "The first line is a row of data"),
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
        ("id,to\na\nb,+1\n", [(2, "The row has 1 cells, but the header has 2.")]),
        ("id,to\na,+1,x\nb,+1\n", [(2, "The row has 3 cells, but the header has 2.")]),
        ("id,to\n\na,+1\nb\n", [(4, "The row has 1 cells, but the header has 2.")]),
        ('id,to\n"a\nb",+1\nc\n', [(3, "The row has 1 cells, but the header has 2.")]),
        (b"id,to\na\xc3\xa9,+1\nb\xff,+1\nc,+1\n", [(3, "The row is not UTF-8 text; save the file as UTF-8.")]),
        ("id,to\na\0,+1\nb,+1\n", [(2, "The row is not UTF-8 text; save the file as UTF-8.")]),
        ('id,to\na"b,+1\nb,"+"1\n', [(3, "The row is not CSV: ',' expected after '\"'.")]),
        (
            'id,to\na,"+1\nb,+1\nc,+1\n',
            [(2, "The row is not CSV: unexpected end of data. Lines 2 to 4 were not read.")],
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


def test_the_id_may_be_in_another_column() -> None:
    assert fields("ref,to\na,+1\n", id_column="ref") == [{"id": "a", "to": "+1"}]
    with pytest.raises(BadFile, match="--id-column"):
        read("id,to\na,+1\n", id_column="id2")
