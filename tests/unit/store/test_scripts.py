"""The Lua files: each names the parts that it calls, and can be loaded."""

import re
import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tasks.store import keys
from tasks.store.scripts import operations, source, used
from tests.support.lua import FILES, FOLDER, OPERATIONS, PARTS, calls, defined, local_names, tokens

ROOT = Path(__file__).parents[3]
#: Function -> the part that defines it.
PART_OF = {function: name for name, text in PARTS.items() for function in defined(text)}

each_file = pytest.mark.parametrize("file", FILES)
#: How many keys of an operation that can end a job `outcome.lua` names.
OUTCOME_KEYS = int(re.findall(r"^local OUTCOME_KEYS = (\d+)", PARTS["outcome"], re.MULTILINE)[0])

CAPACITY_KEYS = len(keys.capacity)

each_operation = pytest.mark.parametrize("operation", OPERATIONS)


def called(file: str) -> set[str]:
    """The functions that a file calls and does not define itself."""
    return {call.name for call in calls(FILES[file])} - set(defined(FILES[file]))


@each_file
def test_a_file_names_the_parts_that_it_calls_and_no_others(file: str) -> None:
    assert used(FILES[file]) == sorted({PART_OF[function] for function in called(file) if function in PART_OF})


@each_file
def test_whatever_else_a_file_calls_is_a_function_of_redis(file: str, real_redis: Redis) -> None:
    redis: Any = real_redis
    ask = "local known, found = pcall(function() return type({}) end) return known and found or 'unknown'"
    found = {name: redis.eval(ask.format(name), 0) for name in called(file) - PART_OF.keys()}
    assert {name for name, kind in found.items() if kind != "function"} == set()


@each_file
def test_no_variable_hides_a_function_of_a_part(file: str) -> None:
    assert local_names(FILES[file]) & PART_OF.keys() == set()


def test_no_two_parts_define_the_same_function() -> None:
    counts = Counter(chain.from_iterable(defined(text) for text in PARTS.values()))
    assert [name for name, count in counts.items() if count > 1] == []


@each_operation
def test_each_part_is_loaded_once_and_above_what_calls_it(operation: str) -> None:
    """In Lua, a local function must be defined before its use."""
    script = source(operation)
    assert len(defined(script)) == len(set(defined(script)))
    known = set[str]()
    for before, name, after in zip(*(tokens(script)[n:] for n in range(3)), strict=False):
        if before == "function":
            known.add(name)
        elif after == "(" and name in PART_OF:
            assert name in known


@each_operation
def test_an_operation_compiles(operation: str, real_redis: Redis) -> None:
    redis: Any = real_redis
    assert redis.eval("return select(2, loadstring(ARGV[1])) or ''", 0, source(operation)) == ""


@each_operation
def test_the_header_of_an_operation_has_the_keys_that_it_uses(operation: str) -> None:
    """The list ends with `n..` if the operation takes any number of keys."""
    text = FILES[f"{operation}.lua"]
    (header,) = re.findall(r"^-- KEYS(.*?)^-- (?:ARGV|Reply)", text, re.MULTILINE | re.DOTALL)
    code = " ".join(tokens(text))
    indexes = [int(n) for n in re.findall(r"\bKEYS \[ (\d+) \]", code)]
    named = [len(names.split(",")) for names in re.findall(r"local ([\w ,]+) = unpack \( KEYS \)", code)]
    outcome = [OUTCOME_KEYS] if "outcome_keys" in code else []
    own = re.findall(r"local ([\w ,]+) = unpack \( KEYS , OUTCOME_KEYS \+ 1 \)", code)
    outcome += [OUTCOME_KEYS + len(names.split(",")) for names in own]
    outcome += [int(first) + CAPACITY_KEYS - 1 for first in re.findall(r"capacity_keys \( (\d+) \)", code)]
    listed = [int(last or first) for first, last in re.findall(r"  (\d+)(?:\.\.(\d+))? ", header)]
    assert max(listed) == max([*indexes, *named, *outcome])
    assert bool(re.search(r"\d\.\. ", header)) == ("# KEYS" in code or "{ unpack ( KEYS" in code)


def test_the_operations_are_the_files() -> None:
    assert operations() == OPERATIONS


def test_an_installed_package_has_all_files() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shipped = project["tool"]["setuptools"]["package-data"]["tasks.store"]
    assert {path for pattern in shipped for path in (FOLDER.parent).glob(pattern)} == set(FOLDER.rglob("*.lua"))
