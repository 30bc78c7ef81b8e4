"""What becomes of one round trip to Redis: its answer arrives, or is lost after the step was taken, or before."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from redis import Redis
from redis.client import Pipeline

from tasks.errors import LedgerUnavailable


class Fate(StrEnum):
    GOOD = "good"
    #: The answer is lost; the client, as it is configured, sends the command again and gets the second answer.
    TWICE = "twice"
    #: The step is taken, and the caller learns only that the connection broke.
    LOST = "lost"
    #: The command never arrives.
    NEVER = "never"
    #: As if all were well; and the network brings the same request once more, some time later.
    ECHO = "echo"


class Weather:
    """Decides the fate of one round trip of the clients that stand in it; all others are good."""

    def __init__(self, *clients: Redis) -> None:
        self._fate, self._after = Fate.GOOD, 0
        #: Requests that will come once more.
        self.echoes: list[Callable[[], Any]] = []
        for client in clients:
            self._watch(client)

    def forecast(self, fate: Fate, *, after: int = 0) -> None:
        """The fate of the next round trip, or of one after so many more, if there are any."""
        self._fate, self._after = fate, after

    def _watch(self, client: Redis) -> None:
        execute: Any = client.execute_command
        pipeline = client.pipeline

        def executed(*args: Any, **kwargs: Any) -> Any:
            return self._meet(lambda: execute(*args, **kwargs))

        def pipelined(*args: Any, **kwargs: Any) -> Pipeline:
            pipe = pipeline(*args, **kwargs)
            pipe.execute = self._pipe(pipe)  # type: ignore[method-assign]
            return pipe

        client.execute_command = executed  # type: ignore[method-assign]
        client.pipeline = pipelined  # type: ignore[method-assign]

    def _pipe(self, pipe: Pipeline) -> Callable[..., Any]:
        execute = pipe.execute

        def executed(*args: Any, **kwargs: Any) -> Any:
            # A pipeline forgets its commands when it has run; the client that repeats them has kept them.
            commands, scripts = list(pipe.command_stack), set(pipe.scripts)

            def step() -> Any:
                pipe.command_stack, pipe.scripts = list(commands), set(scripts)
                return execute(*args, **kwargs)

            return self._meet(step)

        return executed

    def _meet(self, step: Callable[[], Any]) -> Any:
        if self._after > 0:
            self._after -= 1
            return step()
        fate, self._fate = self._fate, Fate.GOOD
        if fate is Fate.NEVER:
            raise LedgerUnavailable("the request was lost")
        answer = step()
        if fate is Fate.ECHO:
            self.echoes.append(step)
        if fate is Fate.TWICE:
            return step()
        if fate is Fate.LOST:
            raise LedgerUnavailable("the answer was lost")
        return answer
