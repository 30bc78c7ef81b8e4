"""Any bytes as a file to import: jobs, or faults with the row's number, or one word on the file; never a crash."""

import csv
import io
import re
import tracemalloc
from itertools import pairwise
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.codes import Code
from tasks.job import FIELDS
from worker.importing.columns import Columns
from worker.importing.rows import BadFile, BadRow, JobRow, RowDefaults
from worker.importing.source import FORMATS, Source

bounded = settings(max_examples=100, deadline=None)

Outcome = JobRow | BadRow


def read(content: bytes, **options: Any) -> list[Outcome]:
    source = Source(io.BytesIO(content), name="-")
    id_column = options.pop("id_column", None)
    return list(RowDefaults(id_column=id_column).jobs(source.rows(Columns(id_column=id_column), **options)))


def number(outcome: Outcome) -> int:
    return outcome.number if isinstance(outcome, BadRow) else outcome[0]


NAMES = ["id", "ref", *FIELDS, "attributes.k", "attributes.", "", "\ufeff", "\0"]
cells = st.sampled_from([*NAMES, '"', '""', "+12125551234", "9", "\\", "'", " "]) | st.text(max_size=8)
lines = st.lists(cells, max_size=6).flatmap(
    lambda found: st.sampled_from([",", ";", "\t", "|", ""]).map(lambda delimiter: delimiter.join(found))
)
texts = st.lists(lines, max_size=8).flatmap(
    lambda found: st.sampled_from(["\n", "\r\n", "\r", "\x85", "\u2028", "\n\n"]).map(lambda end: end.join(found))
)
encoded = st.tuples(texts, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])).map(
    lambda pair: pair[0].encode(pair[1], errors="replace")
)
with_header = (st.binary(max_size=80) | encoded).map(lambda rest: b"id,to,attributes.k\n" + rest)
json_lines = st.lists(
    st.binary(max_size=40)
    | st.dictionaries(st.sampled_from(NAMES), cells | st.integers() | st.none(), max_size=4).map(
        lambda fields: repr(fields).replace("'", '"').encode(errors="replace")
    )
    | st.sampled_from([b'{"to": "\\ud800"}', b'{"id": "\\ud800", "to": "+1"}', b'{"to": 1e999}', b"[" * 3000, b"[]"]),
    max_size=6,
).map(b"\n".join)


@bounded
@given(
    content=st.binary(max_size=200) | encoded | with_header | json_lines,
    file_format=st.sampled_from([*FORMATS, None]),
    id_column=st.sampled_from([None, "id", "ref", "to", ""]),
)
@example(content=b'to\n"', file_format="csv", id_column=None)
@example(content=b"\xff\xfe", file_format=None, id_column=None)
@example(content=b"{}\n" + b"[" * 100_000, file_format="jsonl", id_column=None)
def test_any_bytes_are_jobs_or_numbered_faults_or_no_file(
    content: bytes, file_format: str | None, id_column: str | None
) -> None:
    try:
        outcomes = read(content, file_format=file_format, id_column=id_column)
    except BadFile as error:
        assert str(error).isprintable()  # noqa: PT017 - it need not come
        return
    numbers = [number(outcome) for outcome in outcomes]
    assert numbers == sorted(set(numbers))
    for outcome in outcomes:
        if isinstance(outcome, BadRow):
            assert Code(outcome.code)
            assert outcome.message.isprintable()
        else:
            outcome[1].content().encode()
            assert outcome[1].id.isprintable()


plain = st.text(st.characters(exclude_characters='"\r\n\0', exclude_categories=["Cs"]), max_size=20)


@bounded
@given(junk=st.lists(plain, max_size=6), ending=st.sampled_from(["\n", "\r\n", "\r"]))
def test_every_line_of_a_sheet_is_a_job_or_a_fault(junk: list[str], ending: str) -> None:
    """Without quotes a line is a row; those that are blank, or have nothing but empty cells, are none."""
    rows = [row for n, each in enumerate(junk) for row in (each, f"good-{n},+12125551234")]
    outcomes = read(ending.join(["id,to", *rows]).encode(), file_format="csv")
    filled = [n for n, row in enumerate(rows, 2) if any(cell.strip() for cell in row.split(","))]
    assert [number(outcome) for outcome in outcomes] == filled
    entered = [outcome[1].id for outcome in outcomes if not isinstance(outcome, BadRow)]
    assert [job_id for job_id in entered if job_id.startswith("good-")] == [f"good-{n}" for n in range(len(junk))]


of_many_lines = st.text(st.characters(exclude_characters="\r"), max_size=20)  # csv.writer does not quote a lone CR


@bounded
@given(
    rows=st.lists(st.tuples(plain, of_many_lines, of_many_lines), max_size=6),
    delimiter=st.sampled_from(",;\t"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_a_spreadsheet_has_in_its_cells_each_row_is_one_outcome(
    rows: list[tuple[str, str, str]], delimiter: str, quoting: Any, ending: str
) -> None:
    """Line ends and quotes within cells included: numbers are those of the rows, not of the lines."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ending)
    writer.writerows([("id", "to", "attributes.k"), *rows])
    outcomes = read(text.getvalue().encode(errors="replace"), file_format="csv")
    filled = [n for n, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    assert [number(outcome) for outcome in outcomes] == filled


@bounded
@given(
    junk=st.lists(
        plain.map(str.encode) | st.binary(max_size=20).map(lambda raw: raw.translate(None, b"\r\n")), max_size=6
    )
)
def test_every_line_of_jsonl_is_a_job_or_a_fault(junk: list[bytes]) -> None:
    rows = [b'{"id": "first", "to": "+12125551234"}', *junk, b'{"id": "last", "to": "+12125551234"}']
    outcomes = read(b"\n".join(rows), file_format="jsonl")
    blank = [n for n, row in enumerate(rows, 1) if not row.decode(errors="surrogateescape").strip()]
    assert [number(outcome) for outcome in outcomes] == [n for n in range(1, len(rows) + 1) if n not in blank]
    entered = [outcome[1].id for outcome in outcomes if not isinstance(outcome, BadRow)]
    assert {"first", "last"} <= set(entered)


def test_a_row_that_goes_on_for_ever_does_not_fill_the_memory() -> None:
    """Quoted cells, each with a line end in it, need no end of the row; what was not read is told, line by line."""
    content = io.BytesIO(b"to\n" + b'"\nabc",' * 400_000 + b'"\n+12125551234\n')  # 400,003 lines
    source = Source(content, name="-")
    tracemalloc.start()
    try:
        outcomes = list(RowDefaults().jobs(source.rows(Columns())))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 15_000_000
    lost = [outcome.message for outcome in outcomes if isinstance(outcome, BadRow)]
    assert re.fullmatch(
        r"The row is not CSV: it is longer than 524288 characters\. Lines 2 to [0-9]+ were not read\.", lost[0]
    )
    told = [tuple(map(int, re.findall(r"Lines ([0-9]+) to ([0-9]+)", message)[0])) for message in lost]
    assert all(later[0] == earlier[1] + 1 for earlier, later in pairwise(told))
    assert told[-1][1] == 400_003
    assert len(outcomes) == len(lost)
