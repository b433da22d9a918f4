"""Images for the node's own registry: what every pod stands on, and what a test brings."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tools.bootstrap.cache import stop
from tools.containers.engine import SYSTEM_BIN, Engine
from tools.kubernetes import build
from tools.kubernetes.packages import PATH

PAUSE_TAG = "localhost/mlops-estate/pause:1"
PUSH_S = 300.0


def ensure_pause(engine: Engine) -> None:
    """The container that holds a pod's namespaces, of nothing but its program."""
    if engine.exists(PAUSE_TAG):
        return
    program = build.programs(build.PAUSE) / build.PAUSE
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "pause.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(program, "pause")
        engine("import", "--quiet", "--change", 'ENTRYPOINT ["/pause"]', str(archive), PAUSE_TAG)


def push(engine: Engine, tag: str, target: str) -> str:
    """Push an image into the node's registry; its digest there, as in sha256:...

    By buildah, which reads the same storage as podman: in namespaces of its own, podman would take the
    machine for restarted and its containers for gone.
    """
    buildah = shutil.which("buildah", path=f"{PATH}:{SYSTEM_BIN}")
    if buildah is None:
        raise stop("buildah is not installed.", "Run `apt-get install --no-install-recommends buildah`.")
    with tempfile.TemporaryDirectory() as scratch:
        digest = Path(scratch) / "digest"
        line = [buildah, "--root", str(engine.home), "--runroot", f"{scratch}/run", "push", "--quiet"]
        line += ["--tls-verify=false", "--digestfile", str(digest), tag, f"docker://{target}"]
        environment = {**engine.environment, "no_proxy": "*", "NO_PROXY": "*"}
        done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=PUSH_S)
        if done.returncode:
            raise stop(
                f"{tag} cannot be pushed to {target}:\n{done.stderr.strip()[-2000:]}", "See its words."
            )
        return digest.read_text().strip()
