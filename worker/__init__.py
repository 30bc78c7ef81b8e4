"""The process that runs the tasks: Celery app, wiring, threads, and the `dialer` command."""
