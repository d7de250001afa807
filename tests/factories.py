"""One factory a model; plain values, sequences, no fakers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import factory
from django.conf import settings
from django.contrib.auth.models import User

from annotation import models as annotation
from annotation.domain.sanitize.pseudonyms import canonical
from annotation.services.knowledge import term_name
from annotation.services.vault import keyring_of, vault_of
from evaluation import models as evaluation
from training import models as training

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    is_staff = True


class ProjectFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Project

    slug = factory.Sequence(lambda n: f"project-{n}")
    name = factory.LazyAttribute(lambda o: o.slug.title())
    key_id = factory.LazyFunction(lambda: settings.DEFAULT_KEY_ID)
    # Tests that want chance say so: the others are served in order of priority.
    random_share = gold_share = repeat_share = 0.0


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Membership

    user = factory.SubFactory(UserFactory)
    project = factory.SubFactory(ProjectFactory)
    role = annotation.Membership.Role.REVIEWER


class ReviewerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Reviewer

    class Params:
        source = factory.Trait(kind="SOURCE", user=None)

    kind = "HUMAN"
    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"reviewer{n}")
    grade = "ENGINEER"


class RecordFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Record

    project = factory.SubFactory(ProjectFactory)
    external_id = factory.Sequence(lambda n: f"INC{n:05d}")
    title = factory.Sequence(lambda n: f"Link {n} down on access switch")
    body = factory.Sequence(lambda n: f"Interface Gi1/0/{n} went down, {n * 7} users.")
    category = "switching"
    vendor = "cisco"
    opened_at = factory.Sequence(lambda n: START + timedelta(hours=n))
    fingerprint = factory.Sequence(lambda n: f"{n:064x}")
    state = "OPEN"
    reviews_wanted = 2


class MissedValueFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.MissedValue

    project = factory.SubFactory(ProjectFactory)
    span_type = "cred"
    value_hmac = factory.Sequence(lambda n: f"{n:032x}")
    reported_by = factory.SubFactory(UserFactory)


class TermFactory(factory.django.DjangoModelFactory):
    """A name of the dictionary, sealed as the service does it."""

    class Meta:
        model = annotation.Term

    class Params:
        name = factory.Sequence(lambda n: f"Customer {n:04d} Networks")

    project = factory.SubFactory(ProjectFactory)
    kind = "customers"
    ciphertext = factory.LazyAttribute(
        lambda o: vault_of(o.project.key_id).seal(
            o.name.encode(), about=term_name(o.project.pk)
        )
    )
    value_hmac = factory.LazyAttribute(
        lambda o: keyring_of(o.project.key_id).keyed_hash(
            "term", canonical("customer", o.name)
        )
    )


class SanitizingRuleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.SanitizingRule

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda n: f"contract {n}")
    span_type = "circuit"
    pattern = r"\bCTR-\d{6}\b"
    must = ["see CTR-123456"]


class SanitizationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Sanitization

    record = factory.SubFactory(RecordFactory)
    ruleset = "1.0"
    key_id = factory.LazyAttribute(lambda o: o.record.project.key_id)


class LeakFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Leak

    record = factory.SubFactory(RecordFactory)
    cause = "RULESET"
    span_type = "cred"
    rule = "keyword"
    token = factory.Sequence(lambda n: f"ZCRED_{n:013d}")
    ruleset_before = "1.0"
    ruleset_after = "1.1"


class ReviewFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Review

    record = factory.SubFactory(RecordFactory)
    reviewer = factory.SubFactory(ReviewerFactory)
    grade = factory.LazyAttribute(lambda o: o.reviewer.grade)
    severity = "high"
    submitted_at = START


class VerdictFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Verdict

    record = factory.SubFactory(RecordFactory, state="SETTLED")
    severity = "high"
    method = "UNANIMOUS"
    grade = "SENIOR"
    reviews_count = 2


class BaseModelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = training.BaseModel

    name = factory.Sequence(lambda n: f"base-{n}")
    architecture = "ENCODER"
    source = "EMBEDDED"
    weights_sha256 = "0" * 64


class DatasetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = training.Dataset

    class Params:
        frozen = factory.Trait(
            status="FROZEN", sha256="0" * 64, frozen_at=START, manifest={"splits": {}}
        )

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda n: f"dataset-{n}")


class ExampleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = training.Example

    dataset = factory.SubFactory(DatasetFactory)
    record = factory.SubFactory(RecordFactory)
    split = "TRAIN"
    label = "high"
    text_sha256 = factory.Sequence(lambda n: f"{n:064x}")


class JobFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = training.Job

    kind = "TRAIN"


class TrainingRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = training.TrainingRun

    dataset = factory.SubFactory(DatasetFactory, frozen=True)
    project = factory.LazyAttribute(lambda o: o.dataset.project)
    base_model = factory.SubFactory(BaseModelFactory)
    objective = "CLASSIFY"
    tuning = "LORA"
    job = factory.SubFactory(JobFactory)
    fingerprint = factory.Sequence(lambda n: f"{n:064x}")


class ModelVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = training.ModelVersion

    name = factory.Sequence(lambda n: f"model-{n}")
    run = factory.SubFactory(TrainingRunFactory)
    project = factory.LazyAttribute(lambda o: o.run.project)
    base_model = factory.LazyAttribute(lambda o: o.run.base_model)


class EvaluationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = evaluation.Evaluation

    model_version = factory.SubFactory(ModelVersionFactory)
    dataset = factory.LazyAttribute(lambda o: o.model_version.run.dataset)
    gold_sha256 = "0" * 64
    job = factory.SubFactory(JobFactory, kind="PREDICT")


class ClaimFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Claim

    record = factory.SubFactory(RecordFactory)
    reviewer = factory.SubFactory(ReviewerFactory)
    project = factory.LazyAttribute(lambda o: o.record.project)
    slot = 1
    opened_at = START
    expires_at = START + timedelta(minutes=10)


class GoldFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.Gold

    record = factory.SubFactory(RecordFactory, state="SETTLED")
    severity = "high"
    reason = "The core link carries two sites."
    made_by = factory.SubFactory(UserFactory)


class BulkActFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.BulkAct

    project = factory.SubFactory(ProjectFactory)
    kind = "EXCLUDE"
    query = factory.LazyFunction(lambda: {"category": "switching"})
    reason = "test export"
    by = factory.SubFactory(UserFactory)
    at = START


class SavedFilterFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = annotation.SavedFilter

    project = factory.SubFactory(ProjectFactory)
    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"filter {n}")
    query = factory.LazyFunction(lambda: {"category": "switching"})
