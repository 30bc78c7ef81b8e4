"""Ask whether vulnerabilities are known of the locked packages: `make audit`. Exit 1 if so; 0 if not, or not checked.

One request to OSV, which has the advisories of PyPI and of GitHub (https://google.github.io/osv.dev/post-v1-querybatch/).
pip-audit would bring twenty packages of its own, and where a proxy or mirror answers for its service that it does not
know a package, it finds "no known vulnerabilities".
"""

import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import requests

URL = "https://api.osv.dev/v1/querybatch"
ROOT = Path(__file__).parents[1]
_TIMEOUT_S = (5, 30)


class Package(NamedTuple):
    name: str
    version: str


def locked() -> list[Package]:
    """Every package of every lock."""
    texts = [path.read_text() for path in sorted(ROOT.glob("requirements*.lock"))]
    return sorted(
        {Package(*pin) for text in texts for pin in re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE)}
    )


def ask(url: str, packages: list[Package]) -> list[list[str]]:
    """The ids of each package's vulnerabilities. Raises OSError or ValueError when there is no answer to trust."""
    queries = [{"package": {"name": each.name, "ecosystem": "PyPI"}, "version": each.version} for each in packages]
    response = requests.post(url, json={"queries": queries}, timeout=_TIMEOUT_S, allow_redirects=False)
    answer: Any = response.json()
    results = answer.get("results") if isinstance(answer, dict) else None
    if response.status_code != requests.codes.ok or not isinstance(results, list) or len(results) != len(packages):
        raise ValueError(f"status {response.status_code}, and no answer for each package")
    return [[found["id"] for found in result.get("vulns") or []] for result in results]


def main(url: str = URL) -> int:
    packages = locked()
    try:
        answers = ask(url, packages)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        # No reason to stop who works without a network; but nobody may take it for a clean bill.
        print(f"NOT CHECKED: {len(packages)} locked packages; OSV gave no answer ({type(error).__name__})")  # noqa: T201
        return 0
    findings = [(package, ids) for package, ids in zip(packages, answers, strict=True) if ids]
    for package, ids in findings:
        print(f"{package.name} {package.version}: {', '.join(ids)}; see https://osv.dev/{ids[0]}")  # noqa: T201
    print(f"checked: {len(packages)} locked packages; {len(findings)} with known vulnerabilities")  # noqa: T201
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
