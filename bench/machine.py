"""Describes the machine on which the figures were measured."""

import contextlib
import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine() -> dict[str, str | int | float]:
    """Return the machine, the relevant versions, and the load."""
    return {
        "cores": _cores(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "celery": version("celery"),
        "redis-py": version("redis"),
        "load": round(os.getloadavg()[0], 2),
    }


def described() -> str:
    """Return the description as one line."""
    found = machine()
    return (
        f"{found['cores']} cores ({found['processor']}), {found['system']}, Python {found['python']}, "
        f"Celery {found['celery']}, redis-py {found['redis-py']}; load average {found['load']}"
    )


def _cores() -> int:
    """Return the number of cores that this process may use, which a container may limit."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
