"""Connections that record whether a byte of the request was written, and enforce one deadline for the whole request.

    resolve ─ connect ─ proxy's CONNECT ─ TLS │ write request ─ read headers ─ read body
    ─────────── Fault.NOT_SENT ───────────────┤─── Fault.TIMED_OUT or Fault.BROKEN ─────
                                  the first byte of the request

The exceptions of the libraries do not distinguish the two sides of the first byte, so the connection itself records
it. The read time-out of requests restarts with every byte; here each read gets only the time until the deadline.
"""

import http.client
import io
import socket
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

#: A connection that was idle for longer is not used again. Load balancers close idle connections after about a
#: minute. If one is closed while a request is sent on it, nobody knows whether the call was placed.
MAX_IDLE_S: Final = 15.0


@dataclass
class CurrentRequest:
    """The state of one request. `ends_at` is the deadline, on the monotonic clock."""

    ends_at: float
    written: bool = False

    def remaining_s(self) -> float:
        """Return the seconds until the deadline; raises TimeoutError if it has passed."""
        remaining = self.ends_at - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the deadline of the request has passed")
        return remaining


#: The request in progress in this thread. The libraries in between do not pass our arguments on.
current_request: ContextVar[CurrentRequest] = ContextVar("current_request")


class _DeadlineReader(io.RawIOBase):
    """Reads from the socket; each read times out at the deadline of the request at the latest."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._stall_s = sock.gettimeout()
        self._request = current_request.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._request.remaining_s()
        self._sock.settimeout(remaining if self._stall_s is None else min(self._stall_s, remaining))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    """Records the first byte of a request, enforces the deadline, and never sends a request twice."""

    response_class = _DeadlineResponse
    _connecting = False
    _used_at = 0.0

    def connect(self) -> None:
        if current_request.get().written:
            # Even if a library retries: a second connection for the same request would be a second call.
            raise ConnectionError("the request was already written to another connection")
        self._connecting = True
        try:
            super().connect()
        finally:
            self._connecting = False

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers; the connect time-out is for all addresses together."""
        current = current_request.get()
        addresses = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        ends_at = time.monotonic() + min(self.timeout or current.remaining_s(), current.remaining_s())
        failure: OSError = TimeoutError("the time-out passed before an address was tried")
        for tried, (*_, address) in enumerate(addresses):
            share_s = (ends_at - time.monotonic()) / (len(addresses) - tried)
            if share_s <= 0:
                break
            try:
                sock = create_connection(
                    (str(address[0]), self.port), share_s, self.source_address, self.socket_options
                )
            except OSError as e:
                failure = e
            else:
                # The time-out that the socket has now limits the whole TLS handshake.
                sock.settimeout(max(min(self.timeout or share_s, current.ends_at - time.monotonic()), 0.001))
                return sock
        raise failure

    def send(self, data: Any) -> None:
        current = current_request.get()
        if self.sock is None:
            self.connect()  # otherwise http.client connects after the request was recorded as written
        self.sock.settimeout(min(self.timeout or current.remaining_s(), current.remaining_s()))
        if not self._connecting:  # while connecting, the CONNECT for a proxy is sent, and not the request
            current.written = True
            self._used_at = time.monotonic()
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """Whether urllib3 may use a kept-alive connection again."""
        return super().is_connected and time.monotonic() - self._used_at < MAX_IDLE_S


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


_POOLS: Final = {"http": _Pool, "https": _TLSPool}


class WatchedAdapter(HTTPAdapter):
    """Makes requests use the connections above, and never retry."""

    def __init__(self) -> None:
        super().__init__(pool_connections=2, pool_maxsize=1)
        self.max_retries = Retry(0, read=False, redirect=False, respect_retry_after_header=False)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        if proxy.lower().startswith("socks"):
            raise ConnectionError("SOCKS proxies are not supported")
        proxies: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        proxies.pool_classes_by_scheme = _POOLS
        return proxies
