"""Runs every check and test, and says at the end which failed. Called by tools/test."""

import concurrent.futures
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools import postgres

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv/bin"
OPENPATRON = str(BIN / "openpatron")
NEAR = "postgres and not any_engine"
CORES = "2"
PYTEST = [str(BIN / "python"), "-m", "pytest", "-n", CORES]
# Many processes are started: compiled once, not again in each of them.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

# Programs that the tests start, and Debian's packages that hold them. PostgreSQL is looked
# after by tools/postgres.
PROGRAMS = {
    "chromium": "chromium",
    "msgfmt": "gettext",
    # A server to fetch feeds from.
    "sshd": "openssh-server",
    "ps": "procps",
    # Servers to sign in at, and what checks SAML's signatures.
    "slapd": "slapd",
    "php": "php-cli",
    "xmlsec1": "xmlsec1",
    "openssl": "openssl",
}
# What the demo's names are written in: Latin, Cyrillic and Arabic; Chinese, Japanese, Korean.
FONTS = ("fonts-dejavu-core", "fonts-wqy-zenhei")
# A server of PHP's, to sign in at.
SERVERS = ("simplesamlphp", "php-xml", "php-mbstring")

# Where packages come from is the machine's affair. (The brackets keep this line from being
# found by itself.)
PACKAGE_HOSTS = "py[p]i[.]org|python[h]osted|np[m]js|deb[.]debian[.]org|unp[k]g|js[d]elivr|cdn[j]s"


@dataclass
class Step:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    expected: int = 0

    def run(self, *, quietly: bool) -> "Result":
        begin = time.monotonic()
        process = subprocess.run(
            self.command,
            cwd=ROOT,
            env={**ENVIRONMENT, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quietly else None,
            stderr=subprocess.STDOUT if quietly else None,
            text=True,
            check=False,
        )
        return Result(
            self.name,
            passed=process.returncode == self.expected,
            seconds=time.monotonic() - begin,
            output=process.stdout or "",
        )


@dataclass
class Result:
    name: str
    passed: bool
    seconds: float
    output: str = ""

    def __str__(self) -> str:
        return f"{'ok    ' if self.passed else 'FAILED'}  {self.seconds:5.1f} s  {self.name}"


def readings(database: str) -> list[Step]:
    """Return the steps that only read the code: no test, no browser, no server."""
    python = str(BIN / "python")
    nothing_stored = {"OPENPATRON_DATABASE_URL": database}
    return [
        Step("types: mypy", [str(BIN / "mypy")]),
        Step("code: ruff check", [str(BIN / "ruff"), "check"]),
        Step("code: ruff format --check", [str(BIN / "ruff"), "format", "--check"]),
        Step("layers: lint-imports", [str(BIN / "lint-imports")]),
        Step(
            "migrations: none missing",
            [OPENPATRON, "makemigrations", "--check", "--dry-run"],
            nothing_stored,
        ),
        Step(
            "deployment: check --deploy with the settings of docs/settings.md",
            [OPENPATRON, "check", "--deploy", "--fail-level", "WARNING"],
            production_settings(),
        ),
        Step(
            "files: no package host is named",
            ["git", "grep", "--untracked", "-nIiE", PACKAGE_HOSTS],
            expected=1,  # git grep's word for "nothing found"
        ),
        Step("files: vendored as recorded", [python, "tools/vendor.py", "--check"]),
        *catalogues(),
    ]


def production_settings() -> dict[str, str]:
    """Return what docs/settings.md exports under "In production", with a key made for now."""
    text = (ROOT / "docs/settings.md").read_text().partition("## In production")[2]
    found = dict(re.findall(r"^export (OPENPATRON_\w+)=(\S+)", text, re.MULTILINE))
    return found | {"OPENPATRON_SECRET_KEY": secrets.token_urlsafe(64)}


def catalogues() -> list[Step]:
    found = [str(path) for path in sorted((ROOT / "src").rglob("*.po"))]
    return [
        Step(f"translations: {path}", ["msgfmt", "--check-format", "--output-file=/dev/null", path])
        for path in found
    ]


def migrating(server: str) -> list[Step]:
    """Return the steps that run the migrations from nothing; the tests copy what they make."""
    begin = [str(BIN / "python"), "-m", "tests.databases"]
    return [
        Step("migrations: from nothing, on PostgreSQL", begin, {"OPENPATRON_DATABASE_URL": server}),
        Step("migrations: from nothing, on SQLite", begin, {"OPENPATRON_DATABASE_URL": ""}),
    ]


def tests(server: str) -> list[Step]:
    """Return the steps that test; each keeps two cores busy."""
    on = {"OPENPATRON_DATABASE_URL": server}
    return [
        # What waits for Chromium in one process leaves room for the other: hence together.
        Step("tests on SQLite, in the browser too", PYTEST),
        Step(
            "tests near the database, on PostgreSQL",
            # To load Chromium's driver only to leave all of its tests out takes a while.
            [*PYTEST, "-m", NEAR, "--ignore=tests/browser"],
            on,
        ),
    ]


def missing_packages() -> list[str]:
    # Servers lie where only the administrator's path leads.
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    missing = [p for program, p in PROGRAMS.items() if not shutil.which(program, path=path)]
    if shutil.which("dpkg-query"):  # elsewhere nobody can say what there is
        missing += [name for name in (*FONTS, *SERVERS) if not installed(name)]
    return missing


def installed(package: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout == "installed"


def heading(text: str) -> None:
    print(f"\n--- {text}", flush=True)


def two_at_a_time(steps: list[Step]) -> list[Result]:
    """Run steps beside each other."""
    with concurrent.futures.ThreadPoolExecutor(int(CORES)) as pool:
        running = [pool.submit(step.run, quietly=True) for step in steps]
        return [told(done.result()) for done in concurrent.futures.as_completed(running)]


def told(result: Result) -> Result:
    """Print how a step that ran quietly went, and return it."""
    heading(str(result))
    if not result.passed:
        print(result.output, flush=True)
    return result


def read_the_code() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        return two_at_a_time(readings(f"sqlite:///{folder}/none.sqlite3"))


def read_and_test() -> list[Result]:
    results = []
    if missing := missing_packages():
        results.append(Step("system packages", ["tools/packages", *missing]).run(quietly=False))
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.server(durable=False) as server,
        concurrent.futures.ThreadPoolExecutor(1) as beside,
    ):
        results += two_at_a_time(migrating(server))
        # What waits for Chromium leaves room for them.
        read = [
            beside.submit(step.run, quietly=True)
            for step in readings(f"sqlite:///{folder}/none.sqlite3")
        ]
        for step in tests(server):
            heading(step.name)
            results.append(step.run(quietly=False))
        results += [told(one.result()) for one in read]
    return results


def main() -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, postgres.interrupted)
    begin = time.monotonic()
    results = read_the_code() if "--lint" in sys.argv[1:] else read_and_test()
    heading("Summary")
    print(*results, sep="\n")
    failed = [result.name for result in results if not result.passed]
    minutes, seconds = divmod(int(time.monotonic() - begin), 60)
    print(
        f"\n{len(results) - len(failed)} of {len(results)} steps passed in {minutes}:{seconds:02}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
