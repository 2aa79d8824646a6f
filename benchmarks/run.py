"""Measures on both engines: ``python benchmarks/run.py --sizes "10000 100000"``.

Prints a line per measure, writes var/bench.json, and exits 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.report import PARTS, Measure, write  # noqa: E402  the root comes first

SMALLEST, LARGEST = 1_000, 5_000_000


def sizes(text: str) -> list[int]:
    """Parse "10000,100000" or "10000 100000"."""
    words = re.split(r"[\s,]+", text.strip())
    if not all(w.isascii() and w.isdecimal() and SMALLEST <= int(w) <= LARGEST for w in words):
        raise argparse.ArgumentTypeError(
            f"“{text}” is no list of sizes; give numbers from {SMALLEST} to {LARGEST}"
        )
    return sorted({int(w) for w in words})


def parts(text: str) -> list[str]:
    """Parse "feeds,desk"."""
    words = re.split(r"[\s,]+", text.strip())
    if unknown := sorted(set(words) - set(PARTS)):
        raise argparse.ArgumentTypeError(
            f"“{unknown[0]}” is nothing to measure; there are {', '.join(PARTS)}"
        )
    return words


def main() -> None:
    """Measure each engine in processes of its own, then say everything."""
    parser = argparse.ArgumentParser(description="Measure against hand-written SQL.")
    parser.add_argument("--sizes", type=sizes, default=[10_000, 100_000], metavar="N,N,…")
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--only", type=parts, default=list(PARTS), metavar="PART,PART,…")
    wanted = parser.parse_args()
    found: list[Measure] = []
    for engine in wanted.engines.split(","):
        with tempfile.TemporaryDirectory(prefix="openpatron-bench-") as folder:
            found += _measure(engine, Path(folder), wanted.only, wanted.sizes)
        write(found, ROOT / "var/bench.json")
    print("\nengine              n  measure")
    for line in found:
        print(line)
    print("\nWritten to var/bench.json. Only ratios of one run mean anything on a shared machine.")


def _measure(engine: str, folder: Path, only: list[str], wanted: list[int]) -> list[Measure]:
    answer = folder / "measures.json"
    command = [
        sys.executable, "-m", "benchmarks.engine", str(answer), ",".join(only), *map(str, wanted)
    ]  # fmt: skip
    environment = os.environ | {
        "OPENPATRON_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "openpatron.config.settings",
    }
    environment.pop("OPENPATRON_DATABASE_URL", None)
    # What is imported while a job runs is not to be compiled then.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if engine == "postgresql":
        command = ["tools/postgres", "--durable", "--", *command]
    print(f"--- {engine}", flush=True)
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return [Measure(**m) for m in json.loads(answer.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    main()
