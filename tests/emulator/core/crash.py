"""``python -m tests.emulator.core.crash FOLDER``: end the emulator before each of its writes in turn.

Each time in a home of its own: build an estate and run a job until the n-th write, which SIGKILL prevents;
start again on what is there and do the same again. Prints, as JSON, {"writes": how many there are, "job": its
end, "problems": where the end differs from that of an undisturbed run}.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from emulator.app import Emulator
from emulator.errors import AzureError
from emulator.home import Home
from emulator.identity.directory import SIGNED_IN
from emulator.machinelearning.runs import TERMINAL
from tests.emulator.machinelearning import estate

Json = dict[str, Any]
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
JOB = f"{estate.WORKSPACE}/jobs/pair"
SECRET = f"{estate.VAULT}/secrets/password"


class Counting:
    """A connection that counts what would change the file, and ends the process before the n-th of them."""

    writes = 0
    last = -1

    def __init__(self, database: Any) -> None:
        self._database = database

    def execute(self, statement: str, *arguments: Any) -> Any:
        inside = self._database.in_transaction
        word = statement.split(None, 1)[0].upper()
        if word == "COMMIT" or (not inside and word in ("INSERT", "UPDATE", "DELETE")):
            Counting.writes += 1
            if Counting.writes == Counting.last:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._database.execute(statement, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def start(home: Home) -> Emulator:
    emulator = Emulator(home)
    emulator.ports.update({"proxy": 9, "plain": 9, "tls": 9})
    emulator.started()
    return emulator


def step(command: str, **more: Any) -> Json:
    return {"type": "command", "componentId": command, "computeId": estate.COMPUTE, **more}


def line(emulator: Emulator) -> None:
    """Everything that a client would do again after a crash; what is there already is not made anew."""

    def write(resource_id: str, body: Json) -> Json:
        return emulator.arm.put(resource_id, body, principal=SIGNED_IN)[0]

    estate.build(write)
    write(SECRET, {"properties": {"value": "a-value"}})
    component = f"{estate.WORKSPACE}/components/touch/versions/1"
    spec = {
        "type": "command",
        "command": "echo made > ${{outputs.o}}/file",
        "environment": f"azureml:{estate.ENVIRONMENT}",
        "outputs": {"o": {"type": "uri_folder"}},
    }
    write(component, {"properties": {"componentSpec": spec}})
    if emulator.arm.find(JOB) is None:
        body = {"jobType": "Pipeline", "computeId": estate.COMPUTE, "experimentName": "tests"}
        outputs = {"made": {"jobOutputType": "uri_folder", "assetName": "made"}}
        first = step(component, outputs={"o": {"type": "literal", "value": "${{parent.outputs.made}}"}})
        write(JOB, {"properties": {**body, "outputs": outputs, "jobs": {"one": first}}})
    end = time.monotonic() + 20
    while (status := emulator.arm.get(JOB)["properties"]["status"]) not in TERMINAL:
        if time.monotonic() > end:
            raise TimeoutError(f"the job is still {status}")
        time.sleep(0.01)


def state(emulator: Emulator) -> Json:
    """The estate's ids without GUIDs, how the job ended, how many blobs there are."""
    ids = Counter(GUID.sub("*", item["id"].lower()) for item in emulator.store.subtree("/subscriptions"))
    documents = Counter(
        row[0]
        for row in emulator.store._all("SELECT kind FROM document")  # pyright: ignore
    )
    return {
        "ids": dict(sorted(ids.items())),
        "documents": dict(sorted(documents.items())),
        "job": emulator.arm.get(JOB)["properties"]["status"],
    }


def crash(home: Home, write: int) -> bool:
    """Go through the line in a child process that ends before the write; whether it did."""
    child = os.fork()
    if child == 0:
        emulator = Emulator(home)
        emulator.ports.update({"proxy": 9, "plain": 9, "tls": 9})
        emulator.store._db = Counting(emulator.store._db)  # pyright: ignore
        Counting.writes, Counting.last = 0, write
        emulator.started()
        line(emulator)
        home.root.with_name("writes").write_text(str(Counting.writes))
        emulator.close()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def again(home: Home) -> Json:
    """Start on what is there, do it all (once more), end; what there is then."""
    read, pipe = os.pipe()
    child = os.fork()
    if child == 0:
        emulator = start(home)
        try:
            line(emulator)
            found = state(emulator)
        except (AzureError, TimeoutError) as error:
            found = {"error": repr(error)}
        os.write(pipe, json.dumps(found).encode())
        os.close(pipe)
        emulator.close()
        os._exit(0)
    os.close(pipe)
    with os.fdopen(read, "rb") as answer:
        found = json.loads(answer.read() or b'{"error": "it ended"}')
    os.waitpid(child, 0)
    return found


def difference(wanted: Json, found: Json) -> Json:
    """What is not as in the undisturbed run."""
    if "error" in found:
        return found
    odd: Json = {}
    for key in ("ids", "documents"):
        names = {*wanted[key], *found[key]}
        odd |= {
            name: f"{found[key].get(name, 0)}, not {wanted[key].get(name, 0)}"
            for name in sorted(names)
            if found[key].get(name) != wanted[key].get(name)
        }
    if found["job"] != wanted["job"]:
        odd["job"] = found["job"]
    return odd


def main(folder: Path) -> None:
    undisturbed = Home(folder / "undisturbed")
    crash(undisturbed, -1)
    writes = int((folder / "writes").read_text())
    wanted = again(undisturbed)
    problems: dict[str, Json] = {}
    for write in range(1, writes + 1):
        home = Home(folder / str(write)).prepare()
        shutil.copy2(undisturbed.signing_key, home.signing_key)  # to make one takes time
        if crash(home, write) and (odd := difference(wanted, again(home))):
            problems[f"write {write} of {writes}"] = odd
        shutil.rmtree(home.root, ignore_errors=True)
    print(json.dumps({"writes": writes, "job": wanted.get("job", wanted), "problems": problems}, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
