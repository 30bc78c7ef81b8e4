"""The worker process: the Celery app, wiring, threads, and the `dialer` command."""
