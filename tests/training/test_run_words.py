"""The words a run is described with, for every state and every failure."""

from __future__ import annotations

import pytest

from training.domain.job_states import JobState
from training.domain.run_files import ExitClass
from training.domain.run_words import RunFacts, describe, duration, remaining


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_words(state):
    words = describe(RunFacts(state))

    assert words.headline
    assert words.answer in ("Yes", "No", "Not yet")
    assert words.reason
    assert words.tone in ("good", "warn", "bad", "info", "quiet", "live")


@pytest.mark.parametrize(
    "exit_class", sorted(set(ExitClass) - {ExitClass.OK, ExitClass.CANCELLED})
)
def test_every_way_to_fail_has_a_name_and_advice(exit_class):
    words = describe(RunFacts(JobState.ERRORED, exit_class, attempt=2))

    assert words.title
    assert words.advice


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.6, "1 min"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_time_spans_read_as_people_say_them(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "a few seconds left"),
        (41, "about 50 s left"),
        (55, "about 1 min left"),
        (100, "about 2 min left"),
        (7300, "about 2 h 2 min left"),
    ],
)
def test_the_time_left_is_rough(seconds, words):
    assert remaining(seconds) == words
