"""Queue tasks of the evaluation app: one id or nothing in, one service called."""
