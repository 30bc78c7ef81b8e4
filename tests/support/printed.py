"""What the code can print: the texts of its sources as patterns, to hold quotations of log lines and output to them.

A text in the sources is a constant, or literal text with gaps (`%s`, `{}`, the expressions of an f-string). A gap is
filled by a plain value (a number, an id, a URL) or by another text of the sources. Docstrings are not printed.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_GAP: Final = "\0"
_PERCENT: Final = re.compile(r"%[-0-9.]*[a-z]")
_LUA_TEXT: Final = re.compile(r"""'"?([^'\n]+?)"?'""")
#: One word with a digit or a sign in it, such as an id, a number, a time or a URL; or several numbers.
_VALUE: Final = re.compile(r"[^\s]*[\d:/@…-][^\s]*|[\d :+-]+")
#: A text that fills a gap may have gaps itself, this deep.
_DEPTH: Final = 3


class Printed:
    """The texts of some source files."""

    def __init__(self, paths: Iterable[Path], *, given: set[str]) -> None:
        """`given` are constants that others wrote."""
        texts = {text for path in paths for text in _texts(path)} | given
        self.constants = {text for text in texts if _GAP not in text}
        self._literals = {piece for text in texts for piece in text.split(_GAP) if " " in piece.strip()}
        self._patterns = [
            re.compile("(.+?)".join(map(re.escape, text.split(_GAP)))) for text in sorted(texts - self.constants)
        ]

    def prints(self, line: str) -> bool:
        """Tell whether a source prints this whole line, or each of its cells if it is the row of a table."""
        cells = re.split(r" {2,}", line.strip())
        return self._matches(line.strip(), _DEPTH) or all(self._matches(cell, _DEPTH) for cell in cells)

    def mentions(self, fragment: str) -> bool:
        """Tell whether a source prints this line, or has these words in a row within a line."""
        part = re.compile(rf"(?<!\w){re.escape(fragment)}(?!\w)")
        return self.prints(fragment) or (" " in fragment and any(part.search(piece) for piece in self._literals))

    def _matches(self, text: str, depth: int) -> bool:
        if text in self.constants or _VALUE.fullmatch(text):
            return True
        if not depth:
            return False
        found = (pattern.fullmatch(text) for pattern in self._patterns)
        return any(all(self._matches(gap.strip(), depth - 1) for gap in match.groups()) for match in found if match)


def _texts(path: Path) -> Iterator[str]:
    source = path.read_text()
    if path.suffix == ".lua":
        for text in _LUA_TEXT.findall(source):
            yield " ".join(text.split())
        return
    tree = ast.parse(source)
    # A bare text is a docstring. What stands in an f-string is a part of it.
    apart = {
        id(part)
        for node in ast.walk(tree)
        for part in ([node.value] if isinstance(node, ast.Expr) else getattr(node, "values", []))
        if isinstance(part, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from _lines("".join(str(v.value) if isinstance(v, ast.Constant) else _GAP for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            yield from _lines(_PERCENT.sub(_GAP, node.value.replace("{}", _GAP)))


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines() if line.strip())
