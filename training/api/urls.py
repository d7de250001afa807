"""Routes of the training API under /api/v1/."""

from __future__ import annotations

from django.urls import path

from training.api import (
    base_models,
    datasets,
    export_files,
    label_checks,
    models,
    resemblances,
    runs,
    streams,
    tokens,
    versions,
)

_PROJECT = "projects/<slug:project>"

_DATASETS = f"{_PROJECT}/datasets"

urlpatterns = [
    path(f"{_DATASETS}/", datasets.DatasetList.as_view(), name="api-datasets"),
    path(
        f"{_PROJECT}/dataset-previews/",
        datasets.DatasetPreview.as_view(),
        name="api-dataset-preview",
    ),
    path(
        f"{_DATASETS}/<str:reference>/",
        datasets.DatasetDetail.as_view(),
        name="api-dataset",
    ),
    path(
        f"{_DATASETS}/<str:reference>/exports/",
        datasets.ExportList.as_view(),
        name="api-dataset-exports",
    ),
    path(
        f"{_DATASETS}/<str:reference>/exports/<int:number>/",
        export_files.ExportDetail.as_view(),
        name="api-dataset-export-detail",
    ),
    path(
        f"{_DATASETS}/<str:reference>/exports/<int:number>/file/",
        export_files.ExportFile.as_view(),
        name="api-dataset-export-file",
    ),
    path(
        f"{_DATASETS}/<str:reference>/export/",
        streams.DatasetStream.as_view(),
        name="api-dataset-export",
    ),
    path(
        f"{_DATASETS}/<str:reference>/diff/",
        versions.DatasetDiff.as_view(),
        name="api-dataset-diff",
    ),
    path(
        f"{_DATASETS}/<str:reference>/resemblances/",
        resemblances.ResemblanceList.as_view(),
        name="api-dataset-resemblances",
    ),
    path(
        f"{_DATASETS}/<str:reference>/stale-labels/",
        versions.StaleLabelList.as_view(),
        name="api-dataset-stale-labels",
    ),
    path(
        f"{_DATASETS}/<str:reference>/label-check/",
        label_checks.LabelCheckView.as_view(),
        name="api-dataset-label-check",
    ),
    path(
        f"{_DATASETS}/<str:reference>/tokens/",
        tokens.DatasetTokens.as_view(),
        name="api-dataset-tokens",
    ),
    path(f"{_PROJECT}/runs/", runs.RunList.as_view(), name="api-runs"),
    path(
        f"{_PROJECT}/preflights/",
        runs.RunPreflight.as_view(),
        name="api-preflights",
    ),
    path(f"{_PROJECT}/runs/<int:run>/", runs.RunDetail.as_view(), name="api-run"),
    path(
        f"{_PROJECT}/runs/<int:run>/cancel/",
        runs.RunCancel.as_view(),
        name="api-run-cancel",
    ),
    path(
        f"{_PROJECT}/base-models/",
        base_models.BaseModelList.as_view(),
        name="api-base-models",
    ),
    path(
        f"{_PROJECT}/base-models/<slug:name>/licence/",
        base_models.LicenceApproval.as_view(),
        name="api-base-model-licence",
    ),
    path(f"{_PROJECT}/models/", models.ModelList.as_view(), name="api-models"),
    path(
        f"{_PROJECT}/models/<slug:name>/",
        models.ModelDetail.as_view(),
        name="api-model",
    ),
]
