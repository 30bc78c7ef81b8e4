"""Writes the rows that were refused as they came, with the reason, to be corrected and imported again."""

import csv
import json
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO

from tasks.codes import WORDS, Code
from worker.importing.columns import CODE_COLUMN, FIX_COLUMN
from worker.importing.rows import BadFile, BadRow
from worker.importing.sheet import Sheet

#: How to fix a conflict, which is no code of a job.
_CONFLICT_FIX: Final = "Give the row an id of its own if it is another call; otherwise remove the row."


class RefusedRows:
    """The file of `--errors`; it is created with the first row. A context manager.

    `sheet` is the layout of the input, or None for JSONL. Raises BadFile if the file cannot be written.
    """

    def __init__(self, path: Path, sheet: Sheet | None) -> None:
        self._path = path
        self._sheet = sheet
        self._file: TextIO | None = None
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, row: BadRow) -> None:
        file = self._file or self._open()
        why = [row.code, f"{row.message} {_CONFLICT_FIX if row.code == 'conflict' else WORDS[Code(row.code)].fix}"]
        if self._sheet:
            cells = row.raw if isinstance(row.raw, list) else []
            missing = len(self._sheet.header) - len(cells)
            self._writer(file).writerow([*map(_storable, cells), *[""] * missing, *why])
        else:
            file.write(json.dumps(_object(row.raw) | dict(zip((CODE_COLUMN, FIX_COLUMN), why, strict=True))) + "\n")
        self.count += 1

    def _open(self) -> TextIO:
        try:
            # Excel recognizes UTF-8 by the byte order mark.
            encoding = "utf-8-sig" if self._sheet else "utf-8"
            self._file = self._path.open("w", encoding=encoding, newline="")
        except OSError as error:
            raise BadFile(f"--errors {self._path}: the file cannot be written: {error.strerror}.") from error
        if self._sheet:
            self._writer(self._file).writerow([*self._sheet.header, CODE_COLUMN, FIX_COLUMN])
        return self._file

    def _writer(self, file: TextIO) -> Any:
        assert self._sheet is not None  # noqa: S101 - the callers have looked
        return csv.writer(file, delimiter=self._sheet.delimiter, lineterminator="\n")


def _storable(cell: str) -> str:
    """Return a cell that is not UTF-8 with its bytes shown, because they cannot be written as they came."""
    return cell.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _object(line: object) -> dict[str, Any]:
    """Return the object of a line of JSON, or the line itself as a field that no job has."""
    text = _storable(line) if isinstance(line, str) else ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"line": text.rstrip("\n")}
