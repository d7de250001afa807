"""Remove raw text when its time is over, and files that nobody needs any more.

What was made safe keeps its raw form, encrypted, for a fixed number of days; held text
is kept until somebody decides. Purging twice removes nothing more.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

from annotation.models import ImportBatch, Sanitization
from annotation.services.importing import discard
from annotation.services.spool import spool_dir

_CHUNK = 2000
_ABANDONED_AFTER = timedelta(days=1)


def purge_expired_raw(*, now: datetime) -> int:
    """Drop the encrypted raw text of records whose retention is over."""
    purged = 0
    expired = Sanitization.objects.with_expired_raw(now).order_by("pk")
    while ids := list(expired.values_list("pk", flat=True)[:_CHUNK]):
        purged += Sanitization.objects.filter(pk__in=ids).update(raw_ciphertext=None)
    return purged


def purge_files(*, now: datetime) -> int:
    """Remove uploads nobody started, and spools that belong to no import."""
    abandoned = list(ImportBatch.objects.abandoned(now - _ABANDONED_AFTER))
    for batch in abandoned:
        discard(batch=batch)
    kept = set(ImportBatch.objects.values_list("spool_path", flat=True))
    strays = [path for path in spool_dir().glob("*.spool") if str(path) not in kept]
    old = [path for path in strays if _age(path) > _ABANDONED_AFTER.total_seconds()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(abandoned) + len(old)


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime
