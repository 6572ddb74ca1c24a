"""The Celery app and its tasks. A task unpacks, calls a service, hands on."""
