"""The console script ``openpatron``: all commands, wrong settings as one sentence."""

from __future__ import annotations

import os
import sys

from .environment import SettingError

WRONG = 2


def main() -> None:
    """Run the command of ``sys.argv``; exit 2 where it cannot even be begun."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openpatron.config.settings")
    try:
        import django  # noqa: PLC0415  settings come first
        from django.core.management import ManagementUtility, get_commands  # noqa: PLC0415

        django.setup()
        utility = ManagementUtility(sys.argv)
        name = sys.argv[1] if len(sys.argv) > 1 else "help"
        if not name.startswith("-") and name != "help" and name not in get_commands():
            sys.stderr.write(f"openpatron: there is no command “{name}”. See: openpatron help\n")
            sys.exit(WRONG)
        utility.execute()
    except SettingError as error:
        sys.stderr.write(f"openpatron: {error}\n")
        sys.exit(WRONG)


if __name__ == "__main__":
    main()
