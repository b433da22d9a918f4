"""A browser for the tests of pages: the one on PATH, or Debian's Chromium, installed for root by apt."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.bootstrap.cache import say

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
LOADED_S: Final = 60.0
CONSOLE: Final = re.compile(r":INFO:CONSOLE[^\]]*\] \"(.*)\", source: .*$")
MARK: Final = "what-is-shown "
# Asked of the page itself, once everything is laid out.
ASK: Final = """<script>addEventListener("load", () => console.log("%s" + JSON.stringify({
  broken: [...document.images].filter(one => !one.naturalWidth).length,
  pictures: [...document.querySelectorAll("svg, img")].map(one => one.getBoundingClientRect()).map(
    box => [box.width, box.height]),
  drawn: [...document.querySelectorAll("svg polyline, svg rect")].filter(
    one => one.getBBox().width > 0 && getComputedStyle(one).visibility == "visible").length,
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  text: document.body.innerText})))</script>"""


@dataclass(frozen=True)
class Seen:
    """shown: what the page says of itself, as ASK has it. console: what it wrote there besides."""

    shown: dict[str, Any]
    console: tuple[str, ...]


def find() -> str | None:
    """A browser's program."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def provide() -> str | None:
    """The same, installed by apt where there is none and the user is root; else None."""
    if (found := find()) or os.geteuid() != 0 or not (apt := shutil.which("apt-get")):
        return found
    say("installing chromium with apt, once for this machine")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update",), ("install", "-y", "--no-install-recommends", "chromium")):
        if subprocess.run([apt, "-qq", *words], env=quiet, stdout=subprocess.DEVNULL).returncode:
            return None
    return find()


def look(browser: str, page: Path, picture: Path, size: tuple[int, int] = (1000, 1200)) -> Seen:
    """Open a page in it, without a network; its picture is written. RuntimeError when it does not open."""
    with tempfile.TemporaryDirectory(prefix="browser-") as folder:
        asked = Path(folder) / page.name
        asked.write_text(page.read_text(encoding="utf-8") + ASK.replace("%s", MARK), encoding="utf-8")
        command = [
            browser,
            "--headless=new",
            *(("--no-sandbox",) if os.geteuid() == 0 else ()),  # root has no sandbox to go into
            "--disable-gpu",
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            f"--user-data-dir={folder}/profile",
            f"--window-size={size[0]},{size[1]}",
            f"--screenshot={picture}",
            asked.as_uri(),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOADED_S)
    said = [found[1] for line in done.stderr.splitlines() if (found := CONSOLE.search(line))]
    told = [line.removeprefix(MARK) for line in said if line.startswith(MARK)]
    if done.returncode or len(told) != 1 or not picture.exists():
        raise RuntimeError(f"{browser} did not show {page}: {done.returncode}, {done.stderr[-2000:]}")
    shown: dict[str, Any] = json.loads(told[0])
    return Seen(shown, tuple(line for line in said if not line.startswith(MARK)))
