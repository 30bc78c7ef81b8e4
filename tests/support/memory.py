"""How much memory a process uses, as the kernel counts it."""

from pathlib import Path
from typing import Final

#: What docker-compose.yml and docs/operating.md say of a worker; a test measures it.
USED_MB: Final = 60


def used_mb(pid: int) -> float:
    """The resident memory of a process. Linux only."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
