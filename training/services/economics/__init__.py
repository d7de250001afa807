"""A project's prices and scenarios: writing them down and working them out."""
