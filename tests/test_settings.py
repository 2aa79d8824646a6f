"""Every setting is one environment variable, and a wrong value is one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from openpatron.config.environment import SETTINGS, SettingError, parse_database_url, read
from openpatron.kernel.mail_server import MailServer

OPENPATRON = [sys.executable, "-m", "openpatron.config.console"]


def value(name: str, text: str) -> Any:
    return read({name: text})[name]


def test_without_any_variable_there_are_defaults() -> None:
    values = read({})
    assert set(values) == {s.name for s in SETTINGS}
    assert values["OPENPATRON_DATA_DIR"] == Path("var")
    assert values["OPENPATRON_DATABASE_URL"] == {
        "ENGINE": "sqlite",
        "NAME": "var/openpatron.sqlite3",
    }
    assert values["OPENPATRON_ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert values["OPENPATRON_HTTPS"] is False
    assert values["OPENPATRON_JOB_BATCH_ROWS"] == 10_000


def test_an_empty_variable_is_as_none() -> None:
    assert read({s.name: "" for s in SETTINGS}) == read({})
    assert read({s.name: "  " for s in SETTINGS}) == read({})


def test_every_setting_is_declared_in_words() -> None:
    names = [s.name for s in SETTINGS]
    assert len(set(names)) == len(names)
    for setting in SETTINGS:
        assert setting.name.startswith("OPENPATRON_")
        assert setting.allowed
        assert setting.help.endswith(".")
        # The default is allowed itself.
        setting.parse(setting.default)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("OPENPATRON_HTTPS", "yes", True),
        ("OPENPATRON_HTTPS", "TRUE", True),
        ("OPENPATRON_HTTPS", " 1 ", True),
        ("OPENPATRON_HTTPS", "0", False),
        ("OPENPATRON_DEBUG", "No", False),
        ("OPENPATRON_LOG_LEVEL", "debug", "DEBUG"),
        ("OPENPATRON_JOB_BATCH_ROWS", "1", 1),
        ("OPENPATRON_JOB_BATCH_ROWS", "100000", 100_000),
        ("OPENPATRON_JOB_LEASE_SECONDS", "3600", 3600),
        ("OPENPATRON_SECRET_KEY", "x" * 50, "x" * 50),
        ("OPENPATRON_ALLOWED_HOSTS", " a.example ,, b.example", ["a.example", "b.example"]),
        ("OPENPATRON_ALLOWED_HOSTS", "*", ["*"]),
        ("OPENPATRON_ALLOWED_HOSTS", ".example.org", [".example.org"]),
        ("OPENPATRON_DATA_DIR", "/srv/openpatron", Path("/srv/openpatron")),
        ("OPENPATRON_BASE_URL", "https://patrons.example.org/", "https://patrons.example.org"),
        ("OPENPATRON_EMAIL_FROM", "library@example.org", "library@example.org"),
        ("OPENPATRON_EMAIL_URL", "", None),
        ("OPENPATRON_EMAIL_URL", "smtp://mail", MailServer("mail", 25)),
        (
            "OPENPATRON_EMAIL_URL",
            "smtp+starttls://me:a%40b@mail.example",
            MailServer("mail.example", 587, "me", "a@b", "starttls"),
        ),
        (
            "OPENPATRON_EMAIL_URL",
            "smtps://me:p@mail.example:1465/",
            MailServer("mail.example", 1465, "me", "p", "tls"),
        ),
    ],
)
def test_right_values(name: str, text: str, expected: object) -> None:
    assert value(name, text) == expected


WRONG = [
    *((name, text) for name in ("HTTPS", "TRUST_PROXY", "DEBUG") for text in ("on", "2", "y", "-")),
    *(("LOG_LEVEL", text) for text in ("LOUD", "5", "INFO,DEBUG", "CRITICAL")),
    *(("JOB_BATCH_ROWS", text) for text in ("0", "-1", "100001", "1.5", "many", "1e3", "9" * 5000)),
    *(("JOB_LEASE_SECONDS", text) for text in ("0", "3601", "15s", "∞")),
    *(("SIGN_IN_RATE", text) for text in ("0", "10001", "10/m")),
    *(("SECRET_KEY", text) for text in ("x", "x" * 49)),
    *(
        ("ALLOWED_HOSTS", text)
        for text in (
            ",", "https://a.example", "a.example:8000", "a.example/x", "a b", "[::1", "ä.de",
        )
    ),
    *(("BASE_URL", text) for text in ("x", "ftp://h", "http://", "https://h/?a=b", "https://h/#x")),
    *(("EMAIL_FROM", text) for text in ("x", "a@", "a b@example.org", "me@localhost")),
    *(
        ("EMAIL_URL", text)
        for text in (
            "mail.example", "smtp://", "http://u:topsecret@h", "smtp://u:topsecret@h:x",
            "smtp://u:topsecret@h/n", "smtp://u:top#secret@h", "smtp://u:topsecret@h?tls=1",
        )
    ),
    *(
        ("DATABASE_URL", text)
        for text in (
            "x", "sqlite:", "sqlite://", "sqlite:///", "sqlite://host/x.sqlite3",
            "sqlite:///:memory:", "/var/x.sqlite3", "mysql://u:topsecret@h/n", "postgresql://h",
            "postgresql://u:topsecret@h/", "postgresql://u:topsecret@h:x/n",
            "postgresql://u:topsecret@h:99999/n", "postgresql://u:top#secret@h/n",
            "postgresql://u:topsecret@h/n?sslmode", "postgresql://u:topsecret@[h/n",
            "postgresql://u:topsecret@h/n#x", "http://u:topsecret@h/n",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_value_is_one_sentence_that_says_what_is_allowed(name: str, text: str) -> None:
    name = f"OPENPATRON_{name}"
    setting = next(s for s in SETTINGS if s.name == name)
    with pytest.raises(SettingError) as caught:
        value(name, text)
    sentence = str(caught.value)
    assert sentence.startswith(name)
    assert f"Allowed: {setting.allowed}." in sentence
    assert "\n" not in sentence
    assert len(sentence) < 300
    # Neither a cause nor a context repeats what may be a secret.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    if setting.name.endswith(("URL", "KEY")):
        assert "secret" not in sentence.lower().replace("secret_key", "")
        assert text not in sentence.replace(setting.allowed, "")


@pytest.mark.parametrize(
    "name", ["OPENPATRON_DATBASE_URL", "OPENPATRON_", "OPENPATRON_debug", "OPENPATRON_HTTP"]
)
def test_an_unknown_variable_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(SettingError) as caught:
        read({name: "1", "PATH": "/bin"})
    assert str(caught.value).startswith(f"{name} is no setting")
    for setting in SETTINGS:
        assert setting.name in str(caught.value)


def test_other_variables_are_nobodys_business() -> None:
    assert read({"PATH": "/bin", "OPENPATRONX": "1", "MY_OPENPATRON_X": "1"}) == read({})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqlite:///var/x.sqlite3", {"ENGINE": "sqlite", "NAME": "var/x.sqlite3"}),
        ("sqlite:////srv/x%20y.db", {"ENGINE": "sqlite", "NAME": "/srv/x y.db"}),
        ("SQLITE:///x", {"ENGINE": "sqlite", "NAME": "x"}),
        (
            "postgresql://me:s%40c%2Fret%23@db.example:5433/patrons",
            {"NAME": "patrons", "USER": "me", "PASSWORD": "s@c/ret#", "HOST": "db.example",
             "PORT": "5433", "OPTIONS": {}},
        ),
        (
            "postgres://db.example/patrons?sslmode=require&connect_timeout=5",
            {"NAME": "patrons", "USER": "", "PASSWORD": "", "HOST": "db.example", "PORT": "",
             "OPTIONS": {"sslmode": "require", "connect_timeout": "5"}},
        ),
        (
            "postgresql:///patrons?host=/run/postgresql",
            {"NAME": "patrons", "USER": "", "PASSWORD": "", "HOST": "/run/postgresql",
             "PORT": "", "OPTIONS": {}},
        ),
        (
            "postgresql://me@[::1]:5432/patrons",
            {"NAME": "patrons", "USER": "me", "PASSWORD": "", "HOST": "::1", "PORT": "5432",
             "OPTIONS": {}},
        ),
    ],
)  # fmt: skip
def test_database_addresses(text: str, expected: dict[str, Any]) -> None:
    engine = {} if text.lower().startswith("sqlite") else {"ENGINE": "postgresql"}
    assert parse_database_url(text) == expected | engine


# The console script itself


def start(tmp_path: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run ``openpatron ARGUMENT…`` with these settings and no others."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("OPENPATRON_")}
    given = clean | {"OPENPATRON_DATA_DIR": str(tmp_path / "data")} | environment
    done = subprocess.run(
        [*OPENPATRON, *arguments], env=given, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_the_console_says_one_sentence_and_leaves(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for environment, words in (
        ({"OPENPATRON_DEBUG": "perhaps"}, "yes or no"),
        ({"OPENPATRON_COLOUR": "red"}, "is no setting"),
        ({"OPENPATRON_DATA_DIR": str(file)}, "a folder that can be written"),
        ({"OPENPATRON_DATA_DIR": f"{file}/below"}, "a folder that can be written"),
        ({"OPENPATRON_DATABASE_URL": f"sqlite:///{file}/x.sqlite3"}, "OPENPATRON_DATABASE_URL"),
    ):
        code, out, err = start(tmp_path, "check", **environment)
        assert (code, out) == (2, ""), environment
        assert err.count("\n") == 1, err
        assert err.startswith("openpatron: ")
        assert words in err
        assert "Traceback" not in err


def test_the_key_is_made_once_even_by_two_at_once(tmp_path: Path) -> None:
    show = (
        "from openpatron.config import settings; print(settings.SECRET_KEY, "
        "settings.DATABASES['default']['NAME'])"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("OPENPATRON_")}
    # An empty variable is as none, here too: the database stands in the data folder.
    given = clean | {"OPENPATRON_DATA_DIR": str(tmp_path / "data"), "OPENPATRON_DATABASE_URL": ""}
    started = [
        subprocess.Popen([sys.executable, "-c", show], env=given, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    printed = {process.communicate()[0] for process in started}
    assert len(printed) == 1
    key, database = printed.pop().split()
    assert len(key) >= 50
    assert Path(database) == tmp_path / "data" / "openpatron.sqlite3"
    kept = tmp_path / "data" / "secret_key"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (key, 0o600)
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["secret_key"]
