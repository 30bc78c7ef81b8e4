"""Opens the file, or standard input, that is imported, detects its format, and knows the position in it."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from worker.importing.jsonl import read_jsonl
from worker.importing.rows import BadFile, BadRow, Row
from worker.importing.sheet import read_sheet

FORMATS: Final = ("csv", "jsonl")
_BY_SUFFIX: Final = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl"),
}
STDIN: Final = "-"


class Source:
    """An open file; `size` is in bytes, or None if it is unknown."""

    def __init__(self, stream: BinaryIO, *, name: str) -> None:
        self._stream = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("Any", stream))
        self._suffix = Path(name).suffix.lower()
        self.size = Path(name).stat().st_size if name != STDIN and Path(name).is_file() else None

    def rows(self, *, file_format: str | None, id_column: str | None) -> Iterator[Row | BadRow]:
        """Read the rows one by one. Raises BadFile."""
        chosen = file_format or _BY_SUFFIX.get(self._suffix) or self._detect()
        # The wrapper closes the stream when it is deleted, but `position` needs the stream until the end.
        self._text = io.TextIOWrapper(self._stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        return read_sheet(self._text, id_column=id_column) if chosen == "csv" else read_jsonl(self._text)

    def position(self) -> int:
        """Return the bytes read so far, which are some buffers ahead of the current row."""
        return self._stream.tell() if self.size is not None else 0

    def _detect(self) -> str:
        return "jsonl" if self._stream.peek(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["} else "csv"


@contextmanager
def open_source(name: str) -> Iterator[Source]:
    """Open a file, or standard input if the name is "-". Raises BadFile."""
    if name == STDIN:
        yield Source(sys.stdin.buffer, name=name)
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise BadFile(f"The file cannot be read: {reason}.") from error
    with stream:
        yield Source(stream, name=name)
