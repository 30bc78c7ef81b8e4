"""Rows of files, read from a text or bytes."""

import io
from typing import Any

from worker.importing.columns import Columns
from worker.importing.rows import BadRow, Row
from worker.importing.source import Source


def read(content: bytes | str, name: str = "jobs.csv", **options: Any) -> list[Row | BadRow]:
    raw = content.encode() if isinstance(content, str) else content
    columns = {key: options.pop(key) for key in ("mapping", "id_column", "ignore_unknown") if key in options}
    return list(Source(io.BytesIO(raw), name=name).rows(Columns(**columns), **options))


def fields(content: bytes | str, **options: Any) -> list[dict[str, Any]]:
    rows = read(content, **options)
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row.fields for row in rows if isinstance(row, Row)]


def bad(content: bytes | str, **options: Any) -> list[tuple[int, str]]:
    return [(row.number, row.message) for row in read(content, **options) if isinstance(row, BadRow)]
