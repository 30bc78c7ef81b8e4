"""The guards: lines of code that prevent harm when a fault occurs, and the tests that fail without them.

Each `.toml` file beside this one describes some of them, by file and name:

    ["tasks/store/lua/send.lua".fence]
    text = "…"       the guard: stands exactly once in the file
    without = "…"    what replaces it when it is removed; "" if absent
    harm = "…"       one of `Harm`
    then = "…"       a sentence: what would happen without it
    tests = ["…"]    node ids under `tests`, or "model"; each of them must fail then
    hangs = true     a test that does not end counts as one that fails; false if absent

Only a line whose removal does such harm belongs here, not one that keeps a pace, a wording, an order or a log short.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

MODEL: Final = "unit/ledger/test_ledger_model.py::test_the_promises_hold_under_any_interleaving[real]"
FILES: Final = tuple(sorted(Path(__file__).parent.glob("*.toml")))
_FIELDS: Final = {"text": str, "without": str, "harm": str, "then": str, "tests": list, "hangs": bool}
_OPTIONAL: Final = {"without", "hangs"}


class Harm(StrEnum):
    """What may happen when a guard is missing."""

    #: Somebody is called twice for one job.
    CALLED_TWICE = "called twice"
    #: A job, or its outcome, never reaches anybody.
    LOST = "lost"
    #: Somebody is called who must not be called, or not at that time.
    STRANGER = "stranger"
    #: A secret or a phone number is shown, or a worker runs code that others wrote.
    LEAK = "leak"
    #: The fleet stops, or jobs of a backlog end for a fault that is not theirs.
    STOPS = "stops"
    #: The record of a job says something that did not happen.
    UNTRUE = "untrue"


@dataclass(frozen=True, kw_only=True)
class Guard:
    file: str
    name: str
    text: str
    without: str
    harm: Harm
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
    return [guard for path in FILES for guard in guards_in(path)]


def guards_in(path: Path) -> list[Guard]:
    """The guards of one of `FILES`."""
    return [_guard(file, name, entry) for file, name, entry in _entries(path)]


def malformed(path: Path) -> list[str]:
    """What is wrong with the entries of one of `FILES`; empty if each describes a guard."""
    return [f"{file}, {name}: {fault}" for file, name, entry in _entries(path) for fault in _faults(entry)]


def _entries(path: Path) -> list[tuple[str, str, dict[str, Any]]]:
    content = tomllib.loads(path.read_text())
    return [(file, name, entry) for file, guards in content.items() for name, entry in guards.items()]


def _faults(entry: dict[str, Any]) -> list[str]:
    faults = [f"unknown field {field}" for field in entry.keys() - _FIELDS.keys()]
    faults += [f"no field {field}" for field in _FIELDS.keys() - _OPTIONAL - entry.keys()]
    faults += [
        f"{field} is no {kind.__name__}"
        for field, kind in _FIELDS.items()
        if not isinstance(entry.get(field, kind()), kind)
    ]
    if faults:
        return faults
    if entry["harm"] not in list(Harm):
        faults.append(f"unknown harm: {entry['harm']}")
    if not entry["then"].endswith(".") or "|" in entry["then"]:
        faults.append(f"no sentence for a table: {entry['then']}")
    if not entry["tests"]:
        faults.append("no test fails without it")
    if entry["text"] == entry.get("without", ""):
        faults.append("nothing is removed")
    return faults


def _guard(file: str, name: str, entry: dict[str, Any]) -> Guard:
    return Guard(
        file=file,
        name=f"{Path(file).stem}.{name}",
        text=entry["text"],
        without=entry.get("without", ""),
        harm=Harm(entry["harm"]),
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
    rows = [f"| `{guard.name}` | {guard.harm} | {guard.then} | {_seen_by(guard)} |" for guard in guards]
    return "\n".join(["| Guard | Harm | Without it | Tests that fail then |", "| --- | --- | --- | --- |", *rows])


def _seen_by(guard: Guard) -> str:
    """The tests' files and names; the model's as `model`."""
    short = [
        "model" if test.endswith(MODEL) else f"{Path(test.partition('::')[0]).name}: {test.rpartition('::')[2]}"
        for test in guard.tests
    ]
    return ", ".join(f"`{name}`" for name in short)
