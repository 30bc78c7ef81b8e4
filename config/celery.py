"""Celery's configuration: it consumes nudges from Redis, and does nothing else.

The jobs are in the ledger, so these settings only keep the worker connected and quiet. The reasons are in
`docs/adr/0002-the-ledger-is-the-truth.md` and in Celery's own documentation.
"""

from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from config.redis_address import RedisAddress, read_address
from config.settings import Settings

#: kombu sets no socket timeout by default: a half-open connection would block a worker forever.
SOCKET_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 3.0


def celery_config(settings: Settings, *, queue: str) -> dict[str, Any]:
    """Return the configuration of an app that consumes `queue`; the ledger writes results, not Celery."""
    address = read_address(settings.redis_url.reveal())
    return {
        "broker_url": address.celery_url,
        "broker_transport_options": {
            "socket_timeout": SOCKET_TIMEOUT_S,
            "socket_connect_timeout": CONNECT_TIMEOUT_S,
            "socket_keepalive": True,
            "health_check_interval": 5,
            "client_name": address.client_name,
            # These two are used for sentinel:// URLs only.
            "master_name": settings.sentinel_master,
            "sentinel_kwargs": sentinel_options(address),
        },
        "broker_connection_retry_on_startup": True,
        # By default Celery gives up after 100 tries; an outage of Redis may last longer.
        "broker_connection_max_retries": None,
        # Without it the worker exits when Redis refuses a command; `worker.consumer` limits the rate of retries.
        "broker_channel_error_retry": True,
        "result_backend": None,
        "task_ignore_result": True,
        "task_default_queue": queue,
        "task_create_missing_queues": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "worker_prefetch_multiplier": 1,
        # The scheduler repeats a nudge that is lost with its worker, so late acknowledgement gains nothing.
        "task_acks_late": False,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "enable_utc": True,
    }


def sentinel_options(address: RedisAddress) -> dict[str, Any]:
    """Return the options of connections to the Sentinels, for redis-py and for kombu."""
    time_outs = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), CONNECT_TIMEOUT_S)
    return {
        **time_outs,
        # redis-py retries ten times by default; the next Sentinel is a better choice.
        "retry": Retry(NoBackoff(), 1),
        **address.sentinel_login,
    }
