"""Spark as Azure's runtime 3.5 has it, with Delta, in an environment of its own in the user's cache.

Made on demand, for `make test-spark`, the emulator's Spark jobs and runs on this machine: 1.1 GB. Prints the
environment's folder. Only the standard library is used.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import kernel
from cache import cache_dir, say, stop
from environment import ROOT, system_certificates, uv

REQUIREMENTS = ROOT / "environments" / "requirements" / "spark.txt"
RESOLVE_SECONDS = 300
JAVA = (11, 17)  # what Spark 3.5 runs on, beside 8


@dataclass(frozen=True)
class Jar:
    """A jar that Azure's runtime has beside Spark's own."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def coordinates(self) -> str:
        return f"{self.group}:{self.name}:{self.version}"

    @property
    def file(self) -> str:
        """Its name where Spark has resolved it."""
        return f"{self.group}_{self.name}-{self.version}.jar"


JARS = (  # of the version of delta-spark in REQUIREMENTS; from Maven Central, 2026-11-30
    Jar(
        "io.delta",
        "delta-spark_2.12",
        "3.2.0",
        "51d473537d1bc10c81f48b03d8e2a6b604e1b421a70835ec12e917a4245a31d5",
    ),
    Jar(
        "io.delta",
        "delta-storage",
        "3.2.0",
        "58aab63eba7736fea9e03eafb0dde6704a34a70f570c1a69ab8e4012c25a95d4",
    ),
)


def home() -> Path:
    """The folder of the environment, whether it is there or not: named by all that decides what it holds."""
    digest = hashlib.sha256(sys.version.encode() + REQUIREMENTS.read_bytes())
    for part in (*(jar.sha256.encode() for jar in JARS), *(file.read_bytes() for file in kernel.sources())):
        digest.update(part)
    return cache_dir() / f"spark-{digest.hexdigest()[:16]}"


def make() -> Path:
    """The folder of the environment, installed when need be."""
    found = home()
    if found.exists():
        return found
    system_certificates()
    tool = uv()
    say(f"installing {found.name}, some 1.1 GB, into the cache, once for this machine")
    found.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="spark-", dir=found.parent))
    try:
        create = [tool, "venv", "--quiet", "--allow-existing", "--relocatable", "--python", sys.executable]
        subprocess.run([*create, str(aside)], check=True)
        python = str(aside / "bin" / "python")
        pip = [tool, "pip", "--quiet"]
        sync = [*pip, "sync", "--python", python, "--require-hashes", "--compile-bytecode"]
        subprocess.run([*sync, str(REQUIREMENTS)], check=True)
        if (wheel := kernel.wheel(tool)) is not None:
            subprocess.run(
                [*pip, "install", "--python", python, "--no-deps", "--no-index", str(wheel)], check=True
            )
        _add_jars(aside)
        try:
            aside.rename(found)
        except OSError:
            if not found.exists():  # else another run was faster
                raise
    except subprocess.CalledProcessError as error:
        raise stop(
            f"Spark could not be installed (uv exited with {error.returncode}).",
            "Check that a Python package index is reachable, then run the same command again.",
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return found


def _add_jars(folder: Path) -> None:
    """Let Spark resolve the jars as it does for `--packages`, and keep those whose SHA-256 is pinned.

    Where they come from is Maven's default, or what spark.jars.ivySettings says of a mirror.
    """
    with tempfile.TemporaryDirectory(prefix="spark-jars-") as scratch:
        nothing = Path(scratch) / "nothing.py"
        nothing.write_text("")
        names = ",".join(jar.coordinates for jar in JARS)
        command = [str(folder / "bin" / "spark-submit"), "--packages", names]
        command += ["--conf", f"spark.jars.ivy={scratch}/ivy", str(nothing)]
        environment = {
            **os.environ,
            "PYSPARK_PYTHON": str(folder / "bin" / "python"),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        try:
            run = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=RESOLVE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise stop(
                f"Spark did not resolve {names} within {RESOLVE_SECONDS} s.",
                "Check that Maven Central is reachable, then run the same command again.",
            ) from error
        if run.returncode:
            last = "\n        ".join(run.stderr.splitlines()[-4:])
            raise stop(
                f"Spark could not resolve {names}:\n        {last}", "Check that Maven Central is reachable."
            )
        (jars,) = folder.glob("lib/python*/site-packages/pyspark/jars")
        for jar in JARS:
            content = (Path(scratch) / "ivy" / "jars" / jar.file).read_bytes()
            if (digest := hashlib.sha256(content).hexdigest()) != jar.sha256:
                raise stop(
                    f"{jar.coordinates} has the SHA-256 {digest}, and {jar.sha256} is pinned.",
                    "Somebody has changed it on its way, or where it comes from: use another source.",
                )
            (jars / jar.file).write_bytes(content)


def java() -> str:
    """A Java that Spark 3.5 runs on: JAVA_HOME's, else the one on PATH."""
    own = os.environ.get("JAVA_HOME")
    found = str(Path(own) / "bin" / "java") if own else shutil.which("java")
    if found is None:
        raise stop("there is no java.", "Install Java 17 (openjdk-17-jre-headless), or set JAVA_HOME.")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = next((word.strip('"') for word in said.split() if word.startswith('"')), "")
    if not version.startswith(("1.8", *map(str, JAVA))):
        raise stop(
            f"{found} is Java {version or 'of no known version'}.", "Spark 3.5 runs on Java 8, 11 or 17."
        )
    return found


if __name__ == "__main__":
    java()
    print(make())
