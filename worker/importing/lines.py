"""Reads a file line by line with bounded memory, whatever the file is."""

from collections.abc import Iterator
from typing import Final, TextIO

#: Much longer than any job, so that a file without line ends cannot fill the memory.
LONGEST_LINE: Final = 256 * 1024


def lines(text: TextIO, ends: str | tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it was truncated because it is longer than `LONGEST_LINE`."""
    while line := text.readline(LONGEST_LINE):
        truncated = len(line) == LONGEST_LINE and not line.endswith(ends)
        if truncated:
            while (rest := text.readline(LONGEST_LINE)) and not rest.endswith(ends):
                pass
        yield line, truncated
