"""A runner of CI: does the steps of one job, as GitHub's runner does, in the environment that it is given.

Its standard input is what tests/e2e/jobs.py made of the YAML; its standard output says how each step ended,
what the steps put out, and the summary. Tokens are handed out at an address of its own, as GitHub's are.
"""

import contextlib
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SHELL = ("bash", "-e")  # GitHub's on Linux, where a step names none: without pipefail
STEP_SECONDS = 600


class Tokens(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        right = self.headers["Authorization"].lower() == "bearer of-this-job"
        wanted = parse_qs(urlsplit(self.path).query).get("audience") == ["api://AzureADTokenExchange"]
        token = Path(os.environ["AZURE_FEDERATED_TOKEN_FILE"]).read_text() if right and wanted else ""
        body = json.dumps({"value": token} if token else {}).encode()
        self.send_response(200 if token else 403)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def value(given):
    """A text, or the variable of the environment that stands for one of the repository's."""
    return given if isinstance(given, str) else os.environ[given["vars"]]


def pairs(file):
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)


def step(one, environment, files, folder):
    script = files / "step.sh"
    script.write_text(one["run"])
    log = files / "log"
    with log.open("wb") as out:
        running = subprocess.Popen(
            [*SHELL, str(script)], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code = running.wait(STEP_SECONDS)
        finally:
            # What a step leaves in the background ends with the job; here, with the step.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
    return code, log.read_text(errors="replace")


def run(job, files):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")
    for name in names:
        (files / name).touch()
    environment = {
        **{key: text for key, text in os.environ.items() if key != "AZURE_FEDERATED_TOKEN_FILE"},
        **{name: str(files / name) for name in names},
        "RUNNER_TEMP": str(files),
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{server.server_port}/token?api-version=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-this-job",
        **{name: value(given) for name, given in job["env"].items()},
        **job["over"],
    }
    done, outputs, failed = [], {}, False
    for one in job["steps"]:
        if failed and not one["always"]:
            continue
        (files / "GITHUB_OUTPUT").write_text("")
        began = time.monotonic()
        code, said = step(one, environment, files, job["folder"])
        environment |= pairs(files / "GITHUB_ENV")
        outputs |= {
            f"steps.{one['id']}.outputs.{name}": text for name, text in pairs(files / "GITHUB_OUTPUT").items()
        }
        seconds = round(time.monotonic() - began, 1)
        done.append({"run": one["run"], "code": code, "said": said, "seconds": seconds})
        failed = failed or code != 0
    return {"failed": failed, "steps": done, "outputs": outputs, "summary": (files / names[2]).read_text()}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(json.load(sys.stdin), Path(folder))))
