"""A name means one thing: no two classes of the product share one, and no other class takes one of theirs."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("config", "tasks", "worker", "sandbox")


def classes(*folders: str) -> Iterator[tuple[str, str]]:
    """Name and place of each class, inner ones too."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    yield node.name, f"{path.relative_to(ROOT)}:{node.lineno}"


def places(*folders: str) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, place in classes(*folders):
        found[name].append(place)
    return found


def test_no_two_classes_of_the_product_have_the_same_name() -> None:
    assert {name: where for name, where in places(*PRODUCT).items() if len(where) > 1} == {}


@pytest.mark.parametrize("folder", ["bench", "tests"])
def test_no_class_elsewhere_has_the_name_of_one_of_the_product(folder: str) -> None:
    product = places(*PRODUCT)
    assert {name: where + product[name] for name, where in places(folder).items() if name in product} == {}
