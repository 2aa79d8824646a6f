"""Django's settings, made from the environment (see ``environment.py`` and docs/settings.md)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.utils.csp import CSP

from openpatron.kernel.languages import with_catalogue
from openpatron.kernel.mail_server import MailServer

from . import environment

_env = environment.read()

PACKAGE = Path(__file__).resolve().parent.parent
_checkout = PACKAGE.parent.parent
# In a checkout relative folders lie in it, wherever the command is called; else where it is called.
_root = _checkout if (_checkout / "pyproject.toml").is_file() else Path.cwd()
DATA_DIR = _root / _env["OPENPATRON_DATA_DIR"]

# What the code reads under its own name.
OPENPATRON_JOB_BATCH_ROWS: int = _env["OPENPATRON_JOB_BATCH_ROWS"]
OPENPATRON_JOB_LEASE_SECONDS: int = _env["OPENPATRON_JOB_LEASE_SECONDS"]
OPENPATRON_BASE_URL: str = _env["OPENPATRON_BASE_URL"]
OPENPATRON_PRIVATE_WEBHOOKS: bool = _env["OPENPATRON_PRIVATE_WEBHOOKS"]
OPENPATRON_EMAIL_FROM: str = _env["OPENPATRON_EMAIL_FROM"]
# None: there is no mail server, and messages wait.
OPENPATRON_EMAIL_URL: MailServer | None = _env["OPENPATRON_EMAIL_URL"]


@contextmanager
def _writing(setting: str, folder: Path) -> Iterator[None]:
    """Make the folder of a setting and use it, or say which setting is wrong."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise environment.SettingError(
            f"{setting}: the folder {folder} cannot be written ({error.strerror}). "
            "Allowed: a folder that can be written."
        ) from None


def _secret_key() -> str:
    """Return the key of the environment, or the one kept in the data folder, made once."""
    if _env["OPENPATRON_SECRET_KEY"]:
        return str(_env["OPENPATRON_SECRET_KEY"])
    kept: Path = DATA_DIR / "secret_key"
    if not kept.exists():
        # Written aside and then linked: whoever starts at the same moment finds the whole key.
        aside = kept.with_name(f"secret_key.{os.getpid()}")
        with _writing("OPENPATRON_DATA_DIR", DATA_DIR):
            file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(file, "w", encoding="ascii") as opened:
                opened.write(secrets.token_urlsafe(50))
            with suppress(FileExistsError):
                kept.hardlink_to(aside)
            aside.unlink()
    with _writing("OPENPATRON_DATA_DIR", DATA_DIR):
        return kept.read_text(encoding="ascii")


def _database(url: dict[str, Any]) -> dict[str, Any]:
    if url["ENGINE"] == "sqlite":
        setting, path = "OPENPATRON_DATABASE_URL", _root / url["NAME"]
        if not os.environ.get(setting, "").strip():
            setting, path = "OPENPATRON_DATA_DIR", DATA_DIR / "openpatron.sqlite3"
        with _writing(setting, path.parent):
            pass
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "OPTIONS": {
                # A writer takes the lock when it begins, and waits for it: no half-way refusals.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                    "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; "
                    "PRAGMA secure_delete=OFF"
                ),
            },
        }
    return url | {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


SECRET_KEY: str = _secret_key()
DEBUG: bool = _env["OPENPATRON_DEBUG"]
ALLOWED_HOSTS = _env["OPENPATRON_ALLOWED_HOSTS"]

INSTALLED_APPS = [
    "openpatron.web",
    "openpatron.cli",
    "openpatron.demo",
    "openpatron.administration",
    "openpatron.circulation",
    "openpatron.rostering",
    "openpatron.reading",
    "openpatron.feeds",
    "openpatron.patrons",
    "openpatron.ledger",
    "openpatron.notifications",
    "openpatron.access",
    "openpatron.accounts",
    "openpatron.organizations",
    "openpatron.kernel",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.idp.oidc",
    "django_htmx",
    "django_tasks_db",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "openpatron.web.language.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "openpatron.config.urls"
WSGI_APPLICATION = "openpatron.config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "openpatron.web.context.frame",
            ],
        },
    }
]

DATABASES = {"default": _database(_env["OPENPATRON_DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # In the database, so that rate limits hold for all processes together.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kernel_cache",
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# auth.W004: the username is unique without regard to case, by a constraint on lower(username).
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "start"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "openpatron.web.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
# Nobody signs up here; allauth learns from this that signing in asks for a password.
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": f"{_env['OPENPATRON_SIGN_IN_RATE']}/5m/key,100/5m/ip",
    "forgotten_password": "5/h/key,60/h/ip",
    "change_email": "10/h/user",
    "sign_in_elsewhere": f"{_env['OPENPATRON_SIGN_IN_RATE']}/5m/key,100/5m/ip",
    # A whole school may come from one address.
    "answer_from_elsewhere": "1200/m/ip",
}
ACCOUNT_FORMS = {"reauthenticate": "openpatron.web.second_factor.PasswordAgainForm"}
MFA_ADAPTER = "openpatron.web.second_factor.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "openpatron.web.second_factor.AuthenticateForm",
    "reauthenticate": "openpatron.web.second_factor.ReauthenticateForm",
    "activate_totp": "openpatron.web.second_factor.ActivateTOTPForm",
    "add_webauthn": "openpatron.web.second_factor.AddWebAuthnForm",
    "edit_webauthn": "openpatron.web.second_factor.EditWebAuthnForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "OpenPatron"
# A clock may be half a minute wrong.
MFA_TOTP_TOLERANCE = 1
# Addresses are confirmed our own way; allauth's table of them stays empty.
MFA_ALLOW_UNVERIFIED_EMAIL = True
IDP_OIDC_ADAPTER = "openpatron.web.platform_sign_in.ProviderAdapter"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _env["OPENPATRON_TRUST_PROXY"] else 0

LANGUAGE_CODE = "en"
LANGUAGES = with_catalogue(PACKAGE / "locale")
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
# Served from the packages themselves: no step between installing and serving.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

# Nothing is loaded from elsewhere, nothing runs inline.
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_HTTPONLY = True
if _env["OPENPATRON_HTTPS"]:
    SECURE_SSL_REDIRECT = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
if _env["OPENPATRON_TRUST_PROXY"]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "openpatron": {"level": _env["OPENPATRON_LOG_LEVEL"]},
        # It repeats what people are told about; our own log says why somebody was refused.
        "saml2": {"level": "CRITICAL", "handlers": ["nowhere"], "propagate": False},
        # A worker that is told to stop is no cause for a warning.
        "django_tasks_db": {"level": "ERROR"},
        "django.tasks": {"level": "WARNING"},
    },
}
