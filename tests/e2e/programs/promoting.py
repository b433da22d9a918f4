"""`mlops` as processes that are killed: after the first effect that none of them was killed after before.

One request a line on standard input, {"argv": […], "known": […], "log": FILE}: what is known does not kill;
null: nothing does. The answer says the exit code, or after which effect the process killed itself, as a power
cut would. An effect is a request that changes something: a blob, the lease, a resource of Azure, an object of
the cluster.

Each process is a fork of this one, which has imported all of it; nothing else of them is shared.
"""

import importlib
import json
import os
import signal
import sys

from ml.azure.management import Management
from ml.production import promote
from ml.production.api import Api
from ml.production.canary import steps
from ml.production.canary.steps import Step
from ml.production.lease import BlobLease
from ml.production.store import BlobStore

WARM = (
    "azure.identity", "azure.storage.blob", "azure.keyvault.keys", "azure.keyvault.secrets",
    "azure.keyvault.keys.crypto", "azure.monitor.query", "kubernetes.client", "infra.outputs",
    "infra.stack_file", "ml.terminal.subjects", "ml.commands.promote", "ml.commands.rollback",
    "ml.production.assembly",
    "ml.production.view", "ml.production.imports", "ml.production.warm", "ml.approval",
    "ml.release.proof", "httpx", "yaml",
)  # fmt: skip
STEPS = (
    Step(10, 5, 300.0, "back", "few requests, so that a canary takes seconds"),
    Step(50, 10, 300.0, "back", "the same"),
    steps.STEPS[-1],
)
stage = "before"


def told(state):
    """What the state says, as the name of the effect of writing it down."""
    global stage
    under_way = state.promotion
    if under_way is None:
        stage = "done"
        return state.history[-1].what
    stage = f"{under_way.stage} {under_way.percent}"
    if under_way.going_back:
        stage = "going back"
    elif under_way.stage == "canary" and under_way.percent:
        judged = "judged" if under_way.judgement else "unjudged"
        return f"{stage} {'weighed' if under_way.weighed_at else 'asked'} {judged}"
    return stage


def going_on(read):
    """What is taken up bears its stage from the first effect on."""

    def reading(self):
        state = read(self)
        if state.promotion is not None:
            told(state)
        return state

    return reading


def weights(path, body):
    services = (body["properties"].get("pool") or {}).get("services") or []
    return "weights " + "+".join(sorted(str(one["weight"]) for one in services)) if services else "a backend"


EFFECTS = (
    (BlobStore, "_upload", lambda state, **_: f"written: {told(state)}"),
    (BlobLease, "_acquired", lambda: "the lease"),
    (BlobLease, "_say", lambda *_: "the lease's holder"),
    (Management, "put", lambda path, body, *_: f"{stage}: {weights(path, body)}"),
    (Management, "delete", lambda path: f"{stage}: no backend"),
    (Management, "act", lambda path, body, what: f"{stage}: {what}"),
    (Api, "apply", lambda path, manifest, **_: f"{stage}: apply {manifest['kind']}"),
    (Api, "patch", lambda path, change: f"{stage}: patch {path.split('/')[-3]}"),
    (Api, "delete", lambda path, **_: f"{stage}: delete {path.split('/')[-2]}"),
)


def arm(known, out):
    BlobStore.read = going_on(BlobStore.read)
    for kind, method, name in EFFECTS:
        original = getattr(kind, method)

        def done(self, *given, original=original, name=name, **more):
            answer = original(self, *given, **more)
            what = name(*given, **more)
            if what not in known:
                os.write(out, what.encode())
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        setattr(kind, method, done)


def run(argv, known, log):
    """The exit code, and what the process was killed after ("": it was not)."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for one in (1, 2):
            os.dup2(out, one)
        if known is not None:
            arm(set(known), write)
        from ml.terminal.subjects import app

        try:
            app(argv, standalone_mode=True)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    os.close(write)
    _, status = os.waitpid(child, 0)
    with os.fdopen(read) as told_by:
        return os.waitstatus_to_exitcode(status), told_by.read()


if __name__ == "__main__":
    steps.STEPS = promote.STEPS = STEPS
    for module in WARM:
        importlib.import_module(module)
    for line in sys.stdin:
        asked = json.loads(line)
        code, killed = run(asked["argv"], asked["known"], asked["log"])
        print(json.dumps({"code": code, "killed": killed}), flush=True)
