"""The one door through which text is made safe before it is stored."""

from __future__ import annotations

from collections import OrderedDict

from annotation.domain.sanitize import Keyring, Sanitizer
from annotation.models import Project
from annotation.services.knowledge import is_settled, knowledge_of
from annotation.services.preparing import Preparer
from annotation.services.vault import VaultRefused, keyring_of

_KEPT = 32
_sanitizers: OrderedDict[tuple[int, int, str], Sanitizer] = OrderedDict()


def sanitizer_for(project: Project) -> Sanitizer:
    """Return the sanitizer with the project's key and all that the project knows.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    version, check = Project.objects.sanitizing_of(project)
    keyring = _checked(project, check)
    name = (project.pk, version, project.key_id)
    found = _sanitizers.pop(name, None)
    if found is None:
        found = Sanitizer(keyring, knowledge_of(project))
        if not is_settled(project.pk, version):
            return found
        while len(_sanitizers) >= _KEPT:
            _sanitizers.popitem(last=False)
    _sanitizers[name] = found
    return found


def check_key(project: Project) -> None:
    """Make sure that the environment's key is the one the project began with.

    Raises:
        VaultRefused: it is missing, or another key bears its name.
    """
    _checked(project, Project.objects.sanitizing_of(project)[1])


def _checked(project: Project, check: str) -> Keyring:
    """Return the project's key ring; the first use of a key settles which one it is."""
    keyring = keyring_of(project.key_id)
    if not check:
        fresh = Project.objects.filter(pk=project.pk, key_check="")
        fresh.update(key_check=keyring.check_value)
    elif check != keyring.check_value:
        raise VaultRefused(
            "wrong_key",
            f"The key {project.key_id} is not the one that this project began with: "
            "the same value would get another pseudonym. Set the old key again, or use "
            "the new one under a new name for a new project.",
        )
    return keyring


def preparer_for(project: Project) -> Preparer:
    """Return what makes the project's tickets ready to store.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    return Preparer(keyring_of(project.key_id), project.pk, sanitizer_for(project))
