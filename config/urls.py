"""Checks the URLs in settings; each function raises ValueError with what is wrong and how to fix it."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?|[0-9a-f:.]+(%[A-Za-z0-9]+)?")


def base_url(text: str) -> str:
    """Check the base URL of an HTTP API, and remove its trailing slash; an empty text stays empty."""
    if not text:
        return ""
    url = split(text, "use one like https://api.example.com")
    if url.scheme not in {"https", "http"}:
        raise ValueError("not an https URL; use one like https://api.example.com")
    if url.username is not None or url.password is not None or set(text) & set("?#\\"):
        raise ValueError("more than a base URL; use only scheme, host, port and path")
    return text.rstrip("/")


def check_encrypted(base_url: str) -> None:
    """Raise ValueError if credentials would be sent to another host without TLS."""
    url = urlsplit(base_url)
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        raise ValueError("credentials would be sent unencrypted; use https, or set GENESYS_CLOUD_ALLOW_HTTP=1")


def passwords(text: str) -> set[str]:
    """Return the passwords in one or more URLs, separated by semicolons: as written, and percent-decoded."""
    written = {urlsplit(part).password or "" for part in text.split(";")}
    return {form for password in written for form in (password, unquote(password)) if form}


def split(text: str, fix: str) -> SplitResult:
    """Split a URL that has a host, a valid port if any, and only visible characters (urlsplit removes line ends)."""
    try:
        url = urlsplit(text)
        fine = bool(_HOST.fullmatch(url.hostname or "")) and url.port != 0 and not url.fragment
    except ValueError:
        fine = False
    if not fine or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(f"not a URL with a host; {fix}")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
