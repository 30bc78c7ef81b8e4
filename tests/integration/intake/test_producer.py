"""A producer that knows only Celery: a virtual environment with `celery[redis]` and nothing of ours."""

import json
import subprocess
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from sandbox.simulator.process import Simulator
from tests.integration.conftest import StartWorker

PRODUCER = """
import json, sys
from celery import Celery
url = sys.argv[1]
app = Celery(broker=url, backend=url)
app.send_task("dial", args=[{"to": "+1 212-555-1234"}], queue="dial", task_id="order-42")
good = app.AsyncResult("order-42").get(timeout=30)
bad = app.send_task("dial", args=[{}], queue="dial").get(timeout=30)
later = app.send_task("dial", args=[{"to": "+1 212-555-1235"}], queue="dial", countdown=1, priority=9).get(timeout=30)
for name in ("tasks", "phonenumbers", "tenacity", "requests"):
    try:
        __import__(name)
    except ImportError:
        continue
    sys.exit(f"{name} is here")
print(json.dumps([good, bad, later]))
"""


def closure(requirement: str, found: dict[str, Distribution]) -> None:
    """All that a requirement needs, from what is installed here."""
    wanted = Requirement(requirement)
    name = wanted.name.lower().replace("_", "-")
    extras = wanted.extras or {""}
    if name not in found or wanted.extras:
        found[name] = distribution(name)
        for line in found[name].requires or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                closure(line.partition(";")[0], found)


@pytest.fixture
def producer_python(tmp_path: Path) -> Path:
    """An interpreter that sees `celery[redis]`, linked from here: no download, and no stray package."""
    venv.create(tmp_path / "producer", symlinks=True, with_pip=False)
    (site,) = (tmp_path / "producer" / "lib").glob("python*/site-packages")
    found: dict[str, Distribution] = {}
    closure("celery[redis]", found)
    for package in found.values():
        for path in {Path(str(file)).parts[0] for file in package.files or []}:
            source, target = Path(str(package.locate_file(path))), site / path
            if source.exists() and not target.exists() and path != "..":
                target.symlink_to(source)
    return tmp_path / "producer" / "bin" / "python"


def test_celery_alone_can_send_jobs_and_read_outcomes(
    producer_python: Path, redis_url: str, simulator: Simulator, start_worker: StartWorker, tmp_path: Path
) -> None:
    start_worker()
    done = subprocess.run(
        [producer_python, "-I", "-c", PRODUCER, redis_url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    good, bad, later = json.loads(done.stdout)
    assert (good["id"], good["state"], good["to"], good["attempts"]) == ("order-42", "placed", "+12125551234", 1)
    assert (bad["state"], bad["code"]) == ("rejected", "missing_field")
    assert later["state"] == "placed"
    assert later["sent_at"] > later["accepted_at"]
    assert len(simulator.calls()) == 2
