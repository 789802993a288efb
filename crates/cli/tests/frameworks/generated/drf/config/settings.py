import os
import sys
import tempfile

VARIANTS = {"anon_401", "public_catalog", "lowercase_email", "soft_delete", "rate_limit", "gzip", "delete_cascades"}
DEFECTS = {
    "update_forgets_genres", "author_filter_ignored", "count_ignores_filter", "deleted_still_listed",
    "copies_no_permission", "isbn_not_unique", "loans_leak", "list_price_number", "create_returns_200",
    "patch_skips_validation", "publish_not_saved", "copies_of_other_books",
}
VARIANT = os.environ.get("VARIANT", "")
DEFECT = os.environ.get("DEFECT", "")
for _name, _value, _known in (("VARIANT", VARIANT, VARIANTS), ("DEFECT", DEFECT, DEFECTS)):
    if _value and _value not in _known:
        sys.stderr.write(f"unknown {_name} {_value}\n")
        sys.exit(2)

SECRET_KEY = "library-development-key-not-for-production"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "config.urls"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "drf_spectacular",
    "library",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
if VARIANT == "gzip":
    MIDDLEWARE.insert(0, "django.middleware.gzip.GZipMiddleware")

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DB_FILE = os.path.join(tempfile.mkdtemp(prefix="library-"), "db.sqlite3")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DB_FILE,
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        },
    }
}
MIGRATION_MODULES = {a: None for a in ("auth", "contenttypes", "sessions", "authtoken", "library")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {"version": 1, "disable_existing_loggers": False,
           "handlers": {"console": {"class": "logging.StreamHandler", "level": "ERROR"}},
           "root": {"handlers": ["console"]}}

_auth = ["rest_framework.authentication.SessionAuthentication", "rest_framework.authentication.TokenAuthentication"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": _auth[::-1] if VARIANT == "anon_401" else _auth,
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "library.pagination.StandardPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
if VARIANT == "rate_limit":
    REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = [
        "rest_framework.throttling.AnonRateThrottle", "rest_framework.throttling.UserRateThrottle"]
    REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"anon": "50/sec", "user": "50/sec"}

SPECTACULAR_SETTINGS = {
    "TITLE": "City library",
    "DESCRIPTION": "Catalogue and loans of a small library",
    "VERSION": "2.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api",
}
