"""Files: their format, and the memory that reading takes."""

import tracemalloc
from pathlib import Path

import pytest

from worker.importing.columns import Columns
from worker.importing.rows import Row
from worker.importing.source import open_source


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
    with open_source(str(path)) as source:
        (row,) = source.rows(Columns())
        assert isinstance(row, Row)
        assert row.fields == {"to": expected}
        assert source.size == source.position() == len(content.encode())


@pytest.mark.parametrize(("name", "head"), [("jobs.csv", b"to\n"), ("jobs.jsonl", b"")])
def test_a_file_without_line_ends_does_not_fill_the_memory(tmp_path: Path, name: str, head: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(head + b"x" * 20_000_000 + b"\n")
    tracemalloc.start()
    try:
        with open_source(str(path)) as source:
            rows = source.rows(Columns())
            assert [row for row in rows if isinstance(row, Row)] == []
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5_000_000
