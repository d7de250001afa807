"""Queue tasks of the annotation app: one id or nothing in, one service called."""
