"""Go's builds, without the hundreds of lines that say what it downloads."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

NOISE = "go: downloading "


def build(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """The exit code of a `go build`. What else it says goes to standard error as it comes."""
    with subprocess.Popen(
        command, cwd=folder, env=dict(environment), stderr=subprocess.PIPE, text=True
    ) as running:
        for line in running.stderr or ():
            if not line.startswith(NOISE):
                sys.stderr.write(line)
    return running.returncode
