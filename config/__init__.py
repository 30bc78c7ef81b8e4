"""Configuration: settings from the environment, Celery's configuration, logging."""
