"""How the bytes of a file are read as text: UTF-8, UTF-16 as spreadsheets write it, or Windows-1252."""

import codecs
import io
import re
from typing import Final

from worker.importing.rows import BadFile

_BOMS: Final = {
    codecs.BOM_UTF32_LE: "",  # nobody writes lists in it; it begins like UTF-16
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_AT_A_TIME: Final = 1 << 20
#: What `surrogateescape` makes of a byte that is not UTF-8, without the five bytes that Windows-1252 does not use.
_OTHER_BYTE: Final = re.compile("[\udc80-\udcff]")
_UNUSED_BYTE: Final = re.compile("[\udc81\udc8d\udc8f\udc90\udc9d\0]")
_REAL_UTF8: Final = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")


def encoding_of(stream: io.BufferedReader) -> str:
    """Return the encoding of a stream at its beginning; it is left there. Raises BadFile.

    A byte order mark decides. Text with bytes that are not UTF-8, and with no character that is more than one byte of
    UTF-8, is Windows-1252. A file is read once for this; of a pipe, only what has arrived.
    """
    head = stream.peek(_AT_A_TIME)
    for mark, encoding in _BOMS.items():
        if head.startswith(mark):
            if not encoding:
                raise BadFile("The file is UTF-32 text; save it as 'CSV UTF-8'.")
            return encoding
    is_utf8 = not head or _is_utf8(stream, head)
    if stream.seekable():
        stream.seek(0)
    return "utf-8-sig" if is_utf8 else "cp1252"


def _is_utf8(stream: io.BufferedReader, head: bytes) -> bool:
    """Return whether the text is UTF-8, or damaged UTF-8, rather than Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    is_ascii = True
    while chunk := stream.read(_AT_A_TIME) if stream.seekable() else head:
        text = decoder.decode(chunk)
        if _REAL_UTF8.search(text) or _UNUSED_BYTE.search(text):
            return True
        is_ascii = is_ascii and not _OTHER_BYTE.search(text)
        if not stream.seekable():
            break
    return is_ascii


def is_text_encoding(name: str) -> bool:
    """Return whether Python can read text in this encoding."""
    try:
        b"".decode(name)
    except (LookupError, UnicodeError):
        return False
    return True
