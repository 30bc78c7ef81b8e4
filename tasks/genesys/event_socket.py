"""The WebSocket of a notification channel, with the proxy and the certificate authorities that `requests` uses."""

import logging
import ssl
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy
from websockets.exceptions import ConnectionClosed, InvalidStatus, ProxyError, WebSocketException
from websockets.sync.client import connect

#: How long the connection may take, how often it is tried whether the other side still answers, and how long it may
#: take to answer. A proxy or a firewall that forgot the connection is found out after the sum of the last two.
_OPEN_S: Final = 4.0
_PING_S: Final = 20.0
_PONG_S: Final = 10.0
#: The closing handshake is polite; a worker that shuts down does not wait for it.
_CLOSE_S: Final = 0.5

#: The library's own lines may name the address, which is a secret.
_QUIET: Final = logging.getLogger("dialer.genesys.websocket")
_QUIET.setLevel(logging.CRITICAL)


class SocketLost(Exception):
    """The WebSocket could not be opened, or is closed; the message names no address."""


class EventSocket:
    """One open WebSocket. Only one thread may receive."""

    def __init__(self, uri: str) -> None:
        """Open it, within some seconds; raises SocketLost."""
        self._open = ExitStack()
        try:
            proxy, bundle = _environment(uri)
            trusted = _trusted(bundle) if uri.startswith("wss:") else None
            self._socket = self._open.enter_context(
                connect(
                    uri,
                    ssl=trusted,
                    proxy=proxy,
                    proxy_ssl=_trusted(bundle) if proxy and proxy.startswith("https:") else None,
                    compression=None,
                    open_timeout=_OPEN_S,
                    ping_interval=_PING_S,
                    ping_timeout=_PONG_S,
                    close_timeout=_CLOSE_S,
                    logger=_QUIET,
                )
            )
        except (OSError, EOFError, ValueError, WebSocketException) as error:
            raise SocketLost(_reason(error)) from error

    def receive(self, timeout_s: float) -> str | bytes | None:
        """Return the next message, or None if there is none within `timeout_s`; raises SocketLost."""
        try:
            return self._socket.recv(timeout=timeout_s)
        except TimeoutError:
            return None
        except (OSError, ConnectionClosed) as error:
            raise SocketLost(_reason(error)) from error

    def close(self) -> None:
        """Close it, within a second; may be called twice."""
        self._open.close()


def _environment(uri: str) -> tuple[str | None, Any]:
    """Return the proxy, if any, and the file of certificate authorities, as `requests` finds them."""
    url = "http" + uri.removeprefix("ws")
    found = requests.Session().merge_environment_settings(url, {}, None, None, None)
    proxy = select_proxy(url, found["proxies"])
    if proxy and proxy.lower().startswith("socks"):
        raise SocketLost("SOCKS proxies are not supported")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    return proxy or None, found["verify"]


def _trusted(bundle: Any) -> ssl.SSLContext:
    path = Path(bundle if isinstance(bundle, str) else DEFAULT_CA_BUNDLE_PATH)
    if path.is_dir():
        return ssl.create_default_context(capath=path)
    return ssl.create_default_context(cafile=path)


def _reason(error: Exception) -> str:
    """Return what is wrong in words that contain neither the address nor the password of a proxy."""
    if isinstance(error, InvalidStatus):
        return f"the server answered {error.response.status_code}"
    if isinstance(error, ProxyError):
        return f"the proxy opened no tunnel ({type(error).__name__})"
    if isinstance(error, ConnectionClosed):
        return "the connection was closed"
    return (isinstance(error, OSError) and error.strerror) or f"{type(error).__name__}"
