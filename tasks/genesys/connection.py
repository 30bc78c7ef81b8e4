"""One HTTP request and its answer: was a byte of the request written, and one wall-clock deadline over all of it.

    resolve ─ connect ─ proxy's CONNECT ─ TLS │ write request ─ read headers ─ read body
    ─────────── Fault.NOT_SENT ───────────────┤─── Fault.TIMED_OUT or Fault.BROKEN ─────
                                  the first byte of the request

Which exception a library raises does not tell the two sides apart, so the connection itself keeps note. The
read time-out of requests starts anew with every byte; here each read gets only what is left to the deadline.
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

#: A connection unused for longer is not used again. Load balancers close idle ones after a minute or so; a
#: request that crosses with that close could not be told from a placed call.
MAX_IDLE_S: Final = 15.0


@dataclass
class CurrentRequest:
    """One request and its answer. `ends_at` is on the monotonic clock."""

    ends_at: float
    written: bool = False

    def remaining_s(self) -> float:
        """Return what is left, in seconds; raises TimeoutError when nothing is."""
        remaining = self.ends_at - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the deadline of the request has passed")
        return remaining


#: The request in progress in this thread (or greenlet): the libraries in between pass nothing of ours along.
current_request: ContextVar[CurrentRequest] = ContextVar("current_request")


class _DeadlineReader(io.RawIOBase):
    """Reads from the socket, each time for no longer than its request still has."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._stall_s = sock.gettimeout()
        self._exchange = current_request.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._exchange.remaining_s()
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
    """Notes the first byte of a request, keeps to the deadline, and never carries one request twice."""

    response_class = _DeadlineResponse
    _connecting = False
    _used_at = 0.0

    def connect(self) -> None:
        if current_request.get().written:
            # Whatever a library thinks of retries: a second connection for a request would be a second call.
            raise ConnectionError("the request was already written to another connection")
        self._connecting = True
        try:
            super().connect()
        finally:
            self._connecting = False

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers; all together get the connect time-out, not each."""
        current = current_request.get()
        addresses = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        ends_at = time.monotonic() + min(self.timeout or current.remaining_s(), current.remaining_s())
        failure: OSError = TimeoutError("no address could be tried in time")
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
                # A TLS handshake is bounded as a whole by what the socket's time-out is when it begins.
                sock.settimeout(max(min(self.timeout or share_s, current.ends_at - time.monotonic()), 0.001))
                return sock
        raise failure

    def send(self, data: Any) -> None:
        current = current_request.get()
        if self.sock is None:
            self.connect()  # http.client would do it later, behind the note that the request was written
        self.sock.settimeout(min(self.timeout or current.remaining_s(), current.remaining_s()))
        if not self._connecting:  # what is sent while connecting is a proxy's CONNECT, not the request
            current.written = True
            self._used_at = time.monotonic()
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """What urllib3 asks before it uses a kept-alive connection again."""
        return super().is_connected and time.monotonic() - self._used_at < MAX_IDLE_S


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


_POOLS: Final = {"http": _Pool, "https": _TLSPool}


class WatchedAdapter(HTTPAdapter):
    """requests' way to the connections above; it retries nothing."""

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
