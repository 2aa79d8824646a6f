"""How a process starts."""

from __future__ import annotations

import os
import subprocess
import sys

_START = """
import sys
import django
from django.urls import resolve

django.setup()
resolve("/")
print(*sorted({"openpyxl", "paramiko", "reportlab"} & sys.modules.keys()))
"""


def test_what_is_seldom_needed_is_loaded_when_it_is_needed() -> None:
    # Together they were a fifth of the time of every command, and 16 MB of every process.
    run = subprocess.run(
        [sys.executable, "-c", _START],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "openpatron.config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not run.stdout.strip()
