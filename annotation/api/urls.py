"""Routes of the annotation API under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path

from annotation.api import (
    adjudication,
    desk,
    desk_more,
    desk_seats,
    find_urls,
    guidelines,
    people,
    quality,
    records,
    suggestions,
    teaching,
)

_WAITING = "projects/<slug:project>/adjudication/"
_DESK = "projects/<slug:project>/desk/"
_SEAT = f"{_DESK}seats/<int:seat>/"

urlpatterns: list[URLPattern] = [
    *find_urls.urlpatterns,
    path(_DESK, desk.QueueView.as_view(), name="api-desk"),
    path(f"{_DESK}next/", desk.NextView.as_view(), name="api-desk-next"),
    path(f"{_DESK}answers/", desk.AnswersView.as_view(), name="api-desk-answers"),
    path(f"{_DESK}undo/", desk.UndoView.as_view(), name="api-desk-undo"),
    path(f"{_DESK}shift-notes/", desk.ShiftView.as_view(), name="api-desk-shift"),
    path(
        f"{_DESK}similar/<int:record>/",
        desk_more.SimilarView.as_view(),
        name="api-desk-similar",
    ),
    path(
        f"{_DESK}settings/",
        desk_more.SettingsView.as_view(),
        name="api-desk-settings",
    ),
    path(_SEAT, desk_seats.SeatView.as_view(), name="api-desk-seat"),
    path(f"{_SEAT}reveal/", desk_seats.RevealView.as_view(), name="api-desk-reveal"),
    path(f"{_SEAT}draft/", desk_seats.DraftView.as_view(), name="api-desk-draft"),
    path(f"{_SEAT}flag/", desk_seats.FlagView.as_view(), name="api-desk-flag"),
    path(
        "projects/<slug:project>/queue/pause/",
        desk.PauseView.as_view(),
        name="api-queue-pause",
    ),
    path(
        "projects/<slug:project>/records/",
        records.RecordListView.as_view(),
        name="api-records",
    ),
    path(
        "projects/<slug:project>/records/<int:record>/",
        records.RecordView.as_view(),
        name="api-record",
    ),
    path(
        "projects/<slug:project>/resolution-marks/",
        teaching.MarksView.as_view(),
        name="api-resolution-marks",
    ),
    path(
        "projects/<slug:project>/preferences/",
        teaching.PreferencesView.as_view(),
        name="api-preferences",
    ),
    path(
        "projects/<slug:project>/suggestions/",
        suggestions.SuggestionsView.as_view(),
        name="api-suggestions",
    ),
    path(
        "projects/<slug:project>/reviewers/",
        people.ReviewerListView.as_view(),
        name="api-reviewers",
    ),
    path(
        "projects/<slug:project>/reviewers/<int:reviewer>/",
        people.ReviewerView.as_view(),
        name="api-reviewer",
    ),
    path(
        "projects/<slug:project>/reviewers/<int:reviewer>/quality/",
        quality.QualityView.as_view(),
        name="api-reviewer-quality",
    ),
    path(
        "projects/<slug:project>/progress/",
        quality.ProgressView.as_view(),
        name="api-progress",
    ),
    path(
        "projects/<slug:project>/gold/",
        quality.GoldListView.as_view(),
        name="api-gold",
    ),
    path(
        "projects/<slug:project>/gold/<int:gold_id>/retire/",
        quality.GoldTurnView.as_view(),
        name="api-gold-retire",
    ),
    path(
        "projects/<slug:project>/gold/<int:gold_id>/restore/",
        quality.GoldTurnView.as_view(active=True),
        name="api-gold-restore",
    ),
    path(_WAITING, adjudication.WaitingView.as_view(), name="api-adjudication"),
    path(
        f"{_WAITING}<int:record>/",
        adjudication.AdjudicationView.as_view(),
        name="api-adjudication-record",
    ),
    path(
        f"{_WAITING}<int:record>/decision/",
        adjudication.DecidedView.as_view(),
        name="api-adjudication-decision",
    ),
    path(
        f"{_WAITING}<int:record>/undo/",
        adjudication.UndoView.as_view(),
        name="api-adjudication-undo",
    ),
    path(
        "projects/<slug:project>/disagreements/",
        adjudication.DisagreementView.as_view(),
        name="api-disagreements",
    ),
    path(
        "projects/<slug:project>/guidelines/",
        guidelines.GuidelinesView.as_view(),
        name="api-guidelines",
    ),
    path(
        "projects/<slug:project>/rereviews/",
        guidelines.RereviewListView.as_view(),
        name="api-rereviews",
    ),
]
