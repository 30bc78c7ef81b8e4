"""Reads `DIALER_REDIS_URL`: where Redis is, how to log in, and the closed set of options that the URL may have.

Two libraries connect to Redis, redis-py for the ledger and kombu for Celery, and they read URLs differently. So each
is given a URL that is written here, which both understand, and an option that only one of them knows is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from config.redis_options import SENTINEL, SOCKET, TCP, checked
from config.urls import split
from config.values import Secret

_FORMS: Final = "use redis://, rediss://, redis+socket:// or unix://, or sentinel://host:26379;sentinel://host2:26379"
_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
#: Sentinels without ACL users have one user of this name; if it has no password, it accepts any.
_SENTINEL_USER: Final = "default"


@dataclass(frozen=True, kw_only=True)
class RedisAddress:
    """A Redis: `hosts` are those of the server or of its Sentinels, `path` is that of a socket."""

    scheme: str
    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    username: str = ""
    password: Secret
    database: int = 0
    options: Mapping[str, str]

    @property
    def url(self) -> str:
        """The address as text, which `read_address` reads as the same address."""
        return self._text(self.options)

    @property
    def shown(self) -> str:
        """The address without user, password and options."""
        if self.path:
            return f"redis+socket://{self.path}"
        return ";".join(f"{self.scheme}://{host}/{self.database}" for host in self._hosts())

    @property
    def celery_url(self) -> str:
        """The URL for kombu; redis-py reads it too, except for the form of a socket."""
        return self._text({name: value for name, value in self.options.items() if name.startswith("ssl_")})

    @property
    def client_name(self) -> str | None:
        return self.options.get("client_name")

    @property
    def sentinel_login(self) -> dict[str, str]:
        """The login for the Sentinels: the password of Redis."""
        if not self.password:
            return {}
        user = self.options.get("sentinel_user", _SENTINEL_USER)
        return {"username": user, "password": self.password.reveal()}

    def _text(self, options: Mapping[str, str]) -> str:
        user, password = quote(self.username, safe=""), quote(self.password.reveal(), safe="")
        login = f"{user}:{password}@" if password else f"{user}@" if user else ""
        if self.path:
            options = {"virtual_host": str(self.database), **options}
            return f"redis+socket://{login}{quote(self.path)}?{urlencode(options)}"
        query = f"?{urlencode(options)}" if options else ""
        return ";".join(f"{self.scheme}://{login}{host}/{self.database}{query}" for host in self._hosts())

    def _hosts(self) -> list[str]:
        return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts]


def redis_url(text: str) -> str:
    """Check the URL of a Redis. Raises ValueError with what is wrong and how to fix it."""
    read_address(text)
    return text


def with_password(text: str, password: str) -> str:
    """Return the URL with this password. Raises ValueError if it has one already."""
    address = read_address(text)
    if address.password:
        raise ValueError("the URL has a password too; remove one of the two")
    return replace(address, password=Secret(password)).url


def read_address(text: str) -> RedisAddress:
    """Read the URL of a Redis, of a socket, or of several Sentinels separated by semicolons.

    Raises ValueError with what is wrong and how to fix it.
    """
    allowed = SENTINEL if text.startswith("sentinel://") else TCP | SOCKET
    parts = [_part(part, allowed) for part in (text.split(";") if allowed is SENTINEL else [text])]
    return RedisAddress(
        scheme=parts[0].scheme,
        hosts=tuple(host for part in parts for host in part.hosts),
        path=parts[0].path,
        username=_same("user", [part.username for part in parts]),
        password=Secret(_same("password", [part.password.reveal() for part in parts])),
        database=int(_same("database", [str(part.database or "") for part in parts]) or 0),
        options=checked(parts[0].scheme, [pair for part in parts for pair in part.options.items()]),
    )


def _part(text: str, allowed: frozenset[str]) -> RedisAddress:
    """Read one URL; its options are still as they were written, and unchecked."""
    scheme = text.partition("://")[0]
    if scheme not in allowed or "://" not in text:
        # kombu ignores a Sentinel that is written without its scheme.
        raise ValueError(f"not a Redis URL; {_FORMS}")
    url = _socket(text) if scheme in SOCKET else _server(text)
    options = _pairs(url.query)
    database = options.pop("virtual_host" if scheme in SOCKET and "virtual_host" in options else "db", "")
    if scheme not in SOCKET:
        in_path = url.path.strip("/")
        if in_path and database and int(in_path) != _database(database):
            raise ValueError("the path and the option 'db' name different databases; remove one of the two")
        database = in_path or database
    return RedisAddress(
        scheme="redis+socket" if scheme in SOCKET else scheme,
        hosts=() if scheme in SOCKET else ((url.hostname or "", url.port or _default_port(scheme)),),
        path=unquote(url.path) if scheme in SOCKET else "",
        username=unquote(url.username or ""),
        password=Secret(unquote(url.password or "")),
        database=_database(database),
        options=options,
    )


def _server(text: str) -> SplitResult:
    url = split(text, "use one like redis://host:6379/0, and percent-encode '#', '/', '?' and ';' in a password")
    if not re.fullmatch(r"/?|/[0-9]{1,5}", url.path):
        raise ValueError("the path is not a database number; use one like redis://localhost:6379/0")
    return url


def _socket(text: str) -> SplitResult:
    if not re.fullmatch(r"[a-z+]+://([^/@]*@)?/[!-~]+", text) or "#" in text:
        raise ValueError("the path of the socket is missing; use redis+socket:///path/to/redis.sock")
    return urlsplit(text)


def _default_port(scheme: str) -> int:
    return _SENTINEL_PORT if scheme in SENTINEL else _PORT


def _database(text: str) -> int:
    if not re.fullmatch(r"[0-9]{0,5}", text):
        raise ValueError("the database is not a number; use one like redis://localhost:6379/0")
    return int(text or 0)


def _same(what: str, values: list[str]) -> str:
    """Return the value that is given once or more; the URLs of several Sentinels may not contradict each other."""
    given = {value for value in values if value}
    if len(given) > 1:
        raise ValueError(f"the URLs of the Sentinels name different {what}s; give each the same, or only one of them")
    return given.pop() if given else ""


def _pairs(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if len(options) < len(pairs):
        raise ValueError("an option of the URL is given twice; remove one of the two")
    return options
