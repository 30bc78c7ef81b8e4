"""Remembers where each number, or each id, of a file came first, with little memory for any number of rows."""

import hashlib
import sqlite3
from types import TracebackType
from typing import Self


class FirstRows:
    """A temporary table on disk: a digest of a text -> the row in which it came first. A context manager.

    The table keeps a digest of 8 bytes and no text, so that no phone number is left on a disk.
    """

    def __init__(self) -> None:
        # The empty name is SQLite's for a database in a temporary file, which is deleted when it is closed.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE seen (digest INTEGER PRIMARY KEY, row INTEGER, content BLOB)")
        self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._database.close()

    def first(self, text: str, row: int = 0, content: str = "") -> tuple[int, bool] | None:
        """Note that a text occurs in a row; None if it is new.

        Otherwise return the row in which it came first, and whether the content was the same.
        """
        digest, known = int.from_bytes(_digest(text), "big", signed=True), _digest(content)
        found = self._database.execute("SELECT row, content FROM seen WHERE digest = ?", [digest]).fetchone()
        if found is None:
            self._database.execute("INSERT INTO seen VALUES (?, ?, ?)", [digest, row, known])
            return None
        return found[0], found[1] == known


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
