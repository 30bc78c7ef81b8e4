"""The guards: what stands between a fault and its harm, line by line, and the tests that see one missing.

Each `.toml` file beside this one holds a part of them, by file and name:

    ["tasks/store/lua/send.lua".fence]
    text = "…"       the guard: stands exactly once in the file
    without = "…"    what stands in its place when it is taken out; "" if absent
    then = "…"       what would happen without it
    tests = ["…"]    node ids under `tests`, or "model"; each of them must fail then
    hangs = true     a test that does not end counts as one that fails; false if absent
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MODEL: Final = "unit/ledger/test_ledger_model.py::test_the_promises_hold_under_any_interleaving[real]"
_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Guard:
    file: str
    name: str
    text: str
    without: str
    then: str
    #: Node ids, relative to the project.
    tests: tuple[str, ...]
    hangs: bool

    def taken_out(self, content: str) -> str:
        """The file's content without this guard."""
        assert content.count(self.text) == 1, f"{self.name}: stands {content.count(self.text)} times in {self.file}"
        return content.replace(self.text, self.without)


def catalog() -> list[Guard]:
    """All guards, in the order in which they are written down."""
    parts = [tomllib.loads(path.read_text()) for path in sorted(_FOLDER.glob("*.toml"))]
    return [
        _guard(file, name, entry) for part in parts for file, guards in part.items() for name, entry in guards.items()
    ]


def _guard(file: str, name: str, entry: dict[str, Any]) -> Guard:
    unknown = entry.keys() - {"text", "without", "then", "tests", "hangs"}
    assert not unknown, f"{file}, {name}: {unknown}"
    return Guard(
        file=file,
        name=f"{Path(file).stem}.{name}",
        text=entry["text"],
        without=entry.get("without", ""),
        then=entry["then"],
        tests=tuple(f"tests/{MODEL if test == 'model' else test}" for test in entry["tests"]),
        hangs=entry.get("hangs", False),
    )


def chosen(names: Iterable[str]) -> list[Guard]:
    """Those whose name or file contains one of the names; all, if there are none. Raises ValueError for no guard."""
    guards = catalog()
    for name in names:
        if not any(name in guard.name or name in guard.file for guard in guards):
            raise ValueError(name)
    wanted = tuple(names)
    return [g for g in guards if not wanted or any(name in g.name or name in g.file for name in wanted)]


def table(guards: Iterable[Guard]) -> str:
    """The guards as a table in Markdown."""
    rows = [f"| `{guard.name}` | {guard.then} | {_seen_by(guard)} |" for guard in guards]
    return "\n".join(["| Guard | Without it | What sees that |", "| --- | --- | --- |", *rows])


def _seen_by(guard: Guard) -> str:
    """The tests' files and names; the model's as `model`."""
    short = [
        "model" if test.endswith(MODEL) else f"{Path(test.partition('::')[0]).name}: {test.rpartition('::')[2]}"
        for test in guard.tests
    ]
    return ", ".join(f"`{name}`" for name in short)
