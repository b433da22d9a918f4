"""The engine's protocol: messages in, messages out; the work is done in `lifecycle` and `functions`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from emulator.provider import functions, settings
from emulator.provider.arm_client import ArmClient, ArmError, Cancelled, Transport
from emulator.provider.defaults import RANDOM_NAME, AutoNaming, Mode
from emulator.provider.lifecycle import Lifecycle, Refused, Unfinished
from emulator.provider.package_schema import package_schema
from emulator.provider.schema_cache import sdk_version
from emulator.provider.values import decode_fields, encode_fields

_MODES: dict[int, Mode] = {
    provider_pb2.CheckRequest.AutonamingOptions.PROPOSE: "propose",
    provider_pb2.CheckRequest.AutonamingOptions.ENFORCE: "enforce",
    provider_pb2.CheckRequest.AutonamingOptions.DISABLE: "disable",
}
_EXPECTED = (Refused, ArmError, settings.SettingsError, ConnectionError, TimeoutError)


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider process, for the engine whose state is the emulator's in `home`."""

    def __init__(self, home: Path, engine: str = "", transport: Transport | None = None) -> None:
        self._home = home
        self._transport = transport
        self._engine: engine_pb2_grpc.EngineStub | None = None
        self._session: tuple[ArmClient, Lifecycle] | None = None
        self._connect(engine)

    # who we are

    def Handshake(self, request: Any, context: Any) -> Any:
        self._connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=True,
            accept_outputs=True,
            supports_autonaming_configuration=True,
        )

    def Attach(self, request: Any, context: Any) -> Any:
        self._connect(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=sdk_version())

    def GetSchema(self, request: Any, context: Any) -> Any:
        return self._answer(context, lambda: provider_pb2.GetSchemaResponse(schema=package_schema()))

    def Cancel(self, request: Any, context: Any) -> Any:
        if self._session is not None:
            self._session[0].cancelled.set()
        return empty_pb2.Empty()

    # configuration

    def CheckConfig(self, request: Any, context: Any) -> Any:
        config = decode_fields(request.news)
        found = [provider_pb2.CheckFailure(reason=text) for text in settings.problems(config)]
        try:
            settings.refuse_foreign_state(self._home)
        except settings.SettingsError as error:
            found.append(provider_pb2.CheckFailure(reason=str(error)))
        return provider_pb2.CheckResponse(inputs=request.news, failures=found)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        old, new = decode_fields(request.old_inputs or request.olds), decode_fields(request.news)
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        moved = [name for name in changed if name in ("subscriptionId", "tenantId")]
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind, diffs=changed, replaces=moved)

    def Configure(self, request: Any, context: Any) -> Any:
        def configure() -> Any:
            settings.refuse_foreign_state(self._home)
            config = {key.rsplit(":", 1)[-1]: value for key, value in request.variables.items()}
            config.update(decode_fields(request.args))
            chosen = settings.read(config)
            client = ArmClient(chosen.subscription, chosen.credentials, self._transport)
            self._session = (client, Lifecycle(client, chosen.location))
            return provider_pb2.ConfigureResponse(
                acceptSecrets=True,
                supportsPreview=True,
                acceptResources=True,
                acceptOutputs=True,
                supports_autonaming_configuration=True,
            )

        return self._answer(context, configure)

    # resources

    def Check(self, request: Any, context: Any) -> Any:
        def check() -> Any:
            token, label = _token(request), request.name or request.urn.rsplit("::", 1)[-1]
            old, new = decode_fields(request.olds), decode_fields(request.news)
            try:
                checked = self._lifecycle.check(token, label, old, new, _naming(request), request.urn)
            except Refused as error:
                failure = provider_pb2.CheckFailure(reason=str(error))
                return provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
            for text in checked.warnings:
                self._warn(text, request.urn)
            # `property` stays empty: the engine would print the property's value, secret or not
            failures = [provider_pb2.CheckFailure(reason=text) for text in checked.failures]
            return provider_pb2.CheckResponse(inputs=encode_fields(checked.inputs), failures=failures)

        return self._answer(context, check)

    def Diff(self, request: Any, context: Any) -> Any:
        def diff() -> Any:
            old, new = decode_fields(request.old_inputs or request.olds), decode_fields(request.news)
            self._lifecycle.remember(request.urn, request.id)
            changes = self._lifecycle.diff(_token(request), old, new, list(request.ignoreChanges))
            kinds = provider_pb2.PropertyDiff.Kind
            detailed = {
                change.path: provider_pb2.PropertyDiff(
                    kind=kinds.Value(change.action.upper() + ("_REPLACE" if change.replace else "")),
                    inputDiff=True,
                )
                for change in changes
            }
            replaces = sorted({str(change.keys[0]) for change in changes if change.replace})
            some = provider_pb2.DiffResponse.DIFF_SOME
            return provider_pb2.DiffResponse(
                changes=some if changes else provider_pb2.DiffResponse.DIFF_NONE,
                diffs=sorted({str(change.keys[0]) for change in changes}),
                replaces=replaces,
                detailedDiff=detailed,
                hasDetailedDiff=True,
                deleteBeforeReplace=bool(replaces) and RANDOM_NAME not in new,
            )

        return self._answer(context, diff)

    def Create(self, request: Any, context: Any) -> Any:
        def create() -> Any:
            token, inputs = _token(request), decode_fields(request.properties)
            if request.preview:
                outputs = self._lifecycle.preview_create(token, inputs)
                return provider_pb2.CreateResponse(id="", properties=encode_fields(outputs))
            resource_id, outputs = self._lifecycle.create(
                token, inputs, timeout=request.timeout, urn=request.urn
            )
            return provider_pb2.CreateResponse(id=resource_id, properties=encode_fields(outputs))

        return self._answer(context, create)

    def Update(self, request: Any, context: Any) -> Any:
        def update() -> Any:
            token = _token(request)
            outputs, new = decode_fields(request.olds), decode_fields(request.news)
            if request.preview:
                old = decode_fields(request.old_inputs)
                known = self._lifecycle.preview_update(token, outputs, old, new)
            else:
                known = self._lifecycle.update(token, request.id, outputs, new, timeout=request.timeout)
            return provider_pb2.UpdateResponse(properties=encode_fields(known))

        return self._answer(context, update)

    def Read(self, request: Any, context: Any) -> Any:
        def read() -> Any:
            inputs, outputs = decode_fields(request.inputs), decode_fields(request.properties)
            self._lifecycle.remember(request.urn, request.id)
            found = self._lifecycle.read(_token(request), request.id, inputs, outputs)
            if found is None:
                return provider_pb2.ReadResponse(id="")
            resource_id, now, known = found
            return provider_pb2.ReadResponse(
                id=resource_id, inputs=encode_fields(now), properties=encode_fields(known)
            )

        return self._answer(context, read)

    def Delete(self, request: Any, context: Any) -> Any:
        def delete() -> Any:
            self._lifecycle.delete(_token(request), request.id, timeout=request.timeout)
            return empty_pb2.Empty()

        return self._answer(context, delete)

    def Invoke(self, request: Any, context: Any) -> Any:
        def invoke() -> Any:
            arguments = decode_fields(request.args)
            try:
                found = functions.invoke(self._lifecycle, self._configured()[0], request.tok, arguments)
            except Refused as error:
                return provider_pb2.InvokeResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
            answer = provider_pb2.InvokeResponse()
            getattr(answer, "return").CopyFrom(encode_fields(found))
            return answer

        return self._answer(context, invoke)

    # plumbing

    def _configured(self) -> tuple[ArmClient, Lifecycle]:
        if self._session is None:
            raise settings.SettingsError("the provider has not been configured: the engine must do it first")
        return self._session

    @property
    def _lifecycle(self) -> Lifecycle:
        return self._configured()[1]

    def _answer(self, context: Any, work: Callable[[], Any]) -> Any:
        """The work's answer, or the call ended with its error in the engine's terms."""
        try:
            return work()
        except Unfinished as error:
            _abort_unfinished(context, error)
        except _EXPECTED as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Cancelled:
            context.abort(grpc.StatusCode.CANCELLED, "the engine asked to stop")
        except Exception as error:  # noqa: BLE001  the engine must get an answer; the trace goes to its log
            traceback.print_exc(file=sys.stderr)
            context.abort(
                grpc.StatusCode.INTERNAL, f"a defect in the provider: {type(error).__name__}: {error}"
            )
        raise AssertionError("unreachable: abort raises")

    def _connect(self, address: str) -> None:
        if address:
            self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def _warn(self, text: str, urn: str) -> None:
        if self._engine is None:
            print(text, file=sys.stderr)
            return
        self._engine.Log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn))


def _token(request: Any) -> str:
    return request.type or request.urn.split("::")[2].rsplit("$", 1)[-1]


def _naming(request: Any) -> AutoNaming:
    if not request.HasField("autonaming"):
        return AutoNaming(seed=request.randomSeed)
    options = request.autonaming
    return AutoNaming(_MODES[options.mode], options.proposed_name, request.randomSeed)


def _abort_unfinished(context: Any, error: Unfinished) -> NoReturn:
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.resource_id, properties=encode_fields(error.outputs), reasons=[error.reason]
        )
    )
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=error.reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, error.reason)
    raise AssertionError("unreachable: abort raises")
