"""Issue, recognise and revoke API tokens. The secret is shown once, never stored."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from annotation.models import ApiToken
from netft_site.base.compiled import CompiledQuery

PREFIX = "netft_"
TOUCH_EVERY = timedelta(minutes=5)


def issue(
    *, user: User, name: str, now: datetime, lifetime: timedelta
) -> tuple[ApiToken, str]:
    """Create a token; return its row and the secret to show once."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user=user,
        name=name,
        prefix=secret[:12],
        sha256=_digest(secret),
        expires_at=now + lifetime,
    )
    token.full_clean()
    token.save()
    return token, secret


def recognise(*, secret: str, now: datetime) -> ApiToken | None:
    """Return the usable token behind ``secret``, or None."""
    token = _USABLE.first(now=now, sha256=_digest(secret))
    if token is None:
        return None
    # One write in five minutes is enough to see that a token is alive.
    if token.last_used_at is None or now - token.last_used_at > TOUCH_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


_USABLE = CompiledQuery(
    lambda now, sha256: (
        ApiToken.objects.usable(now)
        .filter(sha256=sha256)
        .select_related("user__reviewer")
        .order_by()
    ),
    now=datetime,
    sha256=str,
)


def revoke(*, token: ApiToken, now: datetime) -> None:
    """Make a token useless at once; revoking twice changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
