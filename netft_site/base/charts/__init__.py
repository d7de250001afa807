"""Charts as specifications, each with a table of the same numbers.

A function here takes numbers and returns a `Chart`: a Vega-Lite specification as a
plain dictionary, made with Altair, and the columns and rows that say the same in
words. Nothing here computes a statistic, and nothing is only a picture.
"""

from netft_site.base.charts.amounts import Amount, amounts
from netft_site.base.charts.bars import distribution, stacked_days
from netft_site.base.charts.chart import Chart, Figure
from netft_site.base.charts.counts import class_mix, confusion_matrix
from netft_site.base.charts.curves import CurvePoint, loss_curves, measure_curves
from netft_site.base.charts.intervals import (
    SliceFigure,
    accuracy_with_intervals,
    slices,
)
from netft_site.base.charts.signed import signed_figures
from netft_site.base.charts.stacks import stacked_counts

__all__ = [
    "Amount",
    "Chart",
    "CurvePoint",
    "Figure",
    "SliceFigure",
    "accuracy_with_intervals",
    "amounts",
    "class_mix",
    "confusion_matrix",
    "distribution",
    "loss_curves",
    "measure_curves",
    "signed_figures",
    "slices",
    "stacked_counts",
    "stacked_days",
]
