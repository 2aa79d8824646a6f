"""Fetches the vendored front-end files, or checks them. Called by tools/vendor."""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "src/openpatron/web/static/vendor"
FONTS = ROOT / "src/openpatron/kernel/fonts"
CHECKSUMS = ROOT / "tools/vendor.sha256"
ICON_NAMES = ROOT / "tools/icons.txt"

TABLER = "@tabler/core@1.6.1"
ICONS = "@tabler/icons@3.51.0"
# Tabler's styles hold Bootstrap's; it is fetched for its licence.
BOOTSTRAP = "bootstrap@5.3.8"
# For documents on paper, whatever fonts the server has: Latin, Greek, Cyrillic and more.
FONT = "dejavu-fonts-ttf@2.37.3"
FONT_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")

TABLER_FILES = ("css/tabler.min.css", "css/tabler.rtl.min.css")
SOURCE_MAP = re.compile(r"\s*(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$")
# A page must never fetch anything from elsewhere.
REMOTE = re.compile(r"@import|url\(\s*[\"']?(https?:)?//|src\s*=\s*[\"']?https?:", re.IGNORECASE)
SVG = "{http://www.w3.org/2000/svg}"


def fetch(package: str, folder: Path) -> Path:
    """Unpack an npm package into a folder of its own, and return that."""
    npm = ["npm", "pack", "--silent", "--ignore-scripts", package]
    archive = subprocess.run(npm, cwd=folder, check=True, capture_output=True, text=True).stdout
    with tarfile.open(folder / archive.split()[-1]) as tar:
        tar.extractall(folder / package, filter="data")
    return folder / package / "package"


def copy_tabler(package: Path, mit_terms: str) -> None:
    for name in TABLER_FILES:
        text = SOURCE_MAP.sub("\n", (package / "dist" / name).read_text())
        if REMOTE.search(text):
            sys.exit(f"{name} of {TABLER} would fetch something from elsewhere.")
        (VENDOR / Path(name).name).write_text(text)
    # The package has no licence file of its own: its files' head names holders and terms.
    banner = (VENDOR / "tabler.min.css").read_text().partition("*/")[0]
    holders = re.findall(r"Copyright .*", banner)
    (VENDOR / "LICENSE.tabler").write_text("\n".join(["MIT License", "", *holders, "", mit_terms]))


def write_sprite(icons: Path) -> None:
    """Write one file of <symbol id="name">, for <svg><use href="…/icons.svg#name"></svg>.

    Size and colour are the page's: the symbols keep the line style of Tabler's icons only.
    """
    ET.register_namespace("", SVG.strip("{}"))
    sprite = ET.Element(f"{SVG}svg")
    for name in ICON_NAMES.read_text().split():
        drawing = ET.parse(icons / f"{name}.svg").getroot()  # noqa: S314 - pinned
        style = {key: drawing.attrib[key] for key in drawing.attrib if key.startswith("stroke")}
        symbol = ET.SubElement(
            sprite,
            f"{SVG}symbol",
            {"id": name, "viewBox": drawing.attrib["viewBox"], "fill": "none", **style},
        )
        # The first path of each is an empty frame.
        symbol.extend(part for part in drawing if part.get("stroke") != "none")
        symbol.tail = "\n"
    for part in sprite.iter():
        part.text = None
        part.tail = "\n" if part.tag == f"{SVG}symbol" else None
    (VENDOR / "icons.svg").write_bytes(ET.tostring(sprite, encoding="utf-8") + b"\n")


def renew() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        packages = {name: fetch(name, Path(temporary)) for name in (TABLER, ICONS, BOOTSTRAP, FONT)}
        shutil.rmtree(VENDOR, ignore_errors=True)
        shutil.rmtree(FONTS, ignore_errors=True)
        VENDOR.mkdir(parents=True)
        FONTS.mkdir()
        licence = (packages[ICONS] / "LICENSE").read_text()
        mit_terms = licence[licence.index("Permission is hereby granted") :]
        copy_tabler(packages[TABLER], mit_terms)
        shutil.copy(packages[BOOTSTRAP] / "LICENSE", VENDOR / "LICENSE.bootstrap")
        write_sprite(packages[ICONS] / "icons/outline")
        (VENDOR / "LICENSE.tabler-icons").write_text(licence)
        for name in FONT_FILES:
            shutil.copy(packages[FONT] / "ttf" / name, FONTS / name)
        shutil.copy(packages[FONT] / "LICENSE", FONTS / "LICENSE.dejavu")
    CHECKSUMS.write_text(checksums())


def checksums() -> str:
    """Return every vendored file with its checksum, in the format of `sha256sum --check`."""
    files = sorted(p for folder in (FONTS, VENDOR) for p in folder.rglob("*") if p.is_file())
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(ROOT)}\n"
        for path in files
    )


def check() -> None:
    expected, found = set(CHECKSUMS.read_text().splitlines()), set(checksums().splitlines())
    if expected != found:
        names = sorted({line.split()[1] for line in expected ^ found})
        sys.exit("Vendored files differ from tools/vendor.sha256: " + ", ".join(names))
    print(f"{len(found)} vendored files are as recorded.")


if __name__ == "__main__":
    check() if "--check" in sys.argv[1:] else renew()
