"""Holds the catalog of guards to the code: `make guards` can take out each, and knows which tests must see it."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.guards.catalog import Guard, catalog, chosen

ROOT = Path(__file__).parents[2]
GUARDS = catalog()

each = pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)


@cache
def defined(path: Path) -> set[str]:
    """The tests of a file, as pytest names them: `test_x`, `TestY::test_x`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return found


def test_no_two_guards_have_the_same_name() -> None:
    assert [name for name, count in Counter(guard.name for guard in GUARDS).items() if count > 1] == []


@each
def test_a_guard_stands_where_the_catalog_says_and_can_be_taken_out(guard: Guard, real_redis: Redis) -> None:
    """What is left can be compiled: a test must fail for what is missing, not for a slip of the pen."""
    content = (ROOT / guard.file).read_text()
    without = guard.taken_out(content)
    assert without != content
    if guard.file.endswith(".py"):
        compile(without, guard.file, "exec")
    else:
        redis: Any = real_redis
        assert redis.eval("return select(2, loadstring(ARGV[1])) or ''", 0, without) == ""


@each
def test_the_tests_that_must_see_a_guard_missing_exist(guard: Guard) -> None:
    assert guard.tests
    for test in guard.tests:
        path, _, name = test.partition("[")[0].partition("::")
        assert name in defined(ROOT / path), test


@each
def test_what_would_happen_is_told_in_a_sentence(guard: Guard) -> None:
    assert guard.then.endswith(".")
    assert "|" not in guard.then


def test_guards_are_chosen_by_a_part_of_their_name_or_file() -> None:
    assert {guard.file for guard in chosen(["send.fence", "settle.lua"])} == {
        "tasks/store/lua/send.lua",
        "tasks/store/lua/settle.lua",
    }
    assert chosen([]) == GUARDS
    with pytest.raises(ValueError, match="nothing"):
        chosen(["send.fence", "nothing"])
