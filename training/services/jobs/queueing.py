"""Put work for a training process into the queue.

The row is written with the transaction of whoever asks, and the launch is enqueued
when it commits; what a crash loses between the two, the next reconciliation finds.
"""

from __future__ import annotations

from django.db import transaction

from netft_site.base.enqueue import enqueue
from training.domain.job_spec import Spec, write_spec
from training.domain.strict_json import parse_object
from training.models import Job


@transaction.atomic
def queue_job(*, spec: Spec) -> Job:
    """Queue one job; attempt, fence, device and threads are settled at launch."""
    job = Job.objects.create(kind=spec.kind, spec=parse_object(write_spec(spec)))
    enqueue("training.tasks.jobs.launch_job", job.pk)
    return job
