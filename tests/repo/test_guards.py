"""Holds the catalog of guards to the code: `make guards` can take out each, and knows which tests must see it.

One test a file of the catalog and question; it tells every fault of that file at once.
"""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.guards.catalog import FILES, Guard, Harm, catalog, chosen, guards_in, malformed, table

ROOT = Path(__file__).parents[2]

each = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


@each
def test_each_entry_describes_a_guard_of_its_own_name(file: Path) -> None:
    faults = malformed(file)
    if not faults:
        names = Counter(guard.name for guard in catalog())
        faults = [f"{guard.name}: a name of two guards" for guard in guards_in(file) if names[guard.name] > 1]
    assert not faults, "\n".join(faults)


@each
def test_each_guard_stands_where_the_catalog_says_and_can_be_taken_out(file: Path, real_redis: Redis) -> None:
    """What is left can be compiled: a test must fail for what is missing, not for a slip of the pen."""
    faults = [
        f"{guard.name}: {fault}" for guard in guards_in(file) if (fault := cannot_be_taken_out(guard, real_redis))
    ]
    assert not faults, "\n".join(faults)


@each
def test_the_tests_that_must_see_each_guard_missing_exist(file: Path) -> None:
    faults = [f"{guard.name}: {test}" for guard in guards_in(file) for test in guard.tests if not exists(test)]
    assert not faults, "\n".join(faults)


def test_a_table_lists_each_guard_with_its_harm() -> None:
    head, _, *rows = table(catalog()).splitlines()
    assert head == "| Guard | Harm | Without it | Tests that fail then |"
    assert len(rows) == len(catalog())
    assert {row.split(" | ")[1] for row in rows} == set(Harm)


def test_the_docs_list_each_harm() -> None:
    told = re.findall(r"^\| `([a-z ]+)` \|", (ROOT / "docs/guards.md").read_text(), re.MULTILINE)
    assert told == list(Harm)


def test_guards_are_chosen_by_a_part_of_their_name_or_file() -> None:
    assert {guard.file for guard in chosen(["send.fence", "settle.lua"])} == {
        "tasks/store/lua/send.lua",
        "tasks/store/lua/settle.lua",
    }
    assert chosen([]) == catalog()
    with pytest.raises(ValueError, match="nothing"):
        chosen(["send.fence", "nothing"])


def cannot_be_taken_out(guard: Guard, redis: Any) -> str:
    """Why not; empty if it can."""
    path = ROOT / guard.file
    if not path.is_file():
        return f"{guard.file} does not exist"
    content = path.read_text()
    if (count := content.count(guard.text)) != 1:
        return f"stands {count} times in {guard.file}"
    without = guard.taken_out(content)
    if not guard.file.endswith(".py"):
        return str(redis.eval("return select(2, loadstring(ARGV[1])) or ''", 0, without))
    try:
        compile(without, guard.file, "exec")
    except SyntaxError as error:
        return f"{guard.file} does not compile without it: {error}"
    return ""


def exists(test: str) -> bool:
    path, _, name = test.partition("[")[0].partition("::")
    return name in defined(ROOT / path)


@cache
def defined(path: Path) -> set[str]:
    """The tests of a file, as pytest names them: `test_x`, `TestY::test_x`."""
    if not path.is_file():
        return set()
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return found
