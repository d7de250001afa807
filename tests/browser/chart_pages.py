"""A page with every kind of chart, in the frame that real pages use."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from netft_site.base.charts import (
    CurvePoint,
    SliceFigure,
    accuracy_with_intervals,
    class_mix,
    confusion_matrix,
    loss_curves,
    slices,
)

LEVELS = ["Critical", "High", "Low"]
FIGURE = {"value": 0.6, "ci": [0.5, 0.7], "n": 90, "method": "Wilson"}
CHARTS = {
    "loss": loss_curves(
        [CurvePoint("Training", s, 1 / s) for s in range(1, 9)]
        + [CurvePoint("Dev", 4, 0.5), CurvePoint("Dev", 8, 0.4)],
        best_step=8,
    ),
    "matrix": confusion_matrix(LEVELS, [[5, 1, 0], [2, 8, 1], [0, 1, 9]]),
    "systems": accuracy_with_intervals(
        [("base", FIGURE), ("judge", {"value": None, "reason": "no answers"})],
        ceiling={"value": 0.8, "ci": [0.7, 0.85], "n": 80},
    ),
    "mix": class_mix(
        LEVELS,
        {"Before": {"Critical": 1, "Low": 3}, "After": {"Critical": 3, "Low": 3}},
    ),
    "slices": slices(
        [SliceFigure("wifi", "v1", FIGURE), SliceFigure("wifi", "v2", FIGURE)],
        overall=0.7,
    ),
}
PAGE = """
{% extends "netft/page.html" %}
{% block content %}{% for id, chart in charts.items %}
{% include "netft/chart.html" with chart=chart chart_id=id %}
{% endfor %}{% endblock content %}
{% block extrabody %}{% include "netft/chart_scripts.html" %}{% endblock extrabody %}
"""


def show(request: HttpRequest) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": "Charts", "charts": CHARTS}
    template = engines["django"].from_string(PAGE)
    return HttpResponse(template.render(context, request))


urlpatterns = [path("charts/", show), path("admin/", admin.site.urls)]
