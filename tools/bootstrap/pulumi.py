"""Put a Pulumi CLI and its Python language host into .venv/bin.

In this order: the one on PATH when it is new enough; the official installer, given up after 5 s without an
answer; a pinned build from source with Go (some minutes, once for a machine). The last two are kept in the
user's cache directory by version. Only the standard library is used.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from cache import cache_dir, say, stop
from gobuild import build

ROOT = Path(__file__).resolve().parents[2]
VERSION = "3.250.0"
INSTALLER = "https://get.pulumi.com"
ANSWER_WITHIN_S = 5
INSTALL_WITHIN_S = 600
PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
LDFLAGS = "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{version}"
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
# The last version of the Python host that Go's modules hold; tools/pulumi/language-python starts it.
HOST_VERSION = "3.60.0"
HOST = "pulumi-language-python-host"
# Counts what this file changed in the build of one version, so that a cache of an older build is not taken.
BUILD = 2


def version_of(pulumi: Path) -> tuple[int, ...]:
    """(major, minor, patch), or () when the program does not say."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run([str(pulumi), "version"], capture_output=True, text=True, env=environment)
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", answer.stdout.strip())
    return tuple(int(part) for part in found.groups()) if found else ()


def complete(folder: Path) -> bool:
    return all((folder / program).exists() for program in PROGRAMS)


def on_path(own: Path) -> Path | None:
    """The folder of a Pulumi CLI on PATH that is new enough and has its Python host beside it."""
    wanted = tuple(int(part) for part in VERSION.split("."))
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        candidate = Path(folder or ".") / "pulumi"
        if Path(folder).absolute() == own or not os.access(candidate, os.X_OK):
            continue
        real = candidate.resolve()
        if complete(real.parent) and version_of(real) >= wanted:
            return real.parent
        say(f"{candidate} is older than {VERSION} or lacks its Python language host: not used")
    return None


def from_installer(destination: Path) -> bool:
    """Run Pulumi's own installer into `destination`; False when it gives no answer."""
    try:
        with urllib.request.urlopen(INSTALLER, timeout=ANSWER_WITHIN_S) as answer:
            script = answer.read()
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        say(f"the official Pulumi installer gave no answer ({error}): building from source instead")
        return False
    with tempfile.TemporaryDirectory(dir=destination.parent) as scratch:
        file = Path(scratch) / "install.sh"
        file.write_bytes(script)
        say(f"installing Pulumi {VERSION} with the official installer")
        root = Path(scratch) / "root"
        command = ["sh", str(file), "--version", VERSION, "--install-root", str(root), "--no-edit-path"]
        try:
            done = subprocess.run(command, timeout=INSTALL_WITHIN_S, stdout=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            say(f"the official installer took more than {INSTALL_WITHIN_S} s: building from source instead")
            return False
        if done.returncode or not complete(root / "bin"):
            say(f"the official installer failed (exit code {done.returncode}): building from source instead")
            return False
        (root / "bin").rename(destination)
    return True


def from_source(destination: Path) -> None:
    """Build the pinned CLI and Python host with Go into `destination`."""
    go = shutil.which("go")
    if go is None:
        raise stop(
            "there is no Pulumi CLI, its official installer gives no answer, and there is no Go.",
            f"Install Pulumi {VERSION} or newer (https://www.pulumi.com/docs/install/), or Go 1.25 or newer.",
        )
    aside = Path(tempfile.mkdtemp(prefix="build-", dir=destination.parent))
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    started = time.monotonic()
    say(f"building Pulumi {VERSION} with Go: about 4 minutes on two cores, once for this machine")
    try:
        parts = (
            ("cli", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", VERSION, "pulumi"),
            ("language-python", f"{SDK_MODULE}/python/cmd/pulumi-language-python", HOST_VERSION, HOST),
            ("language-python", ".", HOST_VERSION, "pulumi-language-python"),
        )
        for module, package, version, program in parts:
            flags = LDFLAGS.format(version=version)
            command = [go, "build", "-ldflags", flags, "-o", f"{aside / program}", package]
            if code := build(command, ROOT / "tools/pulumi" / module, environment):
                raise subprocess.CalledProcessError(code, command)
        listing = [go, "list", "-m", "-f", "{{.Dir}}", SDK_MODULE]
        found = subprocess.run(
            listing,
            cwd=ROOT / "tools/pulumi/cli",
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        # the host starts programs through this script, which must be of the CLI's own version
        script = Path(found.stdout.strip()) / "python/cmd/pulumi-language-python-exec"
        shutil.copyfile(script, aside / script.name)
        (aside / script.name).chmod(0o755)
        aside.rename(destination)
    except subprocess.CalledProcessError as error:
        raise stop(
            f"building Pulumi: `{' '.join(map(str, error.cmd[:3]))} …` exited with {error.returncode}.",
            f"Go 1.25 or newer and a Go module proxy are needed; or install Pulumi {VERSION} by hand.",
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    say(f"built in {time.monotonic() - started:.0f} s")


def kept() -> Path:
    """Where what was installed or built is kept."""
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return cache_dir() / f"pulumi-{VERSION}-build{BUILD}-{machine}"


def provide(own: Path) -> Path:
    """The folder that holds the programs, which are made or installed when need be."""
    found = on_path(own)
    if found:
        return found
    destination = kept()
    if not complete(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(destination, ignore_errors=True)
        if not from_installer(destination):
            from_source(destination)
    return destination


def link(folder: Path, own: Path) -> None:
    own.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        wanted, place = (folder / program).absolute(), own / program
        if place.is_symlink() and place.readlink() == wanted:
            continue
        aside = own / f".{program}.new"
        aside.unlink(missing_ok=True)
        aside.symlink_to(wanted)
        aside.replace(place)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", type=Path, default=ROOT / ".venv" / "bin", help="where to link the programs")
    own = parser.parse_args().bin.absolute()
    linked = own / "pulumi"
    if complete(own) and linked.exists() and linked.resolve().parent == kept().resolve():
        return
    link(provide(own), own)


if __name__ == "__main__":
    main()
