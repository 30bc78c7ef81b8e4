"""Whether a Redis can be the ledger: new enough, one server, never evicting, and kept on disk."""

from collections.abc import Iterator
from typing import Any, Final

from redis import Redis

from config.settings import Settings
from tasks.errors import LedgerUnavailable
from worker.connection import connect
from worker.finding import Finding, Verdict
from worker.redis_faults import RedisFault, cluster_fault, explain

#: https://redis.io/docs/latest/operate/oss_and_stack/install/version-control/: what Dialer is tested with.
OLDEST: Final = (6, 2)


def redis_findings(redis: Redis, url: str = "") -> Iterator[Finding]:
    """Look at the server's own report. Raises LedgerUnavailable when it does not answer."""
    info: Any = redis.info()
    yield _version(info, url)
    if fault := cluster_fault(info):
        yield Finding(check="redis cluster mode", verdict=Verdict.FAIL, message=fault.message)
    yield _eviction(info)
    yield _persistence(info)


def lasting_fault(settings: Settings) -> RedisFault | None:
    """Ask Redis once for what no waiting would change; None if it can be used, or may answer later."""
    try:
        with connect(settings, retries=0) as redis:
            return cluster_fault(redis.info())
    except LedgerUnavailable as error:
        fault = explain(settings.redis_url, error)
        return fault if fault.lasts else None


def _version(info: dict[str, Any], url: str) -> Finding:
    version = str(info.get("redis_version", ""))
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    where = f" at {url}" if url else ""
    if parts < OLDEST:
        told = f"version {version or 'unknown'}{where} is too old; Dialer needs {OLDEST[0]}.{OLDEST[1]} or newer"
        return Finding(check="redis", verdict=Verdict.FAIL, message=told)
    if info.get("server_name") == "valkey":
        # Its redis_version is that of the Redis that it stands in for.
        version = f"{info.get('valkey_version', 'unknown')} of Valkey, compatible with Redis {version}"
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
