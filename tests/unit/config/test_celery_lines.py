"""Records as the installed Celery and kombu emit them, through their own code wherever that can be called."""

import base64
import inspect
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import celery.app.trace
import celery.concurrency.base
import celery.worker.consumer.consumer as celery_consumer
import celery.worker.request
import celery.worker.strategy
import kombu.pidbox
import kombu.transport.redis
import kombu.transport.virtual.base
import pytest
from celery import Celery

from config.celery_lines import _CUT_ARGUMENTS, CUT
from config.logging import JsonFormatter, TextFormatter

NUMBER = "+12125551234"
NAME = "Jane Roe"
JOB = {"to": NUMBER, "attributes": {"name": NAME}}
BODY = json.dumps([[JOB], {}, {}])
ENCODED = base64.b64encode(BODY.encode()).decode()


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record)

    def lines(self) -> list[str]:
        """Every record in both forms, after checking that neither shows anything of the job."""
        lines = [form.format(record) for record in self.seen for form in (TextFormatter(), JsonFormatter())]
        for line in lines:
            for hidden in ("2125551234", NAME, ENCODED, "attributes"):
                assert hidden not in line
            assert line.isprintable()
        return lines[::2]


@pytest.fixture
def records() -> Iterator[Records]:
    """Listens to Celery's and kombu's loggers in place of the handlers that they have."""
    handler = Records()
    loggers = [logging.getLogger(name) for name in ("celery", "kombu")]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    yield handler
    for logger, level, propagate in before:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


@pytest.fixture
def app() -> Iterator[Celery]:
    made = Celery("test", broker="memory://", backend="cache+memory://", set_as_current=False)
    yield made
    made.close()


def run(app: Celery, body: Any, *, name: str = "dial") -> None:
    """Runs a task as a worker does: through the tracer that logs its end."""
    task = app.task(name=name)(body)
    tracer = celery.app.trace.build_tracer(name, task, app=app)
    tracer("order-42", [JOB], {}, {"id": "order-42", "argsrepr": repr([JOB]), "kwargsrepr": "{}"})


def answer_with_the_job(job: object) -> object:
    return job


def test_a_success_shows_neither_arguments_nor_result(app: Celery, records: Records) -> None:
    run(app, answer_with_the_job)
    (line,) = records.lines()
    assert " job=order-42 Task dial[order-42] succeeded in 0.0" in line
    assert line.endswith(f"s: {CUT}")


def test_a_failure_shows_the_exception_masked(app: Celery, records: Records) -> None:
    def fail(job: dict[str, Any]) -> None:
        raise ValueError(f"cannot dial {job['to']}")

    run(app, fail)
    (line,) = records.lines()
    assert "Task dial[order-42] raised unexpected: ValueError('cannot dial +*********34')" in line
    assert "Traceback" in line


def test_another_tasks_id_is_not_called_a_job(app: Celery, records: Records) -> None:
    run(app, answer_with_the_job, name="dialer.call")
    (line,) = records.lines()
    assert line.endswith(" task_id=order-42")
    assert " job=" not in line


def test_received(records: Records) -> None:
    """As celery.worker.strategy logs it, whose handler needs a whole consumer."""
    context = {"id": "order-42", "name": "dial", "args": repr([JOB]), "kwargs": "{}", "eta": None}
    celery.worker.strategy.logger.info(celery.app.trace.LOG_RECEIVED, context, extra={"data": context})
    (line,) = records.lines()
    assert line.endswith(" job=order-42 Task dial[order-42] received")


def message(body: Any = BODY) -> Any:
    return SimpleNamespace(
        body=body,
        payload=json.loads(BODY),
        headers={"id": "order-42", "task": "other", "argsrepr": repr([JOB])},
        properties={},
        content_type="application/json",
        content_encoding="utf-8",
        delivery_info={"routing_key": "dial"},
        reject_log_error=lambda *args: None,
        ack=lambda: None,
    )


def consumer() -> Any:
    made = SimpleNamespace(
        connection_errors=(),
        event_dispatcher=None,
        app=SimpleNamespace(backend=SimpleNamespace(mark_as_failure=lambda *args, **kwargs: None)),
    )
    made._message_report = lambda body, msg: celery_consumer.Consumer._message_report(made, body, msg)
    return made


def test_an_unknown_message(records: Records) -> None:
    celery_consumer.Consumer.on_unknown_message(consumer(), BODY, message())
    (line,) = records.lines()
    assert "Received and deleted unknown message." in line


def test_an_unregistered_task(records: Records) -> None:
    celery_consumer.Consumer.on_unknown_task(consumer(), None, message(), KeyError("other"))
    (line,) = records.lines()
    assert "Received unregistered task of type 'other'." in line


def test_an_invalid_task(records: Records) -> None:
    celery_consumer.Consumer.on_invalid_task(consumer(), None, message(), ValueError("no id"))
    (line,) = records.lines()
    assert "Received invalid task message: no id" in line


def test_a_message_that_cannot_be_decoded(records: Records) -> None:
    body = BODY.encode() + b"\xff"
    try:
        body.decode()
    except UnicodeDecodeError as fault:
        celery_consumer.Consumer.on_decode_error(consumer(), message(body), fault)
    (line,) = records.lines()
    assert "Can't decode message body" in line


def test_the_pools_debug_line(records: Records) -> None:
    logging.getLogger("celery").setLevel(logging.DEBUG)
    pool = celery.concurrency.base.BasePool(options={})
    pool.on_apply = lambda *args, **kwargs: None
    pool.apply_async(print, [[JOB]], {"kwargs": JOB})
    assert any("TaskPool: Apply" in line for line in records.lines())


@pytest.mark.parametrize(
    ("logger", "template", "args"),
    [
        (
            celery.worker.strategy.logger,
            "Couldn't convert ETA %r to timestamp: %r. Task: %r",
            (1, ValueError(), JOB),
        ),
        (
            celery.worker.request.logger,
            "Task %s[%s] succeeded before the worker was lost: %r",
            ("dial", "order-42", JOB),
        ),
        (celery_consumer.logger, "Failed to cancel active request %r after connection loss", (JOB,)),
        (kombu.transport.redis.logger, "Could not restore message: %r", ({"body": ENCODED},)),
        (kombu.transport.redis.logger, "Cannot process event on channel %r: %s", ("c", {"data": ENCODED})),
        (kombu.transport.virtual.base.logger, f"UNABLE TO RESTORE 1 MESSAGES: {ENCODED}", ()),
    ],
)
def test_lines_that_only_a_fault_brings_about(
    records: Records, logger: logging.Logger, template: str, args: tuple[Any, ...]
) -> None:
    logger.error(template, *args)
    (line,) = records.lines()
    assert CUT in line
    assert template[:20] in line or "Task dial[order-42]" in line


def test_a_logger_of_ours_is_left_alone() -> None:
    made = logging.LogRecord("celerity", logging.INFO, "x.py", 1, "Could not restore message: %s", ("x",), None)
    assert TextFormatter().format(made).endswith("Could not restore message: x")


@pytest.mark.parametrize("begin", _CUT_ARGUMENTS)
def test_each_template_is_one_that_the_installed_libraries_log(begin: str) -> None:
    """A new release that rewords a line must not make it print a job again."""
    modules = (
        celery_consumer,
        celery.worker.strategy,
        celery.worker.request,
        celery.concurrency.base,
        kombu.transport.redis,
        kombu.pidbox,
    )
    assert any(begin in inspect.getsource(module) for module in modules)


def test_only_the_known_templates_of_celery_name_arguments_or_results() -> None:
    templates = {
        name: text
        for name, text in vars(celery.app.trace).items()
        if name.startswith("LOG_") and isinstance(text, str)
    }
    assert {name for name, text in templates.items() if "%(args)" in text or "%(kwargs)" in text} == set()
    assert {name for name, text in templates.items() if "%(return_value)" in text} == {"LOG_SUCCESS"}
