"""Settings of the service: environment variables, read once, typed; an error names the variable."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from scoring import cores
from scoring.kept.pace import Pace as KeepPace
from scoring.model.drift import DriftRules
from scoring.monitor import Pace
from scoring.precomputed import address

Value = TypeVar("Value")
Number = TypeVar("Number", int, float)
MOST_WORKERS = 256
MOST_CONNECTIONS = 4_096  # that one process takes, unless SCORING_MAX_CONNECTIONS says otherwise


class SettingsError(Exception):
    """A setting is missing or wrong; the text names the variable, what it was, and what is expected."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process takes at most; it refuses requests beyond that and says when to come again."""

    body_bytes: int = 4 * 1024 * 1024
    rows: int = 5_000
    in_flight: int = 32  # with more, each only waits for the others
    queued: int = 256  # with one row each, the last waits 15 ms; refusing costs half of answering
    connections: int = MOST_CONNECTIONS  # open ones; fewer where the process has fewer file descriptors
    explain_rows: int = 100  # an explanation takes a hundred times as long as a score
    explain_in_flight: int = 4
    seconds: float = 15.0  # from the first byte of a request to its answer


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the callers' key is: a secret of a Key Vault."""

    vault_uri: str
    secret: str


@dataclass(frozen=True, slots=True)
class KeyDigest:
    """The SHA-256 of the callers' key, in hex: for a container that the vault's firewall does not let in.

    Whoever reads the digest cannot call with it, and cannot guess a key that was drawn at random.
    """

    sha256: str


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """`redact`: features whose values are in no custom event. `hashed`: those that are sent as a hash.

    `traces_per_second` and `events_per_second` are limits of one process; metrics count all requests.
    `hash_key` (a secure variable of the container) makes hashes the same in all replicas and after restarts.
    """

    connection_string: str | None = None
    trace_ratio: float = 1.0
    traces_per_second: float = 10.0
    events_per_second: float = 50.0
    event_rows: int = 50
    redact: frozenset[str] = frozenset()
    hashed: frozenset[str] = frozenset()
    hash_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeepSettings:
    """What was answered is kept in the container of this URL. Rows of one process, as `kept.pace` says."""

    url: str
    pace: KeepPace = field(default_factory=KeepPace)


@dataclass(frozen=True, slots=True)
class PredictionsSettings:
    """Where predictions by key are looked up. connections: of one process. seconds: that a look-up may take.

    authorities: certificates (PEM) that the server's has to lead to, in place of public ones.
    """

    database: address.Address
    authorities: Path | None = None
    connections: int = 4
    seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Where MODEL_DIR holds a fleet. `memory_bytes`: of its members' models, of all workers together.

    `preload`: models are read at the start, as many as fit, and the service is ready afterwards.
    """

    memory_bytes: int = 512 * 1024 * 1024
    preload: bool = True


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What the deployment says about the model and image that it started."""

    name: str = "unnamed"
    version: str = "0"
    image_digest: str | None = None
    release: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    model_dir: Path = Path("model")
    machine_code: bool = True  # False: ONNX Runtime and Python answer, whatever is installed
    host: str = "0.0.0.0"  # noqa: S104 - a container's port must be reachable from outside it
    port: int = 8080
    environment: str = "local"
    client_id: str | None = None
    key_source: KeySource | KeyDigest | None = None  # None: SCORING_ALLOW_ANONYMOUS is set
    drain_seconds: float = 0.0
    workers: int = field(default_factory=cores.available)
    identity: ModelIdentity = field(default_factory=ModelIdentity)
    limits: Limits = field(default_factory=Limits)
    drift: DriftRules = field(default_factory=DriftRules)
    pace: Pace = field(default_factory=Pace)
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    keep: KeepSettings | None = None  # None: answers are not kept
    predictions: PredictionsSettings | None = None  # None: there are none by key
    fleet: FleetSettings = field(default_factory=FleetSettings)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings from environment variables. Raises SettingsError."""
    env = _Variables(environment)
    default = Settings()
    return Settings(
        model_dir=Path(env.text("MODEL_DIR", str(default.model_dir))),
        machine_code=env.flag("SCORING_MACHINE_CODE", default=default.machine_code),
        host=env.text("HOST", default.host),
        port=env.integer("PORT", default.port, 1, 65_535),
        environment=env.text("ESTATE_ENVIRONMENT", default.environment),
        client_id=env.optional("AZURE_CLIENT_ID"),
        key_source=_key_source(env),
        drain_seconds=env.number("SCORING_DRAIN_SECONDS", default.drain_seconds, 0.0, 300.0),
        workers=env.integer("SCORING_WORKERS", default.workers, 1, MOST_WORKERS if cores.supervised() else 1),
        identity=ModelIdentity(
            name=env.text("MODEL_NAME", default.identity.name),
            version=env.text("MODEL_VERSION", default.identity.version),
            image_digest=env.optional("IMAGE_DIGEST"),
            release=env.optional("RELEASE_ID"),
        ),
        limits=_limits(env, default.limits),
        drift=_drift_rules(env, default.drift),
        pace=Pace(
            rows=env.integer("SCORING_DRIFT_EVERY_ROWS", default.pace.rows, 1, 1_000_000),
            seconds=env.number("SCORING_DRIFT_EVERY_SECONDS", default.pace.seconds, 0.1, 3_600.0),
        ),
        telemetry=_telemetry(env, default.telemetry),
        keep=_keep(env),
        predictions=_predictions(env),
        fleet=FleetSettings(
            memory_bytes=1024
            * 1024
            * env.integer("SCORING_FLEET_MEMORY_MIB", default.fleet.memory_bytes // 2**20, 1, 1_048_576),
            preload=env.flag("SCORING_FLEET_PRELOAD", default=default.fleet.preload),
        ),
    )


def _limits(env: _Variables, default: Limits) -> Limits:
    return Limits(
        body_bytes=env.integer("SCORING_MAX_BODY_BYTES", default.body_bytes, 1_024, 256 * 1024 * 1024),
        rows=env.integer("SCORING_MAX_ROWS", default.rows, 1, 1_000_000),
        in_flight=env.integer("SCORING_MAX_IN_FLIGHT", default.in_flight, 1, 10_000),
        queued=env.integer("SCORING_MAX_QUEUED", default.queued, 1, 100_000),
        connections=env.integer("SCORING_MAX_CONNECTIONS", default.connections, 1, 100_000),
        explain_rows=env.integer("SCORING_MAX_EXPLAIN_ROWS", default.explain_rows, 1, 100_000),
        explain_in_flight=env.integer("SCORING_MAX_EXPLAIN_IN_FLIGHT", default.explain_in_flight, 1, 1_000),
        seconds=env.number("SCORING_REQUEST_SECONDS", default.seconds, 0.1, 600.0),
    )


def _telemetry(env: _Variables, default: TelemetrySettings) -> TelemetrySettings:
    return TelemetrySettings(
        connection_string=env.optional("APPLICATIONINSIGHTS_CONNECTION_STRING"),
        trace_ratio=env.number("SCORING_TRACE_RATIO", default.trace_ratio, 0.0, 1.0),
        traces_per_second=env.number("SCORING_TRACES_PER_SECOND", default.traces_per_second, 0.0, 100_000.0),
        events_per_second=env.number("SCORING_EVENTS_PER_SECOND", default.events_per_second, 0.0, 100_000.0),
        event_rows=env.integer("SCORING_EVENT_ROWS", default.event_rows, 0, 10_000),
        redact=env.names("SCORING_REDACT_FEATURES"),
        hashed=env.names("SCORING_HASH_FEATURES"),
        hash_key=env.optional("SCORING_HASH_KEY"),
    )


def _keep(env: _Variables) -> KeepSettings | None:
    url, default = env.optional("SCORING_KEEP_URL"), KeepPace()
    pace = KeepPace(
        part_rows=env.integer("SCORING_KEEP_PART_ROWS", default.part_rows, 1, 1_000_000),
        part_seconds=env.number("SCORING_KEEP_PART_SECONDS", default.part_seconds, 0.1, 3_600.0),
        most_rows=env.integer("SCORING_KEEP_ROWS", default.most_rows, 1, 10_000_000),
    )
    if pace.most_rows < pace.part_rows:
        raise SettingsError(
            f"SCORING_KEEP_ROWS is {pace.most_rows}: fewer than SCORING_KEEP_PART_ROWS, {pace.part_rows}"
        )
    if url is not None and not re.fullmatch(r"https://[a-z0-9.-]+/[a-z0-9-]{3,63}", url):
        raise SettingsError(
            f"SCORING_KEEP_URL is {url!r}: expected https://ACCOUNT.blob.core.windows.net/CONTAINER"
        )
    return None if url is None else KeepSettings(url, pace)


def _predictions(env: _Variables) -> PredictionsSettings | None:
    connections = env.integer("SCORING_PREDICTIONS_CONNECTIONS", 4, 1, 64)
    seconds = env.number("SCORING_PREDICTIONS_SECONDS", 2.0, 0.05, 60.0)
    authorities = env.optional("SCORING_PREDICTIONS_AUTHORITIES")
    text = env.optional("SCORING_PREDICTIONS_DATABASE")
    if text is None:
        return None
    try:
        database = address.parse(text)
    except address.AddressError as error:  # without the value, in which a password may stand
        raise SettingsError(f"SCORING_PREDICTIONS_DATABASE is no address of a database: {error}") from None
    if authorities is not None and not Path(authorities).is_file():
        raise SettingsError(
            f"SCORING_PREDICTIONS_AUTHORITIES is {authorities!r}: expected a file of certificates (PEM)"
        )
    return PredictionsSettings(
        database, None if authorities is None else Path(authorities), connections, seconds
    )


def _key_source(env: _Variables) -> KeySource | KeyDigest | None:
    vault_uri, secret = env.optional("KEY_VAULT_URI"), env.optional("API_KEY_SECRET")
    digest = env.optional("API_KEY_SHA256")
    if digest is not None:
        if secret is not None:
            raise SettingsError("API_KEY_SHA256 and API_KEY_SECRET are both set: choose one of them")
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise SettingsError("API_KEY_SHA256 is not a SHA-256: expected 64 hex digits")
    anonymous = env.flag("SCORING_ALLOW_ANONYMOUS", default=False)
    if anonymous:
        if digest is not None:
            raise SettingsError(
                "SCORING_ALLOW_ANONYMOUS is true and API_KEY_SHA256 is set: choose one of them"
            )
        if secret is not None:
            raise SettingsError(
                "SCORING_ALLOW_ANONYMOUS is true and API_KEY_SECRET is set: choose one of them"
            )
        return None
    if digest is not None:
        return KeyDigest(digest)
    if vault_uri is None or secret is None:
        missing = "KEY_VAULT_URI" if vault_uri is None else "API_KEY_SECRET"
        raise SettingsError(
            f"{missing} is not set: the callers' key is read from the secret API_KEY_SECRET of the "
            "vault KEY_VAULT_URI; to serve without a key set SCORING_ALLOW_ANONYMOUS=true"
        )
    if not vault_uri.startswith("https://"):
        raise SettingsError(f"KEY_VAULT_URI is {vault_uri!r}: expected https://NAME.vault.azure.net/")
    return KeySource(vault_uri, secret)


def _drift_rules(env: _Variables, default: DriftRules) -> DriftRules:
    window = env.integer("SCORING_DRIFT_WINDOW_ROWS", default.window_rows, 50, 1_000_000)
    least = env.integer("SCORING_DRIFT_LEAST_ROWS", min(default.least_rows, window), 1, 1_000_000)
    if least > window:
        raise SettingsError(
            f"SCORING_DRIFT_LEAST_ROWS is {least}: more than SCORING_DRIFT_WINDOW_ROWS, {window}"
        )
    return DriftRules(
        window_rows=window,
        least_rows=least,
        false_discovery_rate=env.number(
            "SCORING_DRIFT_FALSE_DISCOVERY_RATE", default.false_discovery_rate, 1e-12, 0.5
        ),
        least_psi=env.number("SCORING_DRIFT_LEAST_PSI", default.least_psi, 0.0, 10.0),
    )


class _Variables:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def optional(self, name: str) -> str | None:
        """None when the variable is unset or blank: deployments pass blanks for what they do not have."""
        return self._environment.get(name, "").strip() or None

    def text(self, name: str, default: str) -> str:
        return self.optional(name) or default

    def names(self, name: str) -> frozenset[str]:
        return frozenset(part.strip() for part in self.text(name, "").split(",") if part.strip())

    def flag(self, name: str, *, default: bool) -> bool:
        words = {"true": True, "1": True, "false": False, "0": False}
        return self._parsed(name, default, lambda text: words[text.lower()], "true or false")

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self._parsed(name, default, int, f"an integer from {low} to {high}")
        return self._within(name, value, low, high)

    def number(self, name: str, default: float, low: float, high: float) -> float:
        value = self._parsed(name, default, float, f"a number from {low:g} to {high:g}")
        return self._within(name, value, low, high)

    def _parsed(self, name: str, default: Value, parse: Callable[[str], Value], expected: str) -> Value:
        text = self.optional(name)
        if text is None:
            return default
        try:
            return parse(text)
        except (ValueError, KeyError) as error:
            raise SettingsError(f"{name} is {text!r}: expected {expected}") from error

    def _within(self, name: str, value: Number, low: float, high: float) -> Number:
        if not low <= value <= high:
            raise SettingsError(f"{name} is {value}: expected a value from {low:g} to {high:g}")
        return value
