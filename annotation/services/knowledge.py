"""What a project's sanitizer knows, gathered from its tables.

Every change bumps the project's knowledge version, in the change's own transaction, so
that sanitizers kept in memory are made anew and records sanitized before can be told.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from annotation.domain.sanitize import Context, Knowledge, OwnRule
from annotation.models import FalseAlarm, MissedValue, Project, SanitizingRule, Term
from annotation.services.vault import Vault, vault_of

_unsettled: set[tuple[int, int]] = set()


def knowledge_of(project: Project) -> Knowledge:
    """Return names, missed values, false alarms and rules that are in force.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    missed = MissedValue.objects.of(project).in_force()
    rules = SanitizingRule.objects.of(project).in_force()
    alarms = FalseAlarm.objects.of(project).approved()
    return Knowledge(
        context=_context(project),
        missed=dict(missed.values_list("value_hmac", "span_type")),
        excused=frozenset(alarms.values_list("alarm_hmac", flat=True)),
        rules=tuple(OwnRule(rule.name, rule.span_type, rule.pattern) for rule in rules),
    )


def bump(project: Project) -> None:
    """Note a change of the project's knowledge, in the change's own transaction."""
    Project.objects.filter(pk=project.pk).update(
        knowledge_version=F("knowledge_version") + 1
    )
    project.refresh_from_db(fields=["knowledge_version"])
    changed = (project.pk, project.knowledge_version)
    _unsettled.add(changed)
    transaction.on_commit(lambda: _unsettled.discard(changed))


def is_settled(project_id: int, version: int) -> bool:
    """Say whether a version may be kept in memory: if its change was rolled back, its
    number will be used again for another one.
    """
    return (project_id, version) not in _unsettled


def term_name(project_id: int) -> str:
    """What the sealed names of a project are bound to."""
    return f"term/{project_id}"


def open_term(vault: Vault, term: Term) -> str:
    """Return the name behind a term.

    Raises:
        VaultRefused: it was sealed under another key or for another project.
    """
    about = term_name(term.project_id)
    return vault.open(bytes(term.ciphertext), about=about).decode()


def _context(project: Project) -> Context:
    terms = Term.objects.of(project).in_force()
    vault = vault_of(project.key_id) if terms else None
    names: dict[str, list[str]] = {}
    for term in terms:
        assert vault is not None  # noqa: S101  (there is a term)
        names.setdefault(term.kind, []).append(open_term(vault, term))
    return Context(**{kind: tuple(found) for kind, found in names.items()})
