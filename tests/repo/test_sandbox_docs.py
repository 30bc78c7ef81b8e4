"""Holds docs/sandbox.md to the code, both ways: every number, field, fault and endpoint, and nothing else."""

import json
from pathlib import Path

import pytest

from sandbox.simulator.admin import AdminApi
from sandbox.simulator.api import PlatformApi
from sandbox.simulator.behavior import Behavior
from sandbox.simulator.faults import FAULTS
from sandbox.simulator.magic import MAGIC, Magic
from sandbox.simulator.organization import Organization

DOC = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def table(header: str) -> list[list[str]]:
    """The cells of the rows under each table with this header."""
    rows = []
    lines = iter(DOC.splitlines())
    for line in lines:
        if line == header:
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    break
                rows.append([cell.strip() for cell in row.strip("|").split("|")])
    assert rows, f"no table {header}"
    return rows


def rings(magic: Magic) -> str:
    if magic.rings:
        return "yes"
    return "from the second call on" if magic.once else "no"


def test_the_table_of_magic_numbers_is_the_codes() -> None:
    documented = table("| Number | What the client sees | Rings |")
    assert documented == [[f"`{number}`", magic.sees, rings(magic)] for number, magic in MAGIC.items()]


def test_the_table_of_faults_is_the_codes() -> None:
    documented = table("| Name | What the client sees | Rings |")
    assert documented == [[f"`{name}`", fault.sees, "yes" if fault.rings else "no"] for name, fault in FAULTS.items()]


def test_the_table_of_behavior_is_the_codes() -> None:
    documented = [row[:2] for row in table("| Field | Default | What it is |")]
    assert documented == [[f"`{name}`", f"`{json.dumps(value)}`"] for name, value in Behavior().as_json().items()]


@pytest.mark.parametrize(
    ("header", "part"),
    [("| Endpoint | What it does |", PlatformApi), ("| Request | What it does |", AdminApi)],
)
def test_the_tables_of_endpoints_are_the_codes(header: str, part: type[PlatformApi | AdminApi]) -> None:
    routes = part(Organization(Behavior())).routes()
    served = [f"`{route.method} {route.path}`" for route in routes if route.method != "*"]
    assert [row[0] for row in table(header)] == served
