"""The site of django-cas-server, run by its own environment: ``python cas_server_site.py FOLDER``.

It prints its port, and serves until it is ended. It knows one person, ada.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.urls import include, path


class Silent(WSGIRequestHandler):
    """A server that says nothing."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


settings.configure(
    SECRET_KEY="of-the-tests-only-of-the-tests-only",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(sys.argv[1]) / "cas.sqlite3",
        }
    },
    INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
        "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
        "cas_server",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.locale.LocaleMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="/static/",
    CAS_AUTH_CLASS="cas_server.auth.TestAuthUser",
    CAS_TEST_USER="ada",
    CAS_TEST_PASSWORD="Correct-horse-9",
    CAS_TEST_ATTRIBUTES={"employeeNumber": "S-1", "mail": ["a@x.example", "b@x.example"]},
    CAS_NEW_VERSION_HTML_WARNING=False,
    CAS_NEW_VERSION_EMAIL_WARNING=False,
)  # fmt: skip
urlpatterns: list[object] = []


def main() -> None:
    """Make the tables and the one service pattern, and serve."""
    made, here = Path(sys.prefix) / "tables.sqlite3", Path(sys.argv[1]) / "cas.sqlite3"
    if made.exists():
        shutil.copy(made, here)
    django.setup()
    urlpatterns.append(path("cas/", include("cas_server.urls", namespace="cas_server")))
    if not made.exists():
        # Slow, so they are kept beside the environment; whoever is later finds the whole file.
        call_command("migrate", verbosity=0)
        connection.close()
        aside = made.with_suffix(f".{os.getpid()}")
        shutil.copy(here, aside)
        aside.rename(made)
    from cas_server.models import ReplaceAttributName, ServicePattern  # noqa: PLC0415

    pattern = ServicePattern.objects.create(
        name="OpenPatron", pos=1, pattern=r"^http://localhost:8000/sign-in/at/cascadia/cas/back/"
    )
    ReplaceAttributName.objects.create(name="*", service_pattern=pattern)
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Silent)
    print(server.server_port, flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
