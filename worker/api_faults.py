"""Why no token could be fetched, for `dialer check`: names the host, the proxy in between, and the fix.

What the attempt says of the same fault is about the job, which waits; here somebody wants to set things right.
"""

import socket
import ssl
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from config.settings import Settings
from tasks.codes import Code, fix_of
from tasks.errors import DialError
from worker.redis_faults import causes_of, speaks_tls

_PORTS: Final = {"http": 80, "https": 443}
_NO_PROXY: Final = "or add the host to NO_PROXY"
_TRY_AGAIN: Final = (
    "Run 'dialer check' again in some minutes. If nothing changes, check GENESYS_CLOUD_PROFILE, GENESYS_CLOUD_REGION "
    "and GENESYS_CLOUD_LOGIN_URL."
)
#: What OpenSSL says of an answer that is not TLS.
_NOT_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"}
)


def explain(settings: Settings, error: DialError) -> str:
    """Say what is wrong with the way to the token endpoint, or else what the error says by itself."""
    url = settings.login_url
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    causes = list(causes_of(error))
    proxy = select_proxy(url, get_environ_proxies(url))
    told = _certificate(host, causes)
    if not told and proxy:
        told = _proxy(proxy, host, error, causes)
    elif not told:
        told = _encryption(parts.scheme, host, port, causes) or _unreachable(host, port, causes)
    if told:
        return told
    fix = _TRY_AGAIN if error.code is Code.TOKEN_UNAVAILABLE else fix_of(error.code, settings.profile)
    return f"{error.message.rstrip('.')}. {fix}"


def _certificate(host: str, causes: list[BaseException]) -> str | None:
    words = " ".join(str(cause) for cause in causes)
    if "TLS CA certificate bundle" in words:
        path = words.partition("invalid path: ")[2].split()[0].strip("'\".,)")
        fix = "Correct REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE."
        return f"The file of certificate authorities {path} does not exist. {fix}"
    if "CERTIFICATE_VERIFY_FAILED" in words:
        reason = words.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        fix = "If a proxy inspects TLS, set REQUESTS_CA_BUNDLE to a file with its certificate authority."
        return f"The certificate of {host} cannot be verified: {reason}. {fix}"
    return None


def _proxy(proxy: str, host: str, error: DialError, causes: list[BaseException]) -> str | None:
    parts = urlsplit(proxy)
    shown = f"{parts.scheme}://{(parts.netloc or parts.path).rpartition('@')[2]}"
    words = " ".join(str(cause) for cause in causes)
    if parts.scheme.startswith("socks"):
        fix = f"Set HTTPS_PROXY to an HTTP proxy, {_NO_PROXY}."
        return f"The proxy {shown} is a SOCKS proxy, which Dialer does not support. {fix}"
    if "failed: 407" in words or error.http_status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        fix = f"Put user and password into HTTPS_PROXY, as in http://user:password@proxy:3128, {_NO_PROXY}."
        return f"The proxy {shown} asks for a login (407) before it connects to {host}. {fix}"
    if "Tunnel connection failed" in words:
        answer = words.partition("Tunnel connection failed: ")[2].split("'")[0].split(")")[0]
        return f"The proxy {shown} refuses to connect to {host}: {answer}. Allow the host there, {_NO_PROXY}."
    if reason := _system_words(causes):
        fix = f"Check HTTPS_PROXY, {_NO_PROXY}."
        return f"The host {host} cannot be reached through the proxy {shown}: {reason}. {fix}"
    return None


def _encryption(scheme: str, host: str, port: int, causes: list[BaseException]) -> str | None:
    if scheme == "https" and any(isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS for cause in causes):
        fix = "Use http:// for a server of your own, or the port on which it speaks TLS."
        return f"{host}:{port} does not speak TLS. {fix}"
    if scheme == "http" and speaks_tls(host, port):
        return f"{host}:{port} speaks TLS, and the URL does not. Use https:// in place of http://."
    return None


def _unreachable(host: str, port: int, causes: list[BaseException]) -> str | None:
    reason = _system_words(causes)
    if not reason:
        return None
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        what = f"The host {host} cannot be found: {reason}. Check the name servers of this machine"
    else:
        what = f"{host}:{port} cannot be reached: {reason}. Check the firewall"
    return f"{what}, GENESYS_CLOUD_REGION and GENESYS_CLOUD_LOGIN_URL; behind a proxy, set HTTPS_PROXY."


def _system_words(causes: list[BaseException]) -> str:
    """The words of the innermost error of the system, without the libraries' names of their objects."""
    found = [cause for cause in causes if isinstance(cause, OSError)]
    if not found:
        return ""
    return found[-1].strerror or str(found[-1]) or type(found[-1]).__name__
