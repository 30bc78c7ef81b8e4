"""Reads CSV as spreadsheets write it: with a header, and separated by commas, semicolons or tabs."""

import csv
import re
from collections.abc import Iterator
from typing import Any, Final, Self, TextIO

from config.escaping import escape_unprintable
from tasks.codes import Code
from tasks.job import FIELDS
from worker.importing.lines import LONGEST_LINE, lines
from worker.importing.rows import DEFAULT_ID_COLUMN, NOT_UTF8, BadFile, BadRow, Row, is_damaged

_DELIMITERS: Final = ",;\t"
_ATTRIBUTE: Final = "attributes."
_WHOLE_NUMBERS: Final = ("priority", "max_attempts")
_COLUMNS: Final = tuple(name for name in FIELDS if name != "attributes")
_LONGEST_ROW: Final = 2 * LONGEST_LINE
_LINE_ENDS: Final = ("\n", "\r")


def read_sheet(text: TextIO, *, id_column: str | None) -> Iterator[Row | BadRow]:
    """Read all rows; `text` is opened with `surrogateescape` and `newline=""`. Raises BadFile for a bad header."""
    lines = _Lines(text)
    first = next(lines, "")
    if not first:
        raise BadFile("The file is empty; the first line must be a header, such as: id,to,region")
    if not first.strip():
        raise BadFile("The first line is empty; it must be a header, such as: id,to,region")
    if is_damaged(first):
        raise BadFile("The file is not UTF-8 text; save it as 'CSV UTF-8'.")
    header, delimiter = _header(first, id_column or DEFAULT_ID_COLUMN)
    _check(header, id_column)
    return _rows(lines, csv.reader(lines, delimiter=delimiter, strict=True), header)


class _Lines:
    """The lines of a file. It limits the size of a row, so that a quote without an end cannot fill the memory."""

    def __init__(self, text: TextIO) -> None:
        self._lines = lines(text, _LINE_ENDS)
        self._row = 0

    def begin_row(self) -> None:
        self._row = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if self._row > _LONGEST_ROW:
            # The CSV reader discards the row that it has begun; the next row begins at the next line.
            raise csv.Error(f"it is longer than {_LONGEST_ROW} characters")
        line, _ = next(self._lines)
        self._row += len(line)
        return line


def _header(line: str, id_column: str) -> tuple[list[str], str]:
    """Split the header at the delimiter that results in the most known column names."""
    known = {*_COLUMNS, id_column}
    splits = {delimiter: _split(line, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(splits, key=lambda each: (sum(name in known for name in splits[each]), len(splits[each])))
    return splits[delimiter], delimiter


def _split(line: str, delimiter: str) -> list[str]:
    names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    while names and not names[-1]:  # spreadsheets also write columns that are no longer used
        names.pop()
    return names


def _check(header: list[str], id_column: str | None) -> None:
    columns = (id_column or DEFAULT_ID_COLUMN, *_COLUMNS, f"{_ATTRIBUTE}NAME")
    known = f"Known columns: {', '.join(columns)}."
    if id_column and id_column not in header:
        raise BadFile(f"The column '{escape_unprintable(id_column)}' given by --id-column is missing.")
    for number, name in enumerate(header, 1):
        if not name:
            raise BadFile(f"Column {number} has no name. {known}")
        if name not in columns and not (name.startswith(_ATTRIBUTE) and name != _ATTRIBUTE):
            raise BadFile(f"Unknown column '{escape_unprintable(name[:40])}'. {known}")
        if name in header[: number - 1]:
            raise BadFile(f"The column '{escape_unprintable(name[:40])}' occurs twice.")
    if "to" not in header:
        raise BadFile(f"The column 'to' is missing: it holds the numbers to call. {known}")


def _rows(lines: _Lines, reader: Any, header: list[str]) -> Iterator[Row | BadRow]:
    number = 1
    while True:
        number += 1
        lines.begin_row()
        first_line = reader.line_num + 2  # after the header, and lines are numbered from 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # After an opening quote without an end, the reader takes all text up to the maximum field size.
            last_line = reader.line_num + 1
            lost = f" Lines {first_line} to {last_line} were not read." if last_line > first_line else ""
            yield BadRow(number=number, code=Code.MALFORMED_JOB, message=f"The row is not CSV: {error}.{lost}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        yield _row(number, cells, header)


def _row(number: int, cells: list[str], header: list[str]) -> Row | BadRow:
    while len(cells) > len(header) and not cells[-1].strip():
        cells.pop()
    if any(is_damaged(cell) for cell in cells):
        return BadRow(number=number, code=Code.MALFORMED_JOB, message=NOT_UTF8)
    if len(cells) != len(header):
        message = f"The row has {len(cells)} cells, but the header has {len(header)}."
        return BadRow(number=number, code=Code.MALFORMED_JOB, message=message)
    fields: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        value = cell.strip()
        if not value:
            continue
        if name.startswith(_ATTRIBUTE):
            fields.setdefault("attributes", {})[name.removeprefix(_ATTRIBUTE)] = value
        elif name in _WHOLE_NUMBERS and re.fullmatch(r"-?[0-9]{1,9}", value):
            fields[name] = int(value)
        else:
            fields[name] = value
    return Row(number=number, fields=fields)
