"""Runs in the process of one function app: loads its code, and calls its functions when the host says so.

Started as a program with the app's folder, the port of the host's calls and their secret. It knows nothing of
the emulator: only Python's own library, the app, and azure-functions, whose decorators the app is made with.
"""

import asyncio
import base64
import hmac
import importlib
import inspect
import json
import logging
import sys
import traceback
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

SECRET = "X-Worker-Secret"  # noqa: S105  a header's name
MODULE = "function_app"


class App:
    """The functions of an app, by name. Raises what the app's code raises while it is loaded."""

    def __init__(self, folder: Path) -> None:
        sys.path[:0] = [str(folder), str(folder / ".python_packages/lib/site-packages")]
        missing = lacking(folder / "requirements.txt")
        if missing:
            raise ImportError(f"requirements.txt names what is not installed here: {', '.join(missing)}")
        import azure.functions as func

        module = importlib.import_module(MODULE)
        apps = [one for one in vars(module).values() if isinstance(one, func.FunctionApp)]
        if len(apps) != 1:
            raise ImportError(f"{MODULE}.py has {len(apps)} FunctionApp objects, and has to have one")
        self._functions = {one.get_function_name(): one for one in apps[0].get_functions()}

    def described(self) -> list[dict[str, Any]]:
        """Each function's name and bindings, as the library tells them the host."""
        return [
            {"name": name, "bindings": json.loads(one.get_function_json())["bindings"]}
            for name, one in self._functions.items()
        ]

    def call(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """Call a function with what triggered it."""
        found = self._functions[name]
        trigger: Any = found.get_trigger()
        value = argument(trigger.get_binding_name(), given)
        result = found.get_user_function()(**{trigger.name: value})
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        return answer(result) if trigger.get_binding_name() == "httpTrigger" else {}


def argument(kind: str, given: dict[str, Any]) -> Any:
    """What the function gets, as the library makes it of the host's data."""
    import azure.functions as func
    from azure.functions.queue import QueueMessage
    from azure.functions.timer import TimerRequest

    body = base64.b64decode(given.get("body", ""))
    if kind == "httpTrigger":
        return func.HttpRequest(
            method=given["method"],
            url=given["url"],
            headers=given["headers"],
            params=given["params"],
            route_params=given["route"],
            body=body,
        )
    if kind == "queueTrigger":
        return QueueMessage(
            id=given["id"],
            body=body,
            dequeue_count=given["dequeue_count"],
            pop_receipt=given["pop_receipt"],
            insertion_time=datetime.fromisoformat(given["inserted"]),
            expiration_time=datetime.fromisoformat(given["expires"]),
        )
    return TimerRequest(past_due=given["past_due"])


def answer(result: Any) -> dict[str, Any]:
    """An HTTP function's answer."""
    import azure.functions as func

    if not isinstance(result, func.HttpResponse):
        result = func.HttpResponse(
            str(result) if result is not None else "", status_code=200 if result else 204
        )
    headers = {**dict(result.headers), "content-type": f"{result.mimetype}; charset={result.charset}"}
    body = base64.b64encode(result.get_body() or b"").decode()
    return {"status": result.status_code, "headers": headers, "body": body}


def lacking(requirements: Path) -> list[str]:
    """The packages of a requirements file that are not there; versions are not looked at."""
    if not requirements.is_file():
        return []
    found: list[str] = []
    for line in requirements.read_text(encoding="utf-8").splitlines():
        name = line.split("#")[0].split(";")[0].strip()
        for sign in "=<>~![ \\":
            name = name.split(sign)[0]
        if name and not name.startswith("-"):
            try:
                distribution(name)
            except PackageNotFoundError:
                found.append(name)
    return found


def serve(app: App, port: int, secret: str) -> None:
    described = app.described()

    class Calls(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if not hmac.compare_digest(self.headers.get(SECRET, "").encode(), secret.encode()):
                self._say(403, {})
                return
            given = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))) or b"{}")
            if self.path == "/functions":
                self._say(200, described)
                return
            try:
                self._say(200, app.call(self.path.removeprefix("/call/"), given))
            except Exception as error:  # noqa: BLE001  whatever an app's function raises is its failure
                traceback.print_exc()
                self._say(500, {"error": f"{type(error).__name__}: {error}"})

        def _say(self, status: int, said: Any) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """The host's calls are no news."""

    ThreadingHTTPServer(("127.0.0.1", port), Calls).serve_forever()


def main() -> None:
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    for noisy in ("azure", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    # In a file, so that it is in no list of processes.
    serve(App(folder), port, (folder.parent / "secret").read_text())


if __name__ == "__main__":
    main()
