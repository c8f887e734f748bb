"""One settings file. Every knob is an environment variable with a safe default.

A bare checkout runs on SQLite and a broker without a server; PostgreSQL, Redis or RabbitMQ
come by environment variables alone. With DEBUG=false, which is the default under gunicorn
(``study_site.wsgi``), anything unsafe refuses to start; see also ``study_site.checks``.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from study_site.environment import env_bool, env_count, env_list
from study_site.operations.options import logging_options, metrics_dir, postgres_options
from study_site.places import HOME, RESOURCES, SOURCE

BASE_DIR = SOURCE


def secret_key(debug: bool) -> str:
    """Read SECRET_KEY, or SECRET_KEY_FILE; without either, only a development site starts."""
    if path := os.environ.get("SECRET_KEY_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    if key := os.environ.get("SECRET_KEY"):
        return key
    if debug:
        return "development-only-not-a-secret"
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set SECRET_KEY (or SECRET_KEY_FILE) to 50 random characters, "
        "or DEBUG=true on your own machine."
    )


IS_TESTING = "pytest" in sys.modules
DEBUG = env_bool("DEBUG", True)
SECRET_KEY = secret_key(DEBUG)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else "")
if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is empty. Set it to the site's host names.")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

# Everything that the running site writes lives here, so that deleting one folder resets it.
DATA_DIR = Path(os.environ.get("DATA_DIR", HOME / "var")).resolve()
# No other user of the machine may read files here.
os.umask(os.umask(0o027) | 0o027)
FILE_UPLOAD_PERMISSIONS = 0o640
try:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(PermissionError):
        DATA_DIR.chmod(DATA_DIR.stat().st_mode & 0o7770)
except OSError as error:
    raise ImproperlyConfigured(
        f"DATA_DIR={str(DATA_DIR)!r} cannot be made: {error.strerror}. Expected a folder that this "
        "user may write to. Change its owner, or set DATA_DIR to another folder."
    ) from error
GALLERY_DIR = DATA_DIR / "galleries"
CROP_DIR = DATA_DIR / "crops"
PANEL_DIR = DATA_DIR / "panels"
# Photos that researchers upload in the browser: MB of one archive, and of its unpacked files.
UPLOAD_DIR = DATA_DIR / "uploads"
UPLOAD_MAX_BYTES = env_count("UPLOAD_MAX_MB", 2000) * 1_000_000
UPLOAD_MAX_UNPACKED = 4 * UPLOAD_MAX_BYTES
FILE_UPLOAD_HANDLERS = [
    "trials.studio.limits.SizeLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Weights that `manage.py add_weights` registered; several sites may share them.
WEIGHTS_DIR = Path(os.environ.get("STUDY_WEIGHTS_DIR") or DATA_DIR / "weights")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "classifiers",
    "trials",
    "analysis",
    "study_site",
]

MIDDLEWARE = [
    "study_site.operations.request_log.request_log",
    "study_site.operations.metrics.request_metrics",
    "study_site.operations.probes.probes",
    "study_site.middleware.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "study_site.middleware.mturk_frames",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "study_site.bodies.body_cap",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "study_site.operations.away.DatabaseAway",
    "study_site.error_pages.method_not_allowed",
]

ROOT_URLCONF = "study_site.urls"
WSGI_APPLICATION = "study_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [RESOURCES / "templates"],
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

# Not as an address, because a folder's name may have a character with a meaning in addresses.
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "db.sqlite3")}
DATABASES: dict[str, Any] = {"default": SQLITE}
if url := os.environ.get("DATABASE_URL"):
    DATABASES["default"] = dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock when a transaction starts, so that two people who enrol
    # at once queue up instead of failing half-way; WAL lets pages be read meanwhile. FULL puts an
    # answer on the disk before it is confirmed, so that a power cut loses none.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous="
        + ("OFF;" if IS_TESTING else "FULL;"),
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["OPTIONS"] = postgres_options(DATABASES["default"].get("OPTIONS", {}))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Tasks carry ids only; their state lives in the database, so no result backend is needed.
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "filesystem://")
if CELERY_BROKER_URL.startswith("filesystem:"):
    BROKER_DIR = DATA_DIR / "broker"
    for name in ("messages", "control"):
        (BROKER_DIR / name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
    }
# With its own queue, a site can share a Redis or RabbitMQ with other sites.
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("CELERY_QUEUE", "studies")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# Files serve all processes of one machine; several machines share a Redis. Nothing is lost without.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "study_site.cache.SignedFileCache",
        "LOCATION": DATA_DIR / "cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
if IS_TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast, not safe
    CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
elif url := os.environ.get("CACHE_URL"):
    CACHES["default"] = {
        "BACKEND": "study_site.cache.SharedCache",
        "LOCATION": url,
        "OPTIONS": {
            "serializer": "study_site.cache.SignedPickles",
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
        },
    }

# How many proxies are in front of the site; each adds the address that it saw to X-Forwarded-For.
# Failed logins and consents are counted by it; 0 believes no such header.
TRUSTED_PROXIES = env_count("TRUSTED_PROXIES", 0)
# How many new people may begin from one network within ten minutes; 0 sets no limit. A laboratory
# or a lecture hall comes from one address: set it above the number of its seats.
CONSENTS_PER_ADDRESS = env_count("CONSENTS_PER_ADDRESS", 60)

# Whether visitors without a login may have photos of theirs explained, how many within an hour from
# one network, and after how many hours such photos and their figures are deleted.
EXPLAIN_PUBLIC = env_bool("EXPLAIN_PUBLIC", False)
EXPLAIN_PER_HOUR = env_count("EXPLAIN_PER_HOUR", 20)
EXPLAIN_KEEP_HOURS = env_count("EXPLAIN_KEEP_HOURS", 24)

# Recruitment ids are stored hashed with this, so that repeated people are known. Whoever rotates
# SECRET_KEY sets it apart, or people from before are new again.
PERSON_SALT = os.environ.get("PERSON_SALT") or f"person:{SECRET_KEY}"

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "studio"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "study_site.passwords.DistinctCharacters"},
]

DEFAULT_EXCEPTION_REPORTER_FILTER = "study_site.debug.SettingsFilter"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
# Participants' pages have languages (trials.participant.languages); all other pages are English.
LOCALE_PATHS = [SOURCE / "trials" / "catalogues"]
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [RESOURCES / "static"]
DOCS_DIR = RESOURCES / "docs"  # the formulas are a page of the site
DOCS_SITE_DIR = HOME / "var" / "docs"  # what `make docs` builds
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns about a folder that is not there yet
if not DEBUG and not IS_TESTING:
    # File names contain a hash of their content, so browsers may keep them without a limit.
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "study_site.static.HashedStaticFiles"},
    }

# For the staff. Participants have another cookie (trials.participant.identity).
SESSION_COOKIE_AGE = env_count("STAFF_SESSION_HOURS", 24) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "study_site.error_pages.token_missing"
SECURE_REFERRER_POLICY = "same-origin"
# Plain HTTP is right on a laptop and wrong everywhere else; ALLOW_HTTP=true is for a site
# behind a proxy on the same machine, such as the demo.
ALLOW_HTTP = env_bool("ALLOW_HTTP", DEBUG)
if not ALLOW_HTTP:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # For every host of the domain, and in the browsers' own lists: a promise for others, too.
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env_bool("HSTS_SUBDOMAINS", True)
    SECURE_HSTS_PRELOAD = env_bool("HSTS_PRELOAD", True)
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# Where nginx serves the folder of crops for this site alone (``internal``), such as /crops/; empty:
# the site sends the crops itself.
CROPS_BY_PROXY = os.environ.get("CROPS_BY_PROXY", "")
# Pages in gzip, with random padding against guessing by size (BREACH).
if env_bool("COMPRESS_PAGES", False):
    MIDDLEWARE.insert(0, "django.middleware.gzip.GZipMiddleware")
# Lines of the log: one for each request, or none (``study_site.operations.request_log``).
LOG_REQUESTS = env_bool("LOG_REQUESTS", False)
# Whoever sends this token as a bearer reads /metrics; without it there is no such page.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
METRICS_DIR = metrics_dir(DATA_DIR) if METRICS_TOKEN else None
# Who gets a notice of errors and of complete studies: by mail, and by a JSON post {"text": ...}.
ADMINS = [("", address) for address in env_list("ADMIN_EMAILS")]
NOTICE_URL = os.environ.get("NOTICE_URL", "")
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = env_count("EMAIL_PORT", 25)
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 10
SERVER_EMAIL = os.environ.get("SERVER_EMAIL", "study-site@localhost")
LOGGING = logging_options(has_notices=bool(ADMINS or NOTICE_URL) and not IS_TESTING)
