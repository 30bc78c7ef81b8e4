import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import celery.app.trace
import celery.worker.strategy
import pytest
from celery import Celery

from config.known_secrets import _literals, configure_secrets
from config.logging import JsonFormatter, TextFormatter, add_secret, configure

NUMBER = "+12125551234"
LOGGER = logging.getLogger("dialer.test")


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    _literals._learned.clear()
    configure_secrets(())


@pytest.fixture(params=["text", "json"])
def log_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lines(log_format: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Configures logging; gives what was written to stderr so far, by line."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    configure(log_format, level="DEBUG", secrets=["hunter-22"])
    return lambda: stderr.getvalue().removesuffix("\n").split("\n")


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("dialer.attempt", logging.INFO, "x.py", 1, message, args, None)
    made.created = 1_795_428_000.1234
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (
            record("call placed", job_id="order-42", attempt=1),
            "INFO  dialer.attempt job=order-42 call placed attempt=1",
        ),
        (record("no job"), "INFO  dialer.attempt no job"),
        (record("%s to %s", "sent", NUMBER), "INFO  dialer.attempt sent to +*********34"),
        (record("x", job_id="a b"), 'INFO  dialer.attempt job="a b" x'),
        (
            record("x", why='said "no"', none=None, ok=True),
            r'INFO  dialer.attempt x why="said \"no\"" none=null ok=true',
        ),
        (record("a\nb\u2028c\x1b[31m"), r"INFO  dialer.attempt a\nb\u2028c\x1b[31m"),
        (
            record("x", job_id="order-42\n2026 INFO forged"),
            r'INFO  dialer.attempt job="order-42\n2026 INFO forged" x',
        ),
    ],
)
def test_the_text_form(made: logging.LogRecord, line: str) -> None:
    assert TextFormatter().format(made) == f"2026-11-23T10:00:00.123Z {line}"


def test_the_json_form() -> None:
    line = JsonFormatter().format(record("to %s\n", NUMBER, job_id="order-42", wait_s=0.25, at=NUMBER, time="forged"))
    assert json.loads(line) == {
        "time": "2026-11-23T10:00:00.123Z",
        "level": "INFO",
        "logger": "dialer.attempt",
        "message": "to +*********34\n",
        "job_id": "order-42",
        "wait_s": 0.25,
        "at": "+*********34",
    }


def fail(message: str) -> None:
    raise ValueError(message)


def test_numbers_and_secrets_are_hidden_wherever_they_stand(lines: Callable[[], list[str]]) -> None:
    add_secret("token-77")
    try:
        fail(f"{NUMBER} hunter-22 token-77")
    except ValueError:
        LOGGER.exception("to %(to)s hunter-22", {"to": NUMBER}, extra={"x": {"to": NUMBER}, "y": ["token-77"]})
    LOGGER.debug("hunter-22 %r", NUMBER, stack_info=True)
    LOGGER.info("x", extra={"access_token": "short", "to": 12125551234, "job_id": NUMBER})
    text = "\n".join(lines())
    assert len(lines()) == 3
    for shown in ("Traceback", "in fail", "ValueError"):
        assert shown in lines()[0]
    for hidden in ("2125551234", "hunter-22", "token-77", "short"):
        assert hidden not in text
    assert "*********34" in text


def test_every_event_is_one_line(lines: Callable[[], list[str]]) -> None:
    try:
        fail("a\r\nb\u2028c")
    except ValueError:
        LOGGER.exception("one\ntwo", extra={"job_id": "j\r\n1", "more": "x\x85y\ud800"})
    (line,) = lines()
    assert line.isprintable()


def test_measures_and_identifiers_stay(lines: Callable[[], list[str]]) -> None:
    conversation = "12345678-1234-1234-1234-123456789012"
    LOGGER.info(
        "x",
        extra={"due_ms": 1764000000123, "conversation_id": conversation, "wait_s": 12345678.5, "n": 1234567},
    )
    (line,) = lines()
    for shown in ("1764000000123", conversation, "12345678.5", "1234567"):
        assert shown in line


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError(NUMBER)


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (record("two %s %s", NUMBER), "TypeError"),
        (record("%s", Unprintable()), "RuntimeError"),
        (record("x", value=Unprintable()), "RuntimeError"),
        (record("x", huge=10**5000), "ValueError"),
        (record("x", nan=float("nan")), "nan"),
    ],
)
def test_what_cannot_be_formatted_still_gives_a_line(
    formatter: logging.Formatter, made: logging.LogRecord, fault: str
) -> None:
    line = formatter.format(made)
    assert fault in line
    assert "2125551234" not in line


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        if "was lost" in text:
            return super().write(text)
        raise OSError("disk full")


def test_a_line_that_cannot_be_written_is_not_dumped_unmasked(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Broken()
    monkeypatch.setattr(sys, "stderr", stderr)
    configure("text")
    LOGGER.warning("to %s", NUMBER)
    assert re.fullmatch(r"a log line of dialer\.test was lost: .*OSError.*\n", stderr.getvalue())


def test_configuring_again_replaces_every_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    logging.getLogger().addHandler(logging.NullHandler())
    configure("text", level="WARNING", secrets=["first-secret"])
    configure("json", level="ERROR", secrets=["other-secret"])
    root = logging.getLogger()
    assert len(root.handlers) == 1
    assert root.level == logging.ERROR
    assert isinstance(root.handlers[0].formatter, JsonFormatter)


@pytest.mark.parametrize(("log_format", "level"), [("xml", "INFO"), ("text", "LOUD")])
def test_an_unknown_format_or_level_is_refused(log_format: str, level: str) -> None:
    with pytest.raises(ValueError):
        configure(log_format, level=level)


def run_task(body: Callable[[], object]) -> None:
    """Run a task as a worker does: through the tracer, which logs how it ended."""
    app = Celery("test", broker="memory://", backend="cache+memory://", set_as_current=False)
    task = app.task(name="dialer.call", shared=False)(body)  # a shared one would join every other app too
    tracer = celery.app.trace.build_tracer("dialer.call", task, app=app)
    tracer("tag-1", [], {}, {"id": "tag-1", "argsrepr": "()", "kwargsrepr": "{}"})
    app.close()


def call_succeeds() -> None:
    pass


def call_fails() -> None:
    fail(f"cannot dial {NUMBER}")


def received() -> None:
    """Log as celery.worker.strategy does, whose own code needs a whole consumer."""
    context: dict[str, Any] = {"id": "tag-1", "name": "dialer.call", "args": "()", "kwargs": "{}", "eta": None}
    celery.worker.strategy.logger.info(celery.app.trace.LOG_RECEIVED, context, extra={"data": context})


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (received, r"Task dialer\.call\[tag-1\] received"),
        (lambda: run_task(call_succeeds), r"Task dialer\.call\[tag-1\] succeeded in [0-9.e-]+s: None"),
        (lambda: run_task(call_fails), r"Task dialer\.call\[tag-1\] raised .* dial \+\*{9}34'\).*Traceback"),
    ],
)
def test_celerys_lines_about_a_task_fit_both_forms(
    lines: Callable[[], list[str]], log_format: str, event: Callable[[], None], message: str
) -> None:
    """Their arguments are one mapping, which each record carries once more as `data`."""
    event()
    (line,) = [line for line in lines() if "dialer.call" in line]
    assert re.search(message, line)
    assert " data=" not in line
    assert "2125551234" not in line
    if log_format == "json":
        assert set(json.loads(line)) <= {"time", "level", "logger", "message", "exception"}
