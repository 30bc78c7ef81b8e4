"""Whether a Redis will do as a ledger: new enough, never evicting, and kept on disk."""

from collections.abc import Iterator
from typing import Any, Final

from redis import Redis

from worker.finding import Finding, Verdict

#: https://redis.io/docs/latest/operate/oss_and_stack/install/version-control/: what Dialer is tested with.
OLDEST: Final = (6, 2)


def redis_findings(redis: Redis, url: str = "") -> Iterator[Finding]:
    """Look at the server's own report. Raises LedgerUnavailable when it does not answer."""
    info: Any = redis.info()
    yield _version(info, url)
    yield _eviction(info)
    yield _persistence(info)


def _version(info: dict[str, Any], url: str) -> Finding:
    version = str(info.get("redis_version", ""))
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    where = f" at {url}" if url else ""
    if parts < OLDEST:
        told = f"version {version or 'unknown'}{where} is too old; Dialer needs {OLDEST[0]}.{OLDEST[1]} or newer"
        return Finding(check="redis", verdict=Verdict.FAIL, message=told)
    return Finding(check="redis", message=f"version {version}{where}")


def _eviction(info: dict[str, Any]) -> Finding:
    policy = info.get("maxmemory_policy")
    if policy == "noeviction":
        return Finding(check="redis memory", message="noeviction")
    if policy is None:
        told = "the server does not tell its maxmemory-policy; make sure that it is noeviction"
        return Finding(check="redis memory", verdict=Verdict.WARN, message=told)
    told = f"maxmemory-policy is {policy}, so Redis may drop jobs; set 'maxmemory-policy noeviction' in redis.conf"
    return Finding(check="redis memory", verdict=Verdict.FAIL, message=told)


def _persistence(info: dict[str, Any]) -> Finding:
    if int(info.get("aof_enabled", 0)):
        return Finding(check="redis persistence", message="appendonly")
    told = "appendonly is off, so a crash of Redis forgets jobs; set 'appendonly yes' in redis.conf"
    return Finding(check="redis persistence", verdict=Verdict.WARN, message=told)
