"""A network between a client and its Redis that fails on demand, as networks do.

cut()              every connection is reset, on both sides
freeze(), thaw()   half-open: connections stay, new ones are taken, nothing passes; what was on its way arrives late
strand()           half-open for good: nothing passes on what is open now; new connections work
drop_replies(n)    n requests are executed, and their replies lost with the clients' connections
refuse(), accept() new connections are reset at once
"""

import asyncio
import contextlib
import socket
import struct
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Self

_TIMEOUT_S = 10
_AT_ONCE = 65536
_RESET = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Link:
    """One connection of a client's, and the one to Redis that belongs to it."""

    client: StreamWriter
    redis: StreamWriter | None = None
    task: "asyncio.Task[None] | None" = None
    #: What Redis says next is lost, and the client's connection with it.
    doomed: bool = False
    #: Nothing passes any more, and nobody is told.
    stranded: bool = False

    def reset(self) -> None:
        """End both sides with RST instead of FIN, whatever is on its way."""
        for side in (self.client, self.redis):
            sock = side and side.get_extra_info("socket")
            if side and sock:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                side.transport.abort()


class RedisProxy:
    """A context manager; its methods are plain functions, for the loop runs in a thread of its own.

    Each connection looks for Redis anew, so that Redis may be killed and restarted behind it.
    """

    def __init__(self, redis_port: int) -> None:
        self._redis_port = redis_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="redis-proxy", daemon=True)
        self._links: set[_Link] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self._drops = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def cut(self) -> None:
        """Reset whatever is open."""
        self._do(self._cut())

    def freeze(self) -> None:
        self._do(self._let(flow=False))

    def thaw(self) -> None:
        self._do(self._let(flow=True))

    def strand(self) -> None:
        """Forget the open connections, as a firewall does that was restarted."""
        for link in list(self._links):
            link.stranded = True

    def drop_replies(self, count: int) -> None:
        """Lose the reply to each of the next `count` requests."""
        self._drops = count

    @property
    def drops_left(self) -> int:
        """How many replies of the last `drop_replies` are still to be lost."""
        return self._drops

    def refuse(self) -> None:
        self._refuses = True

    def accept(self) -> None:
        self._refuses = False

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_TIMEOUT_S)
        self._loop.close()

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(_TIMEOUT_S)

    async def _cut(self) -> None:
        links = list(self._links)
        for link in links:
            link.reset()
            if link.task:
                link.task.cancel()
        await asyncio.gather(*(link.task for link in links if link.task), return_exceptions=True)

    async def _close(self) -> None:
        self._server.close()
        await self._cut()

    async def _let(self, *, flow: bool) -> None:
        if flow:
            self._flows.set()
        else:
            self._flows.clear()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        link = _Link(client=writer, task=asyncio.current_task())
        self._links.add(link)
        # Whatever ends one direction ends the other; a cut cancels both.
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._connect(link, reader)
        self._links.discard(link)
        link.reset()

    async def _connect(self, link: _Link, reader: StreamReader) -> None:
        await self._flows.wait()
        if self._refuses:
            return
        replies, link.redis = await asyncio.open_connection("127.0.0.1", self._redis_port)
        ways = [asyncio.create_task(way) for way in (self._forth(link, reader), self._back(link, replies))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(self, link: _Link) -> None:
        await self._flows.wait()
        if link.stranded:
            await asyncio.Event().wait()  # which nobody sets

    async def _forth(self, link: _Link, reader: StreamReader) -> None:
        while link.redis and (request := await reader.read(_AT_ONCE)):
            await self._pass(link)
            if self._drops and not link.doomed:
                link.doomed = True
                self._drops -= 1
            link.redis.write(request)
            await link.redis.drain()
        await self._pass(link)

    async def _back(self, link: _Link, replies: StreamReader) -> None:
        while reply := await replies.read(_AT_ONCE):
            await self._pass(link)
            if link.doomed:
                return
            link.client.write(reply)
            await link.client.drain()
        await self._pass(link)
