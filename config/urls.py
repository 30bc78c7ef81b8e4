"""The URLs that settings hold; each function raises ValueError with what is wrong and how to mend it."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?|[0-9a-f:.]+(%[A-Za-z0-9]+)?")
_REDIS_FORMS = (
    "write redis://, rediss://, redis+socket:// or unix://, or sentinel://host:26379;sentinel://host2:26379"
)


def https_url(text: str, *, allow_http: bool) -> str:
    """Check a base URL, and take off its trailing slash; nothing stays nothing."""
    if not text:
        return ""
    url = _split(text, "write it like https://api.example.com")
    if url.scheme not in {"https", "http"}:
        raise ValueError("it is no https URL; write it like https://api.example.com")
    if url.username is not None or url.password is not None or set(text) & set("?#\\"):
        raise ValueError("it holds more than a base URL; write scheme, host, port and path only")
    if url.scheme == "http" and not allow_http and not _is_loopback(url.hostname or ""):
        raise ValueError("credentials would travel unencrypted; write https, or set GENESYS_CLOUD_ALLOW_HTTP=1")
    return text.rstrip("/")


def redis_url(text: str) -> str:
    """One Redis, one socket, or several Sentinels separated by semicolons, as kombu reads them."""
    allowed = {"sentinel"} if text.startswith("sentinel://") else {"redis", "rediss", "redis+socket", "unix"}
    for part in text.split(";") if "sentinel" in allowed else [text]:
        scheme = part.partition("://")[0]
        if scheme not in allowed or "://" not in part:
            # kombu skips Sentinels that are written without their scheme, so none may be.
            raise ValueError(f"it is no Redis URL; {_REDIS_FORMS}")
        if scheme in {"redis+socket", "unix"}:
            _check_socket(part)
            continue
        url = _split(
            part, "write it like redis://host:6379/0, and percent-encode '#', '/', '?' and ';' in a password"
        )
        if not re.fullmatch(r"/?|/[0-9]{1,5}", url.path):
            raise ValueError("its path is no database; write a number, as in redis://localhost:6379/0")
    return text


def verified(text: str) -> str:
    """Spell out that the server's certificate is checked: kombu checks none of a bare rediss:// URL."""
    if not text.startswith("rediss://") or "ssl_cert_reqs=" in text:
        return text
    return f"{text}{'&' if '?' in text else '?'}ssl_cert_reqs=required"


def passwords(text: str) -> set[str]:
    """Find the passwords in a URL, or several, separated by semicolons: as written and as meant."""
    written = {urlsplit(part).password or "" for part in text.split(";")}
    return {form for password in written for form in (password, unquote(password)) if form}


def _check_socket(text: str) -> None:
    if not re.fullmatch(r"[a-z+]+://([^/@]*@)?/[!-~]+", text):
        raise ValueError("it names no socket; write redis+socket:///path/to/redis.sock")


def _split(text: str, mend: str) -> SplitResult:
    """Split a URL that has a host, a possible port and no hidden characters (urlsplit drops line ends)."""
    try:
        url = urlsplit(text)
        fine = bool(_HOST.fullmatch(url.hostname or "")) and url.port != 0 and not url.fragment
    except ValueError:
        fine = False
    if not fine or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(f"it is no URL with a host; {mend}")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
