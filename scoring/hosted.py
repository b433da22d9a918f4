"""The service where a host calls a function for each request, as Azure Functions does: no server of its own.

The same application answers, in an event loop of its own: same rules of keys, same answers, same errors.
Its drift window is that of this process, and a host that ends the process at once loses the last seconds of
telemetry.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from scoring.assembly import assemble
from scoring.http.asgi import Application, Message
from scoring.identity import credential
from scoring.model.download import download
from scoring.settings import Settings, SettingsError, read

URL, DIGEST = "MODEL_URL", "MODEL_DIGEST"
RELEASE: Final = "release.json"
"""In the app's package: {"variables": {...}} of the release that it was made for."""
PACKAGE: Final = "PACKAGE_DIGEST"
"""Of the variables of a package, its own digest; what `readyz` answers it as, so that who deploys knows."""
PACKAGE_HEADER: Final = "x-package"
MODELS: Final = Path(tempfile.gettempdir()) / "scoring-models"
START_SECONDS, GRACE_SECONDS = 30.0, 5.0
Download = Callable[[str, str, Settings], Path]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def by_identity(url: str, digest: str, settings: Settings) -> Path:
    """The model of the address, brought by the identity of AZURE_CLIENT_ID. Raises ArtifactError."""
    return download(url, digest, credential(settings.client_id), MODELS)


def settings_of(environment: Mapping[str, str], fetch: Download = by_identity) -> Settings:
    """The service's settings; with MODEL_URL, the model is brought from there, held to MODEL_DIGEST.

    Raises SettingsError and ArtifactError.
    """
    settings = read(environment)
    url, digest = (environment.get(name, "").strip() for name in (URL, DIGEST))
    if not url:
        return settings
    if not digest:
        raise SettingsError(f"{DIGEST} is not set: the model of {URL} is held to it, as sha256:...")
    return replace(settings, model_dir=fetch(url, digest, settings))


def variables(package: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of the environment, and over them those of the release that the package names.

    So code and model come and go in one step, whatever the app's settings say. Raises SettingsError.
    """
    file = package / RELEASE
    if not file.is_file():
        return dict(environment)
    try:
        told: Any = json.loads(file.read_bytes())["variables"]
        return {**environment, **{str(name): str(value) for name, value in told.items()}}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f'{RELEASE} of the package is no {{"variables": {{...}}}}: {error}') from error


class Hosted:
    """The application in its loop. Threads may share it."""

    def __init__(self, application: Application, seconds: float) -> None:
        """seconds: until an answer, at most. Raises RuntimeError when the application does not start."""
        self._application, self._seconds = application, seconds
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="scoring", daemon=True).start()
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._closed = False
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(START_SECONDS)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request."""
        coroutine = self._asked(method, path, headers, body)
        # The application keeps its own time limit, and says so in its answer.
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(self._seconds + GRACE_SECONDS)

    def close(self) -> None:
        """End the application, which sends what it still has, and its loop. A second time it does nothing."""
        if self._closed:
            return
        self._closed = True

        async def end() -> None:
            self._told.put_nowait({"type": "lifespan.shutdown"})
            await self._living

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _begin(self) -> None:
        began = asyncio.Event()
        said: list[Message] = []

        async def receive() -> Message:
            return await self._told.get()

        async def send(message: Message) -> None:
            said.append(message)
            began.set()

        self._told.put_nowait({"type": "lifespan.startup"})
        self._living = asyncio.ensure_future(self._application({"type": "lifespan"}, receive, send))
        waiting = asyncio.ensure_future(began.wait())
        await asyncio.wait({self._living, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not said or said[0]["type"] != "lifespan.startup.complete":
            raise RuntimeError("the scoring application did not start; the log says why")

    async def _asked(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        scope: Message = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
        said: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            said.append(message)

        await self._application(scope, receive, send)
        start, content = said
        told = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], told, content["body"])


def hosted(environment: Mapping[str, str], fetch: Download = by_identity) -> Hosted:
    """The service of these variables. Raises SettingsError, ArtifactError and RuntimeError."""
    settings = settings_of(environment, fetch)
    made = Hosted(assemble(settings).application(), settings.limits.seconds)
    # The application ends with the help of threads, and pools take no work any more when atexit's functions
    # are called. What `threading` is given is called before, the latest first: so the pools end themselves.
    cast("Any", threading)._register_atexit(made.close)
    return made
