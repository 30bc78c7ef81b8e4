"""Loads the Lua scripts that run in Redis: one operation per file in `lua/`, shared parts in `lua/parts/`.

The first line of a file names the parts that it calls itself: `-- uses: clock wake`. The loader puts each part once
before the operation, and after the parts that it needs.
"""

from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

_USES: Final = "-- uses:"
_FOLDER: Final = resources.files("tasks.store").joinpath("lua")


@cache
def source(name: str) -> str:
    """Return the script of the operation `name`. Raises FileNotFoundError."""
    return assemble(_FOLDER.joinpath(f"{name}.lua").read_text())


def assemble(text: str) -> str:
    """Return a Lua text with the parts that it needs before it."""
    return "\n".join([*_parts(text, set()), text])


def used(text: str) -> list[str]:
    """Return the names of the parts that the first line of this text names."""
    first = text.partition("\n")[0]
    return first.removeprefix(_USES).split() if first.startswith(_USES) else []


def operations() -> list[str]:
    """Return the names of all operations."""
    return sorted(file.name.removesuffix(".lua") for file in _FOLDER.iterdir() if file.name.endswith(".lua"))


def part(name: str) -> str:
    """Return the text of the part `name`. Raises FileNotFoundError."""
    return _parts_folder().joinpath(f"{name}.lua").read_text()


def _parts(text: str, taken: set[str]) -> Iterator[str]:
    """Yield the text of each part once, depth first: in Lua, a local function must be defined before its use."""
    for name in used(text):
        if name not in taken:
            taken.add(name)
            found = part(name)
            yield from _parts(found, taken)
            yield found


def _parts_folder() -> Traversable:
    return _FOLDER.joinpath("parts")
