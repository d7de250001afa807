from __future__ import annotations

from dataclasses import replace

import pytest

from training.domain.job_states import (
    ALLOWED_MOVES,
    FINISHED,
    IllegalMove,
    JobState,
    check_move,
)
from training.domain.run_files import (
    EXIT_CODES,
    STALE_EXIT_CODE,
    ErrorReport,
    Event,
    EventKind,
    ExitClass,
)
from training.domain.run_progress import Progress, figures, follow
from training.domain.supervision import (
    GRACE_SECONDS,
    HUNG_SECONDS,
    LEAVING_SECONDS,
    MAX_ATTEMPTS,
    STALE_SECONDS,
    ConfirmRunning,
    Finish,
    Observation,
    Orphan,
    Outcome,
    Process,
    Resume,
    Stop,
    Wait,
    decide,
)
from training.models import Job

ALIVE = Observation(JobState.RUNNING, attempt=1, process=Process.ALIVE)
GONE = replace(ALIVE, process=Process.GONE, returncode=0)


def error(exit_class: ExitClass) -> Observation:
    report = ErrorReport(1, 1, exit_class, "code", "What.", "Do this.", False)
    return replace(
        GONE,
        outcome=Outcome.ERROR,
        error=report,
        returncode=EXIT_CODES.get(exit_class),
    )


def test_the_states_of_the_domain_are_those_of_the_table():
    assert {s.value for s in JobState} == set(Job.State.values)
    assert {e.value for e in ExitClass} == set(Job.ExitClass.values)
    assert set(ALLOWED_MOVES) == set(JobState)


@pytest.mark.parametrize("state", sorted(FINISHED))
def test_nothing_leads_out_of_a_finished_state(state):
    for other in JobState:
        with pytest.raises(IllegalMove):
            check_move(state, other)


def test_every_unfinished_state_can_still_be_cancelled_and_can_end():
    for state in set(JobState) - FINISHED:
        assert ALLOWED_MOVES[state] & FINISHED
        assert ALLOWED_MOVES[state] & {JobState.CANCELLING, JobState.CANCELLED}


@pytest.mark.parametrize(
    ("seen", "decision"),
    [
        (ALIVE, Wait()),
        (replace(ALIVE, state=JobState.QUEUED, process=Process.UNKNOWN), Wait()),
        (replace(ALIVE, state=JobState.STARTING), Wait()),
        (replace(ALIVE, state=JobState.STARTING, has_beaten=True), ConfirmRunning()),
        (replace(ALIVE, silent_for=STALE_SECONDS + 1), Wait()),
        (replace(ALIVE, outcome=Outcome.RESULT), Wait()),
        (
            replace(ALIVE, outcome=Outcome.RESULT, outcome_age=LEAVING_SECONDS + 1),
            Stop(force=True),
        ),
        (
            replace(ALIVE, state=JobState.CANCELLING, cancel_asked_for=1.0),
            Stop(force=False),
        ),
        (
            replace(
                ALIVE, state=JobState.CANCELLING, cancel_asked_for=GRACE_SECONDS + 1
            ),
            Stop(force=True),
        ),
        (replace(ALIVE, state=JobState.ORPHANED), Stop(force=False)),
        (
            replace(
                ALIVE,
                state=JobState.ORPHANED,
                silent_for=HUNG_SECONDS + GRACE_SECONDS + 1,
            ),
            Stop(force=True),
        ),
        (replace(GONE, state=JobState.ORPHANED), Resume()),
        (
            replace(GONE, state=JobState.ORPHANED, outcome=Outcome.RESULT),
            Finish(JobState.SUCCEEDED, ExitClass.OK),
        ),
        (
            replace(GONE, outcome=Outcome.RESULT),
            Finish(JobState.SUCCEEDED, ExitClass.OK),
        ),
        (
            replace(GONE, state=JobState.CANCELLING, outcome=Outcome.RESULT),
            Finish(JobState.SUCCEEDED, ExitClass.OK),
        ),
        (replace(ALIVE, process=Process.UNKNOWN), Wait()),
        (
            replace(
                ALIVE,
                process=Process.UNKNOWN,
                state=JobState.STARTING,
                has_beaten=True,
            ),
            ConfirmRunning(),
        ),
    ],
)
def test_what_is_decided(seen, decision):
    assert decide(seen) == decision


@pytest.mark.parametrize(
    ("seen", "state", "exit_class"),
    [
        (error(ExitClass.DATA), "FAILED", "DATA"),
        (error(ExitClass.CODE), "ERRORED", "CODE"),
        (error(ExitClass.CUDA_OOM), "ERRORED", "CUDA_OOM"),
        (replace(GONE, returncode=70), "ERRORED", "CODE"),
        (replace(GONE, returncode=0), "ERRORED", "CODE"),
        (replace(GONE, outcome=Outcome.DAMAGED), "ERRORED", "CODE"),
        (replace(error(ExitClass.HOST_OOM), attempt=2), "ERRORED", "HOST_OOM"),
        (replace(GONE, returncode=-9, attempt=2), "ERRORED", "HOST_OOM"),
        (replace(GONE, returncode=None, attempt=2), "ERRORED", "LOST"),
        (
            replace(GONE, state=JobState.ORPHANED, attempt=MAX_ATTEMPTS),
            "ERRORED",
            "LOST",
        ),
        (
            replace(error(ExitClass.CANCELLED), state=JobState.CANCELLING),
            "CANCELLED",
            "CANCELLED",
        ),
        (
            replace(GONE, state=JobState.CANCELLING, returncode=-9),
            "CANCELLED",
            "CANCELLED",
        ),
    ],
)
def test_how_a_job_that_is_over_is_named(seen, state, exit_class):
    decision = decide(seen)

    assert isinstance(decision, Finish)
    assert (decision.state, decision.exit_class) == (state, exit_class)


@pytest.mark.parametrize(
    ("seen", "exit_class"),
    [
        (replace(GONE, returncode=-9), "HOST_OOM"),
        (replace(GONE, returncode=137), "HOST_OOM"),
        (error(ExitClass.HOST_OOM), "HOST_OOM"),
        (replace(GONE, returncode=None), "LOST"),
        (replace(GONE, returncode=-15), "LOST"),
        (replace(GONE, returncode=STALE_EXIT_CODE), "LOST"),
        # The machine went down and told everybody; nobody here wished to cancel.
        (error(ExitClass.CANCELLED), "LOST"),
        (
            replace(ALIVE, process=Process.UNKNOWN, silent_for=STALE_SECONDS + 1),
            "LOST",
        ),
        (replace(ALIVE, silent_for=HUNG_SECONDS + 1), "LOST"),
    ],
)
def test_what_ended_through_no_fault_of_its_own_is_orphaned(seen, exit_class):
    decision = decide(seen)

    assert isinstance(decision, Orphan)
    assert decision.exit_class == exit_class


def event(kind: EventKind, seq: int = 1, **data) -> Event:
    return Event(seq, 1, 0.0, kind, data)


def test_the_bar_never_runs_backwards_within_an_attempt():
    events = [
        event(EventKind.STATE, phase="embedding"),
        event(EventKind.PROGRESS, done=9, total=10, unit="texts", eta_seconds=None),
        event(EventKind.PROGRESS, done=1, total=4, unit="texts", eta_seconds=None),
        event(EventKind.STATE, phase="training"),
        event(EventKind.PROGRESS, done=1, total=40, unit="steps", eta_seconds=9),
        event(EventKind.STATE, phase="saving"),
        event(EventKind.STATE, phase="done"),
    ]

    seen = [follow(Progress(), events[: n + 1]) for n in range(len(events))]

    shares = [progress.share for progress in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert seen[4].stage == "Training: 1 of 40 steps"
    assert seen[4].eta_seconds == 9


def test_figures_that_are_no_numbers_are_left_out():
    values = {"loss": 0.5, "name": "x", "flag": True, "y" * 61: 1.0, "": 2.0}

    kept = list(
        figures(
            [
                event(EventKind.METRIC, step=3, values=values),
                event(EventKind.METRIC, step=-1, values={"loss": 1.0}),
                event(EventKind.METRIC, step=1, values=[1.0]),
                event(EventKind.LOG, step=1, values={"loss": 1.0}),
            ]
        )
    )

    assert [(f.step, f.name, f.value) for f in kept] == [(3, "loss", 0.5)]
