"""Opens the file, or standard input, that is imported, detects its format, and knows the position in it."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from worker.importing.columns import Columns
from worker.importing.encoding import encoding_of
from worker.importing.jsonl import read_jsonl
from worker.importing.rows import BadFile, BadRow, Row
from worker.importing.sheet import Sheet, read_sheet

FORMATS: Final = ("csv", "jsonl")
_BY_SUFFIX: Final = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl"),
}
STDIN: Final = "-"
_BYTE_BY_BYTE: Final = ("utf-8-sig", "cp1252")
_BUFFER: Final = 1 << 16


class Source:
    """An open file; `size` is in bytes, or None if it is unknown."""

    def __init__(self, stream: BinaryIO, *, name: str) -> None:
        self._stream = (
            stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("Any", stream), _BUFFER)
        )
        self._suffix = Path(name).suffix.lower()
        self.size = Path(name).stat().st_size if name != STDIN and Path(name).is_file() else None

        #: Set by `rows`: how the bytes are read, and the sheet, if it is one.
        self.encoding = ""
        self.sheet: Sheet | None = None

    def rows(
        self, columns: Columns, *, file_format: str | None = None, encoding: str | None = None
    ) -> Iterator[Row | BadRow]:
        """Read the rows one by one. Raises BadFile."""
        self.encoding = encoding or encoding_of(self._stream)
        # What is not UTF-8 is told by row; other encodings have no such bytes, or nearly none.
        errors = "surrogateescape" if self.encoding in _BYTE_BY_BYTE else "replace"
        # The wrapper closes the stream when it is deleted, but `position` needs the stream until the end.
        self._text = io.TextIOWrapper(self._stream, encoding=self.encoding, errors=errors, newline="")
        if (file_format or _BY_SUFFIX.get(self._suffix) or self._detect()) == "jsonl":
            return read_jsonl(self._text, columns)
        self.sheet = read_sheet(self._text, columns)
        return self.sheet.rows()

    def position(self) -> int:
        """Return the bytes read so far, which are some buffers ahead of the current row."""
        return self._stream.tell() if self.size is not None else 0

    def _detect(self) -> str:
        head = self._stream.peek(64)[:64].decode(self.encoding, errors="ignore")
        return "jsonl" if head.lstrip()[:1] in {"{", "["} else "csv"


@contextmanager
def open_source(name: str) -> Iterator[Source]:
    """Open a file, or standard input if the name is "-". Raises BadFile."""
    if name == STDIN:
        yield Source(sys.stdin.buffer, name=name)
        return
    try:
        stream = Path(name).open("rb", buffering=_BUFFER)  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise BadFile(f"The file cannot be read: {reason}.") from error
    with stream:
        yield Source(stream, name=name)
