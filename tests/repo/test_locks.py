"""The locks agree with pyproject.toml and each other, name no place, and hold for every platform promised."""

import re
import tomllib
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.deploy_files import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEPENDENCIES: list[str] = PROJECT["project"]["dependencies"]
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
LOCKS = {
    "requirements.lock": DEPENDENCIES,
    "requirements-sandbox.lock": DEPENDENCIES + EXTRAS["sandbox"],
    "requirements-dev.lock": DEPENDENCIES + EXTRAS["sandbox"] + EXTRAS["dev"] + PROJECT["build-system"]["requires"],
}
PLATFORMS = [
    {
        "sys_platform": system,
        "platform_machine": machine,
        "python_version": version,
        "python_full_version": f"{version}.5",
    }
    | {"platform_python_implementation": "CPython", "implementation_name": "cpython", "extra": ""}
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
    for version in ("3.11", "3.12", "3.13")
]


@cache
def locked(lock: str) -> dict[str, Requirement]:
    """The packages of a lock by name."""
    lines = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    entries = [Requirement(line.partition(" --hash")[0]) for line in lines if not line.startswith("#")]
    return {canonicalize_name(entry.name): entry for entry in entries}


def version(entry: Requirement) -> str:
    (pin,) = entry.specifier
    assert pin.operator == "=="
    return pin.version


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_hashes_only(lock: str) -> None:
    line = r"[a-z0-9-]+==\S+( ; [a-z_]+[^\\/@:]+?)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+"
    assert re.fullmatch(f"(# [^/]*\n)*(#    make lock\n)({line})+", (ROOT / lock).read_text())


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: "-".join([p["platform_machine"], p["python_version"]]))
def test_a_lock_holds_what_pyproject_asks_for(lock: str, platform: dict[str, str]) -> None:
    for asked in map(Requirement, LOCKS[lock]):
        if asked.name == "dialer":
            continue  # its own extra, which the table above spells out
        assert asked.marker is None or asked.marker.evaluate(platform)
        entry = locked(lock)[canonicalize_name(asked.name)]
        assert asked.specifier.contains(version(entry)), asked
        assert entry.marker is None or entry.marker.evaluate(platform), asked


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_do_not_contradict_the_one_for_development(lock: str) -> None:
    """What is tested is what runs."""
    tested = locked("requirements-dev.lock")
    assert {name: version(entry) for name, entry in locked(lock).items()} == {
        name: version(tested[name]) for name in locked(lock)
    }


# Every dependency of our own has been reviewed.

REVIEWED = {
    row[0].strip("` ")
    for row in (
        line.strip("| ").split(" | ")
        for line in (ROOT / "docs/dependencies.md").read_text().splitlines()
        if line.startswith("| `")
    )
    if len(row) == 3 and all(cell.strip() for cell in row)
}


def test_every_dependency_has_been_reviewed() -> None:
    """A new one fails here until docs/dependencies.md says what it is for and under which license."""
    asked = {canonicalize_name(Requirement(each).name) for each in DEPENDENCIES}
    assert asked == REVIEWED
    assert set(locked("requirements.lock")) >= REVIEWED
