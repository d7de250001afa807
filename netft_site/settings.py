"""All settings of netft, in one file, read strictly from the environment.

Outside DEBUG the site refuses to start without its secrets. Local runs get them from
the owner-only ``.env`` that ``make`` writes; deployments set them in the environment
or name files with ``NAME_FILE``. ``docs/settings.md`` describes every variable.
"""

from __future__ import annotations

import re
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from netft_site.env import (
    env_bool,
    env_int,
    env_keys,
    env_list,
    env_secret,
    env_str,
    load_dotenv,
)

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env")

_version = re.search(
    r"^## v(\S+)", (BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8"), re.M
)
VERSION = _version.group(1) if _version else "0"

# --- secrets -----------------------------------------------------------------------
DEBUG = env_bool("NETFT_DEBUG", False)
SECRET_KEY = env_secret("NETFT_SECRET_KEY")
PSEUDONYM_KEYS = env_keys("NETFT_PSEUDONYM_KEYS")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("NETFT_SECRET_KEY is not set. Run make or set it.")
    SECRET_KEY = "insecure-only-for-debug"  # noqa: S105
if not PSEUDONYM_KEYS:
    raise ImproperlyConfigured(
        "NETFT_PSEUDONYM_KEYS is not set: text cannot be sanitized without a key. "
        "Run make, or set it to ID:BASE64 of 32 random bytes."
    )
DEFAULT_KEY_ID = env_str("NETFT_DEFAULT_KEY_ID", next(iter(PSEUDONYM_KEYS)))
if DEFAULT_KEY_ID not in PSEUDONYM_KEYS:
    raise ImproperlyConfigured("NETFT_DEFAULT_KEY_ID names no key.")

# --- the site ----------------------------------------------------------------------
ALLOWED_HOSTS = env_list("NETFT_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env_list("NETFT_TRUSTED_ORIGINS", [])
ROOT_URLCONF = "netft_site.urls"
WSGI_APPLICATION = "netft_site.wsgi.application"
INSTALLED_APPS = [
    "netft_site.apps.NetftAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_linear_migrations",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "netft_site.apps.NetftSiteConfig",
    "annotation",
    "training",
    "evaluation",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "netft_site.security.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "netft_site" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
LOGIN_URL = "admin:login"
LANGUAGE_CODE = "en"
TIME_ZONE = env_str("NETFT_TIME_ZONE", "UTC")
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "annotation.services.access.MembershipBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- files -------------------------------------------------------------------------
DATA_DIR = Path(env_str("NETFT_DATA_DIR", str(BASE_DIR / "var"))).resolve()
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS: list[Path] = []
WHITENOISE_USE_FINDERS = True
UPLOAD_MAX_BYTES = env_int("NETFT_UPLOAD_MAX_BYTES", 512 * 1024 * 1024, minimum=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
RAW_RETENTION_DAYS = env_int("NETFT_RAW_RETENTION_DAYS", 30, minimum=1)
# Uploads stay in memory or in an encrypted spool: Django's own temporary files would
# hold raw ticket text in clear.
FILE_UPLOAD_HANDLERS = ["annotation.uploads.EncryptedUploadHandler"]

# --- database and queue ------------------------------------------------------------
DATABASES = {
    "default": dj_database_url.parse(
        env_secret("DATABASE_URL", f"sqlite:///{DATA_DIR / 'netft.sqlite3'}"),
        conn_max_age=60,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "PRAGMA foreign_keys=ON; PRAGMA mmap_size=134217728;"
            # 32 MiB of pages and of log between checkpoints: an import writes to
            # random places of its indexes, which the defaults write out every time.
            "PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=8192;"
        ),
    }
else:
    # A table that grows is read by its index from the start, before PostgreSQL has
    # statistics of it; nothing is asked for here that compiling would speed up. What is
    # asked at every label is planned once a connection.
    DATABASES["default"]["OPTIONS"] = {
        "options": "-c random_page_cost=1.1 -c jit=off",
        "server_side_binding": True,
        "prepare_threshold": 5 if env_bool("NETFT_PREPARED_STATEMENTS", True) else None,
        **DATABASES["default"].get("OPTIONS", {}),
    }
REDIS_URL = env_secret("REDIS_URL")
Q_CLUSTER = {
    "name": "netft",
    "label": "Task queue",
    "workers": env_int("NETFT_WORKERS", 2, minimum=1),
    "timeout": 60,
    "retry": 300,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 1000,
    "queue_limit": 4,
    "poll": 0.5,
    "ALT_CLUSTERS": {},
}
if REDIS_URL:
    Q_CLUSTER["redis"] = REDIS_URL
else:
    Q_CLUSTER["orm"] = "default"

# --- training ----------------------------------------------------------------------
JOB_DEVICES = env_list("NETFT_DEVICES", ["cpu"])
MODELS_DIR = Path(env_str("NETFT_MODELS_DIR", str(DATA_DIR / "models"))).resolve()
HUB_ALLOWED = env_bool("NETFT_HUB_ALLOWED", False)
JOB_THREADS = env_int("NETFT_JOB_THREADS", 0)

# --- API ---------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotation.api.authentication.HashedTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min"},
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "netft",
    "DESCRIPTION": "Tickets in, a fine-tuned triage model out.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# --- transport security ------------------------------------------------------------
HTTPS = env_bool("NETFT_HTTPS", not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": env_str("NETFT_LOG_LEVEL", "WARNING")},
}
