"""As much of Lua as the tests of `tasks/store/lua` read: which functions a file defines, which it calls, and how."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "tasks/store/lua"
#: The text of each file, by its path below `lua`: `send.lua`, `parts/wake.lua`.
FILES: Final = {str(path.relative_to(FOLDER)): path.read_text() for path in sorted(FOLDER.rglob("*.lua"))}
OPERATIONS: Final = [path.stem for path in sorted(FOLDER.glob("*.lua"))]
PARTS: Final = {path.stem: path.read_text() for path in sorted(FOLDER.glob("parts/*.lua"))}

_TOKEN: Final = re.compile(r"--[^\n]*|'(?:[^'\\]|\\.)*'|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|\d+|\.\.\.?|\S")
_KEYWORDS: Final = {"and", "elseif", "function", "if", "in", "not", "or", "return", "until", "while"}


@dataclass(frozen=True, kw_only=True)
class LuaCall:
    """A call of a function; each argument is its tokens, with a space between them."""

    name: str
    args: list[str]


def tokens(text: str) -> list[str]:
    """The words of the text, without comments; names with dots are one word."""
    return [token for token in _TOKEN.findall(text) if not token.startswith("--")]


def defined(text: str) -> list[str]:
    """The functions that the text defines, in order."""
    found = tokens(text)
    return [name for word, name in pairwise(found) if word == "function" and name != "("]


def local_names(text: str) -> set[str]:
    """Variables that the text declares, without parameters."""
    code = " ".join(tokens(text))
    lists = re.findall(r"\blocal (?!function )([\w ,]+?)(?: =| local|$)", code)
    return {name for some in lists for name in some.split(" , ")}


def calls(text: str) -> Iterator[LuaCall]:
    """Each call, in the order of the names; those inside of arguments too."""
    found = tokens(text)
    for i, (name, after) in enumerate(pairwise(found)):
        if after == "(" and re.match(r"[A-Za-z_]", name) and name not in _KEYWORDS and found[i - 1] != "function":
            yield LuaCall(name=name, args=list(_arguments(found[i + 2 :])))


def _arguments(found: list[str]) -> Iterator[str]:
    depth, some = 0, list[str]()
    for token in found:
        if token in {",", ")"} and depth == 0:
            if some:
                yield " ".join(some)
            if token == ")":
                return
            some = []
            continue
        depth += (token in {"(", "{", "["}) - (token in {")", "}", "]"})
        some.append(token)
