"""The one door through which text is made safe before it is stored."""

from __future__ import annotations

from collections import OrderedDict

from annotation.domain.sanitize import Sanitizer
from annotation.models import Project
from annotation.services.knowledge import is_settled, knowledge_of
from annotation.services.preparing import Preparer
from annotation.services.vault import keyring_of

_KEPT = 32
_sanitizers: OrderedDict[tuple[int, int, str], Sanitizer] = OrderedDict()


def sanitizer_for(project: Project) -> Sanitizer:
    """Return the sanitizer with the project's key and all that the project knows.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    version = Project.objects.knowledge_version_of(project)
    name = (project.pk, version, project.key_id)
    found = _sanitizers.pop(name, None)
    if found is None:
        found = Sanitizer(keyring_of(project.key_id), knowledge_of(project))
        if not is_settled(project.pk, version):
            return found
        while len(_sanitizers) >= _KEPT:
            _sanitizers.popitem(last=False)
    _sanitizers[name] = found
    return found


def preparer_for(project: Project) -> Preparer:
    """Return what makes the project's tickets ready to store.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    return Preparer(keyring_of(project.key_id), project.pk, sanitizer_for(project))
