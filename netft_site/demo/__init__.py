"""The story that `make demo` tells, on a synthetic world, through the real services."""
