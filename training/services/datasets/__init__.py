"""Datasets: verdicts in, a frozen leak-free dataset out, written as JSONL.

`previewing` shows what a recipe would give, `building` carries it out in chunks that
may be killed at any moment, `freezing` checks the result and makes it immutable,
`exporting` and `streaming` write it in other forms, `resolving` finds one by name.
"""
