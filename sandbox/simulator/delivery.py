"""How a reply is sent to the client: whole, or damaged in one of the ways of real networks and proxies.

All functions have the same signature, so that a fault can refer to one of them as a value. Those that write to the
connection directly close it and return a response that aiohttp then cannot send.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

from sandbox.simulator.timing import Timing

#: What `huge` sends: far more than any reply of the API, and little enough for a laptop.
HUGE_BYTES = 32 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


Headers = Mapping[str, str]
Deliver = Callable[[web.Request, int, Headers, bytes, Timing], Awaitable[web.StreamResponse]]


async def whole(
    _request: web.Request, status: int, headers: Headers, body: bytes, _timing: Timing
) -> web.StreamResponse:
    """Send the complete reply."""
    return web.Response(status=status, headers=headers, body=body)


async def hang(
    request: web.Request, _status: int, _headers: Headers, _body: bytes, timing: Timing
) -> web.StreamResponse:
    """Send nothing for `hang_s`, then reset. If the client disconnects, aiohttp cancels the handler."""
    await asyncio.sleep(timing.hang_s)
    return _reset(request)


async def reset(
    request: web.Request, _status: int, _headers: Headers, _body: bytes, _timing: Timing
) -> web.StreamResponse:
    """Send a TCP RST instead of a reply."""
    return _reset(request)


async def close(
    request: web.Request, _status: int, _headers: Headers, _body: bytes, _timing: Timing
) -> web.StreamResponse:
    """Close the connection (TCP FIN) instead of a reply."""
    return _closed(request)


async def truncated(
    request: web.Request, status: int, headers: Headers, body: bytes, _timing: Timing
) -> web.StreamResponse:
    """Announce the full length in the headers, send half of the body, and close the connection."""
    _write(request, _head(status, headers, len(body)) + body[: len(body) // 2])
    return _closed(request)


async def half_json(
    _request: web.Request, status: int, headers: Headers, body: bytes, _timing: Timing
) -> web.StreamResponse:
    """Send valid HTTP with a JSON text that stops in the middle."""
    return web.Response(status=status, headers=headers, body=body[: len(body) // 2])


async def drip_headers(
    request: web.Request, status: int, headers: Headers, body: bytes, timing: Timing
) -> web.StreamResponse:
    """Send the whole reply byte by byte, from the status line on, so that no read of the client times out."""
    await _drip(request, _head(status, headers, len(body)) + body, timing)
    return _closed(request)


async def drip_body(
    request: web.Request, status: int, headers: Headers, body: bytes, timing: Timing
) -> web.StreamResponse:
    """Send the headers at once and the body byte by byte."""
    _write(request, _head(status, headers, len(body)))
    await _drip(request, body, timing)
    return _closed(request)


async def huge(
    request: web.Request, status: int, headers: Headers, body: bytes, _timing: Timing
) -> web.StreamResponse:
    """Send a valid JSON object with the id first, followed by `HUGE_BYTES` of padding."""
    response = web.StreamResponse(status=status, headers=headers)
    await response.prepare(request)
    await response.write(body[:-1] + b', "padding": "')
    for _ in range(HUGE_BYTES // _CHUNK_BYTES):
        await response.write(b"x" * _CHUNK_BYTES)
    await response.write(b'"}')
    return response


def _head(status: int, headers: Headers, length: int) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _drip(request: web.Request, content: bytes, timing: Timing) -> None:
    for i in range(len(content)):
        _write(request, content[i : i + 1])
        await asyncio.sleep(timing.drip_interval_s)


def _write(request: web.Request, content: bytes) -> None:
    if isinstance(request.transport, asyncio.WriteTransport):
        request.transport.write(content)


def _closed(request: web.Request) -> web.Response:
    """Close the connection after what was written, and return a response that aiohttp cannot send."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _reset(request: web.Request) -> web.Response:
    if isinstance(request.transport, asyncio.WriteTransport):
        # With SO_LINGER on and zero seconds the kernel sends RST instead of FIN (socket(7)).
        stream = request.transport.get_extra_info("socket")
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()
