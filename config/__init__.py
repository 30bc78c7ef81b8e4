"""What an operator may set: settings from the environment, Celery's configuration, logging."""
