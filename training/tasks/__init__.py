"""Queue tasks of the training app: each takes one id or nothing and calls a service."""
