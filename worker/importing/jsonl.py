"""Reads JSONL: each line is a JSON object with the fields of one job, and its `id`."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

from tasks.codes import Code
from worker.importing.columns import Columns
from worker.importing.lines import LONGEST_LINE, lines
from worker.importing.rows import NOT_UTF8, BadFile, BadRow, Row, is_damaged


def read_jsonl(text: TextIO, columns: Columns) -> Iterator[Row | BadRow]:
    """Read all lines; `text` is opened with `surrogateescape`. Raises BadFile for a JSON array."""
    for number, (line, truncated) in enumerate(lines(text, "\n"), start=1):
        if truncated:
            yield _bad(number, "", f"The line is longer than {LONGEST_LINE} characters.")
        elif line.strip():
            if number == 1 and line.lstrip().startswith("["):
                raise BadFile("The file is a JSON array; write one object per line, for example with 'jq -c .[]'.")
            yield _row(number, line, columns)


def _row(number: int, line: str, columns: Columns) -> Row | BadRow:
    if is_damaged(line):
        return _bad(number, line, NOT_UTF8)
    try:
        fields: Any = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        return _bad(number, line, f"The line is not JSON: {str(error)[:100]}.")
    if not isinstance(fields, dict):
        return _bad(number, line, "The line is not a JSON object.")
    try:
        return Row(number=number, fields=columns.object_fields(fields), raw=line)
    except ValueError as error:
        return _bad(number, line, f"Two names are one field: {error}.")


def _bad(number: int, line: str, message: str) -> BadRow:
    return BadRow(number=number, code=Code.MALFORMED_JOB, message=message, raw=line)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a name occurs twice")
    return fields
