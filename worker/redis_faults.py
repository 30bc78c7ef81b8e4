"""What it means that Redis does not answer, or refuses: a sentence with the fix, and whether waiting could help.

A worker that starts exits at a fault that lasts; one that has been connected waits at any fault.
"""

import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.sentinel import MasterNotFoundError

from config.redis_address import RedisAddress, read_address
from config.settings import Secret
from tasks.errors import LedgerUnavailable

_PROBE_S: Final = 2.0
_LOGIN: Final = re.compile(
    "(?i)NOAUTH|WRONGPASS|without any password|invalid username|invalid password|auth.* required"
)
_CLUSTER: Final = (
    "Cluster mode spreads keys over several servers, and Dialer's scripts need all keys on one. Use a single server, "
    "or Sentinel. Of managed offers, choose one without cluster mode: ElastiCache with 'cluster mode disabled', "
    "Memorystore for Redis (not 'Redis Cluster'), Azure Managed Redis with the clustering policy 'non-clustered', "
    "Redis Cloud without the OSS Cluster API."
)
#: Answers of Redis that no waiting would change: what they mean, and the fix.
_REFUSALS: Final = (
    (re.compile(r"^(MOVED|ASK|CROSSSLOT|CLUSTERDOWN)\b|same slot|cluster mode"), "runs in cluster mode", _CLUSTER),
    (_LOGIN, "refuses the login", "Check user and password in DIALER_REDIS_URL, or DIALER_REDIS_PASSWORD."),
    (
        re.compile(r"NOPERM|has no permissions"),
        "forbids what Dialer does",
        "Log in as a user with the rights of the worker in deploy/users.acl.",
    ),
    (
        re.compile(r"(?i)DB index"),
        "has no database of this number",
        "Use a lower one in DIALER_REDIS_URL, or raise 'databases' in redis.conf.",
    ),
    (
        re.compile(r"unknown command 'SENTINEL'"),
        "is not a Sentinel",
        "Use redis:// in DIALER_REDIS_URL, or the port of a Sentinel, which is 26379 by default.",
    ),
)
#: How a Redis without TLS answers a line of text, whether it wants a password or not.
_PLAIN: Final = (b"+PONG", b"-NOAUTH", b"-DENIED", b"-ERR", b"-LOADING", b"-MASTERDOWN", b"-NOPERM")


@dataclass(frozen=True, kw_only=True)
class RedisFault:
    """`message` is one sentence or more, without a secret. `lasts`: no waiting helps, only another setting."""

    message: str
    lasts: bool = False


def explain(url: Secret, error: LedgerUnavailable) -> RedisFault:
    """Say what is wrong. May take two seconds, to ask a port that hung up whether it speaks TLS."""
    address, reason = read_address(url.reveal()), _reason(error)
    at = f"Redis at {address.shown}"
    if isinstance(error.__cause__, MasterNotFoundError):
        return _sentinels(address.shown, reason)
    for pattern, what, fix in _REFUSALS:
        if pattern.search(reason):
            return RedisFault(message=f"{at} {what}: {reason}. {fix}", lasts=True)
    return _encryption(address, at, error, reason) or _no_answer(at, error, reason)


def _sentinels(at: str, reason: str) -> RedisFault:
    # redis-py lists each Sentinel with all of its options, and the class of the error behind it.
    kinds = ", ".join(dict.fromkeys(re.findall(r"> - \w+:(\w+)", reason)))
    if "AuthenticationError" in kinds:
        fix = "They get the password of Redis, as that of their user 'default', or of ?sentinel_user=… in the URL."
        return RedisFault(message=f"The Sentinels at {at} refuse the login. {fix}", lasts=True)
    if kinds:
        return RedisFault(
            message=f"The Sentinels at {at} do not answer: {kinds}. Start them, or set DIALER_REDIS_URL."
        )
    return RedisFault(message=f"The Sentinels at {at} know of no master: {reason}. Check DIALER_SENTINEL_MASTER.")


def _encryption(address: RedisAddress, at: str, error: LedgerUnavailable, reason: str) -> RedisFault | None:
    """Whether one side speaks TLS and the other does not, or the certificates are at fault."""
    message = ""
    if address.scheme == "redis" and speaks_tls(*address.hosts[0]):
        message = f"{at} speaks TLS on this port, and the URL does not. Use rediss:// in DIALER_REDIS_URL."
    elif address.scheme == "rediss" and "certificate verify failed" in reason:
        fix = (
            "Name the file of its certificate authority with ?ssl_ca_certs=/path/to/ca.pem, and use the host's name."
        )
        message = f"The certificate of {at} cannot be verified: {reason}. {fix}"
    elif address.scheme == "rediss" and any(isinstance(cause, FileNotFoundError) for cause in causes_of(error)):
        names = " or ".join(f"{name}={value}" for name, value in address.options.items() if "/" in value)
        message = f"A file that DIALER_REDIS_URL names does not exist: {names}."
    elif address.scheme == "rediss" and _speaks_plain(*address.hosts[0]):
        fix = "Use redis:// in DIALER_REDIS_URL, or the port on which Redis speaks TLS."
        message = f"{at} does not speak TLS on this port. {fix}"
    return RedisFault(message=message, lasts=True) if message else None


def _no_answer(at: str, error: LedgerUnavailable, reason: str) -> RedisFault:
    if any(isinstance(cause, socket.gaierror) for cause in causes_of(error)):
        fix = "Check the host in DIALER_REDIS_URL, and the name servers of this machine."
        return RedisFault(message=f"The host of {at} cannot be found: {reason}. {fix}")
    if isinstance(error.__cause__, RedisConnectionError | RedisTimeoutError):
        return RedisFault(message=f"{at} does not answer: {reason}. Start it, or set DIALER_REDIS_URL.")
    return RedisFault(message=f"{at} refuses a command: {reason}. Check its log, its memory and its disk.")


def speaks_tls(host: str, port: int) -> bool:
    """Whether a server answers a TLS handshake there, whatever its certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), _PROBE_S) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except ssl.SSLError as error:
        # A TLS alert is an answer in TLS, such as of a server that wants another version or a client's certificate.
        return "ALERT" in (error.reason or "")
    except (OSError, ValueError):
        return False


def _speaks_plain(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), _PROBE_S) as sock:
        sock.settimeout(_PROBE_S)
        sock.sendall(b"PING\r\n")
        return sock.recv(64).startswith(_PLAIN)
    return False


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield what led to the error; libraries also keep it in `args` and `reason`."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def cluster_fault(info: dict[str, Any]) -> RedisFault | None:
    """Whether Redis' own report, from INFO, says that it runs in cluster mode."""
    if int(info.get("cluster_enabled", 0)) or info.get("redis_mode", info.get("server_mode")) == "cluster":
        return RedisFault(message=f"Redis runs in cluster mode. {_CLUSTER}", lasts=True)
    return None
