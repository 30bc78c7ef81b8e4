"""The Lua scripts that run in Redis: one operation a file in `lua/`, what operations share in `lua/parts/`.

A file names the parts that *it* calls in its first line, `-- uses: clock wake`; the loader puts each part once in
front of the operation, after the parts that it calls itself.
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
    """Return a Lua text behind the parts that it needs."""
    return "\n".join([*_parts(text, set()), text])


def used(text: str) -> list[str]:
    """Return the names of the parts that the file with this text calls itself."""
    first = text.partition("\n")[0]
    return first.removeprefix(_USES).split() if first.startswith(_USES) else []


def operations() -> list[str]:
    """Return the names of all operations."""
    return sorted(file.name.removesuffix(".lua") for file in _FOLDER.iterdir() if file.name.endswith(".lua"))


def part(name: str) -> str:
    """Return the text of the part `name`. Raises FileNotFoundError."""
    return _parts_folder().joinpath(f"{name}.lua").read_text()


def _parts(text: str, taken: set[str]) -> Iterator[str]:
    """Yield the text of each part once, depth first: Lua knows a local function only below its definition."""
    for name in used(text):
        if name not in taken:
            taken.add(name)
            found = part(name)
            yield from _parts(found, taken)
            yield found


def _parts_folder() -> Traversable:
    return _FOLDER.joinpath("parts")
