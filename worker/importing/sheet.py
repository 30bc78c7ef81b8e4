"""Reads CSV as spreadsheets write it: with a header, and separated by commas, semicolons, tabs or bars."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self, TextIO

from config.escaping import escape_unprintable
from tasks.codes import Code
from worker.importing.columns import KNOWN_COLUMNS, REDIAL_MOST, REDIAL_TIMES, Columns, assign
from worker.importing.lines import LONGEST_LINE, lines
from worker.importing.rows import NOT_UTF8, BadFile, BadRow, Row, is_damaged

_DELIMITERS: Final = ",;\t|"
_WHOLE_NUMBERS: Final = ("priority", "max_attempts", REDIAL_MOST)
_LONGEST_ROW: Final = 2 * LONGEST_LINE
_LINE_ENDS: Final = ("\n", "\r")
#: What Excel writes, and reads, before the header.
_SEPARATOR_LINE: Final = re.compile(r"\ufeff?\"?sep=(.)\"?", re.IGNORECASE)
_LOOKS_LIKE_A_NUMBER: Final = re.compile(r"['=\"]*[+(]?[0-9][0-9 ().,E+/-]{5,}\"?")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet whose header was read: `header` has the columns as they are named, `fields` what each is in a job."""

    delimiter: str = field(repr=False)
    header: list[str] = field(repr=False)
    fields: list[str | None] = field(repr=False)
    lines: "_Lines" = field(repr=False)

    def rows(self) -> Iterator[Row | BadRow]:
        """Read all rows."""
        return _rows(self)


def read_sheet(text: TextIO, columns: Columns) -> Sheet:
    """Read the header; `text` is opened with `surrogateescape` and `newline=""`. Raises BadFile for a bad header."""
    lines = _Lines(text)
    first = next(lines, "")
    delimiter = None
    if separator := _SEPARATOR_LINE.fullmatch(first.strip("\r\n")):
        delimiter, first = separator[1], next(lines, "")
    if not first:
        raise BadFile("The file is empty; the first line must be a header, such as: id,to,region")
    if not first.strip():
        raise BadFile("The first line is empty; it must be a header, such as: id,to,region")
    if is_damaged(first):
        raise BadFile("The file is not UTF-8 text; save it as 'CSV UTF-8'.")
    header, delimiter = _header(first, columns, delimiter)
    return Sheet(delimiter=delimiter, header=header, fields=_fields(header, columns), lines=lines)


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


def _header(line: str, columns: Columns, delimiter: str | None) -> tuple[list[str], str]:
    """Split the header at the delimiter that results in the most known column names, or at the one that is given."""
    splits = {each: _split(line, each) for each in delimiter or _DELIMITERS}
    best = max(
        splits, key=lambda each: (sum(columns.field_of(n) is not None for n in splits[each]), len(splits[each]))
    )
    return splits[best], best


def _split(line: str, delimiter: str) -> list[str]:
    names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    while names and not names[-1]:  # spreadsheets also write columns that are no longer used
        names.pop()
    return names


def _fields(header: list[str], columns: Columns) -> list[str | None]:
    """Return the field of a job that each column holds, or None for a column that is left out."""
    found = [columns.field_of(name) for name in header]
    if not any(found) and any(_LOOKS_LIKE_A_NUMBER.fullmatch(name) for name in header):
        raise BadFile("The first line is a row of data; put a header before it, such as: to")
    named = {name.strip().casefold() for name in header}
    for asked in columns.asked_for():
        if asked.strip().casefold() not in named:
            raise BadFile(f"The column '{escape_unprintable(asked[:40])}' of --map or --id-column is missing.")
    for number, (name, held) in enumerate(zip(header, found, strict=True), 1):
        shown = escape_unprintable(name[:40])
        if held is None and not columns.is_left_out(name):
            what = f"Unknown column '{shown}'" if name else f"Column {number} has no name"
            fix = (
                f"Name its field with --map '{shown or '…'}=FIELD', or leave such columns out with --ignore-unknown."
            )
            raise BadFile(f"{what}. {fix} {KNOWN_COLUMNS}")
        if held == "attributes":
            raise BadFile(f"The column '{shown}' must name one attribute, such as attributes.segment.")
        if held is not None and held in found[: number - 1]:
            raise BadFile(f"The column '{shown}' is a second one for '{held}'.")
    if "to" not in found:
        raise BadFile(f"The column 'to' is missing: it holds the numbers to call. {KNOWN_COLUMNS}")
    return found


def _rows(sheet: Sheet) -> Iterator[Row | BadRow]:
    lines, number = sheet.lines, 1
    reader: Any = csv.reader(lines, delimiter=sheet.delimiter, strict=True)
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
        yield _row(number, cells, sheet.fields)


def _row(number: int, cells: list[str], columns: list[str | None]) -> Row | BadRow:
    while len(cells) > len(columns) and not cells[-1].strip():
        cells.pop()
    if any(is_damaged(cell) for cell in cells):
        return BadRow(number=number, code=Code.MALFORMED_JOB, message=NOT_UTF8, raw=cells)
    if len(cells) != len(columns):
        message = f"The row has {len(cells)} cells, but the header has {len(columns)}."
        return BadRow(number=number, code=Code.MALFORMED_JOB, message=message, raw=cells)
    fields: dict[str, Any] = {}
    for name, cell in zip(columns, cells, strict=True):
        value = cell.strip()
        if value and name is not None:
            assign(fields, name, _value(name, value))
    return Row(number=number, fields=fields, raw=cells)


def _value(name: str, text: str) -> Any:
    """Return the text of a cell as the field of a job has it; what is wrong stays as it is, and is refused there."""
    if name in REDIAL_TIMES:
        return text.split()
    return int(text) if name in _WHOLE_NUMBERS and re.fullmatch(r"-?[0-9]{1,9}", text) else text
