"""The pages of datasets and runs: their addresses, and reading them as people do."""

from __future__ import annotations

import re
from html import unescape

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from training.models import Dataset, TrainingRun

BUILDER = "/admin/training/dataset/builder/noc/"


def page_of(shown: Dataset | TrainingRun) -> str:
    """The address of a dataset's or a run's page."""
    return reverse(f"admin:training_{shown._meta.model_name}_page", args=[shown.pk])


def text_of(response) -> str:
    """The text of the page's main part, tags away and space made single."""
    html = response.content.decode()
    body = html[html.index("<main") :]
    body = re.sub(r"<script.*?</script>", " ", body, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def queries_of(client: Client, address: str) -> int:
    """How many queries a look at a page takes, apart from what only the first asks."""
    client.get(address)
    with CaptureQueriesContext(connection) as taken:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(taken)
