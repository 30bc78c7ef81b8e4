"""The workers of a campaign: killed, frozen and dismissed, and as many again at once."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Final, Self

from bench.processes import Child
from tests.chaos.contenders import Contender
from tests.chaos.doomed import KILL_AT, POINTS, SKEW_S
from tests.support.redis_proxy import RedisProxy

_SKEWS_S: Final = (-5 * 3600.0, 5 * 3600.0, -30.0, 30.0)
_READY: Final = b" ready"
#: How a worker ends that was told to leave before it had begun: its exit code, and all that it had printed.
_NOT_BEGUN: Final = ((-signal.SIGTERM, b""), (130, b""), (130, b"Error: interrupted.\n"))


@dataclass(eq=False)
class Member:
    """A worker, behind a proxy of its own; `killed` once it was."""

    child: Child
    proxy: RedisProxy
    #: The point at which it will die by itself, or "".
    point: str = ""
    thaw_at: float | None = None
    dismissed: bool = False
    killed: bool = False


@dataclass(frozen=True, kw_only=True)
class Death:
    """A worker was killed. `at` in epoch seconds; `pid` is a part of its name in the ledger."""

    at: float
    pid: int
    point: str = "anywhere"


@dataclass(kw_only=True)
class Crew:
    """`size` workers at any time, each with `settings`.

    With `odd`, some have wrong clocks, some die at a named point, and some are of a second fleet that was
    started on the same Redis by mistake: they have the settings `strangers` on top.
    """

    contender: Contender
    redis_port: int
    directory: Path
    settings: dict[str, str]
    strangers: dict[str, str]
    size: int
    chance: Random
    odd: bool = False
    deaths: list[Death] = field(default_factory=list)
    #: What none of them may do: end without having been told to.
    defects: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    _members: list[Member] = field(default_factory=list)
    _started: int = 0
    _points: Iterator[str] = field(default_factory=lambda: cycle(POINTS))
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        for member in self._members:
            with suppress(ProcessLookupError):
                os.kill(member.child.pid, signal.SIGKILL)
        self._stack.close()

    @property
    def logs(self) -> list[Path]:
        return sorted(self.directory.glob("*.log"))

    def proxies(self) -> list[RedisProxy]:
        with self._lock:
            return [member.proxy for member in self._members]

    def at_work(self) -> list[Member]:
        """Those who are ready and not frozen, dismissed or dead."""
        with self._lock:
            return [m for m in self._members if not (m.dismissed or m.thaw_at) and m.child.runs and _ready(m.child)]

    def tend(self) -> None:
        """Wake whose time has come, note who died, and hire for each who is gone."""
        with self._lock:
            now = time.monotonic()
            for member in list(self._members):
                if member.thaw_at and member.thaw_at <= now:
                    member.thaw_at = None
                    os.kill(member.child.pid, signal.SIGCONT)
                if not member.child.runs:
                    self._reclaim(member)
            while len([m for m in self._members if not m.dismissed]) < self.size:
                self._hire()

    def kill(self, member: Member) -> None:
        """SIGKILL, as the out-of-memory killer or a lost host has it."""
        with self._lock:
            member.killed = True
            os.kill(member.child.pid, signal.SIGKILL)
            self.deaths.append(Death(at=time.time(), pid=member.child.pid))

    def freeze(self, member: Member, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while."""
        with self._lock:
            os.kill(member.child.pid, signal.SIGSTOP)
            member.thaw_at = time.monotonic() + seconds

    def dismiss(self, member: Member) -> None:
        """SIGTERM; another one is hired before it has left."""
        with self._lock:
            member.dismissed = True
            os.kill(member.child.pid, signal.SIGTERM)

    def calm(self) -> None:
        """From now on only sound workers: the odd ones are dismissed, the frozen ones woken."""
        with self._lock:
            self.odd = False
            for member in self._members:
                if member.thaw_at:
                    member.thaw_at = time.monotonic()
                elif member.point and not member.dismissed:
                    self.dismiss(member)
        self.tend()

    def leave(self, timeout_s: float) -> None:
        """Dismiss all, and wait until they are gone."""
        with self._lock:
            self.size = 0
            for member in self._members:
                if not member.dismissed:
                    self.dismiss(member)
        deadline = time.monotonic() + timeout_s
        while self._members and time.monotonic() < deadline:
            self.tend()
            time.sleep(0.1)
        self.defects += [f"{member.child.log.name} did not leave" for member in self._members]

    def _hire(self) -> None:
        self._started += 1
        proxy = self._stack.enter_context(RedisProxy(self.redis_port))
        environ = {**self.settings, **self.contender.environ(proxy.url)}
        point, concurrency = "", 8
        if self.odd:
            if self.chance.random() < 0.5:
                point = next(self._points)
                environ[KILL_AT] = f"{point}:{self.chance.randint(1, 12)}"
            if self.chance.random() < 0.3:
                environ[SKEW_S] = str(self.chance.choice(_SKEWS_S))
                self.kinds["with a wrong clock"] += 1
            if self.chance.random() < 0.25:
                environ |= self.strangers
                concurrency = 3
                self.kinds["of a second fleet"] += 1
        self.kinds["in all"] += 1
        command = [*self.contender.command(doomed=self.odd), f"--concurrency={concurrency}"]
        log = self.directory / f"worker-{self._started:03}.log"
        self._members.append(Member(child=Child(command, environ, log), proxy=proxy, point=point))

    def _reclaim(self, member: Member) -> None:
        code = member.child.wait(5)
        member.child.stop()  # whatever it may have started
        self._members.remove(member)
        member.proxy.cut()
        if member.killed:
            return
        if code == -signal.SIGKILL and member.point:
            self.deaths.append(Death(at=time.time(), pid=member.child.pid, point=member.point))
        elif member.dismissed and (code, member.child.log.read_bytes()) in _NOT_BEGUN:
            return
        elif code != 0 or not member.dismissed:
            self.defects.append(f"{member.child.log.name} ended by itself with exit code {code}")


def _ready(child: Child) -> bool:
    return _READY in child.log.read_bytes()
