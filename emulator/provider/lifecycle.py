"""The life of a resource: check, diff, create, read, update, delete. Values in, values out; no protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.arm import catalog, computed
from emulator.arm.creations import Creation
from emulator.provider import check, defaults, diff, drift, preview, resource_ids, schema_cache
from emulator.provider.arm_client import ArmClient, ArmError, Failed
from emulator.provider.blob_plane import BlobPlane
from emulator.provider.defaults import RANDOM_NAME, UNCONFIGURED, AutoNaming
from emulator.provider.kinds import Kind, Refused, Values
from emulator.provider.lost_answers import LostAnswers
from emulator.provider.values import plain

_GROUP = catalog.find("Microsoft.Resources/resourceGroups")


class Unfinished(Refused):
    """The resource exists although its creation or update failed: the engine keeps it in the state."""

    def __init__(self, resource_id: str, outputs: Values, reason: str) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.outputs = outputs
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Checked:
    inputs: Values
    failures: list[str]
    warnings: list[str]


class Lifecycle:
    """The operations on one subscription."""

    def __init__(self, client: ArmClient, location: str = "") -> None:
        self._client = client
        self._location = location
        self._kinds: dict[str, Kind] = {}
        self._lost = LostAnswers(client)
        self._blobs = BlobPlane(client)

    def kind(self, token: str) -> Kind:
        """What is known about the token; Refused when it is not emulated."""
        if token not in self._kinds:
            self._kinds[token] = Kind(token)
        return self._kinds[token]

    def check(
        self,
        token: str,
        label: str,
        old: Values,
        new: Values,
        naming: AutoNaming = UNCONFIGURED,
        urn: str = "",
    ) -> Checked:
        """The inputs with name and location filled in, and what is wrong with them."""
        kind = self.kind(token)
        if old:
            self.remember(urn, self._lost.id_of(kind, old))
        inputs = {name: value for name, value in new.items() if not name.startswith("__")}
        defaults.fill_name(kind.schema, kind.row, inputs, old, label, naming)
        defaults.fill_location(kind.schema, inputs, old, self._location, self._group_location)
        own = defaults.own_input(kind.schema, kind.row)
        if own and not old and RANDOM_NAME in inputs:
            inputs[own] = self._lost.name(kind, inputs, urn) or inputs[own]
        findings = list(check.check_inputs(kind.schema, inputs))
        name = plain(inputs.get(own)) if own else None
        if own and name is None and not any(finding.path == own for finding in findings):
            findings.append(check.Finding(own, "is required: automatic naming is off for it"))
        if own and kind.row.name and isinstance(name, str):
            problem = kind.row.name.problem(name)
            if problem:
                findings.append(check.Finding(own, problem))
        return Checked(
            inputs,
            [str(finding) for finding in findings if finding.error],
            [
                *(str(finding) for finding in findings if not finding.error),
                *(() if old else _unknown_outputs(kind)),
            ],
        )

    def diff(self, token: str, old: Values, new: Values, ignored: Sequence[str] = ()) -> list[diff.Change]:
        """What an update would change."""
        return diff.compare(self.kind(token).row, old, new, ignored)

    def remember(self, urn: str, resource_id: str) -> None:
        """The engine knows this resource: it is in the state already."""
        self._lost.remember(urn, resource_id)

    def create(self, token: str, inputs: Values, *, timeout: float = 0, urn: str = "") -> tuple[str, Values]:
        """Id and outputs. Refused when the id is taken, Unfinished when provisioning ended badly.

        One of a random name created for the same urn with the same inputs, which the engine does not know,
        is adopted.
        """
        kind = self.kind(token)
        resource_id = self._id(kind, inputs)
        if kind.row.plane == "blob":
            return self._blobs.create(kind, resource_id, plain(inputs))
        creation = self._lost.creation(kind, inputs, urn)
        if kind.row.presence == "explicit" and self._lost.taken(kind, resource_id, creation):
            raise Refused(
                f"cannot create already existing resource '{resource_id}'. After a `pulumi up` that was "
                f"killed: `mlops recover`; else import it: `pulumi import {token} NAME {resource_id}`, or "
                "choose another name"
            )
        return self._put(kind, resource_id, inputs, {}, timeout, creation)

    def preview_create(self, token: str, inputs: Values) -> Values:
        """The outputs as far as they can be known."""
        return preview.of_create(self.kind(token).schema, inputs)

    def update(
        self, token: str, resource_id: str, outputs: Values, inputs: Values, *, timeout: float = 0
    ) -> Values:
        """The outputs after the change. outputs: those of the state, for their marks"""
        kind = self.kind(token)
        if kind.row.plane == "blob":
            return self._blobs.update(kind, resource_id, plain(inputs))
        return self._put(kind, resource_id, inputs, _marks_of_unmanaged(outputs, inputs), timeout)[1]

    def preview_update(self, token: str, outputs: Values, old: Values, new: Values) -> Values:
        """The outputs after the change as far as they can be known."""
        return preview.of_update(self.kind(token).schema, outputs, old, new)

    def read(
        self, token: str, resource_id: str, inputs: Values, outputs: Values
    ) -> tuple[str, Values, Values] | None:
        """Id, inputs and outputs as Azure has them; None when it is gone. Without inputs: an import."""
        kind = self.kind(token)
        try:
            parameters = resource_ids.parse(kind.row, resource_id)
        except resource_ids.IdError as error:
            raise Refused(str(error)) from error
        if kind.row.plane == "blob":
            return self._blobs.read(kind, resource_id, parameters, inputs)
        body = self._client.get(resource_id, kind.api_version)
        if body is None:
            return None
        found = kind.mapper.outputs(body)
        if inputs:
            now = drift.refreshed(kind.schema, kind.row, inputs, plain(outputs), found)
        else:
            now = kind.mapper.inputs(body, parameters)
        return _canonical(body, resource_id), now, kind.marked(found, inputs, outputs)

    def delete(self, token: str, resource_id: str, *, timeout: float = 0) -> None:
        """Delete; what comes with its parent also goes with it, and with it alone."""
        kind = self.kind(token)
        if kind.row.plane == "blob":
            self._blobs.delete(kind, resource_id)
        elif kind.row.presence != "with_parent":
            self._client.delete(resource_id, kind.api_version, timeout=timeout or 3600)

    def _put(
        self,
        kind: Kind,
        resource_id: str,
        inputs: Values,
        outputs: Values,
        timeout: float,
        creation: Creation | None = None,
    ) -> tuple[str, Values]:
        content = plain({name: value for name, value in inputs.items() if not name.startswith("__")})
        query = {
            name: _text(content[name]) for name in kind.mapper.traits.query if content.get(name) is not None
        }
        try:
            body = self._client.put(
                resource_id,
                kind.api_version,
                kind.mapper.to_arm(content),
                query,
                timeout=timeout or 3600,
                creation=creation,
            )
        except Failed as error:
            found = kind.marked(kind.mapper.outputs(error.body), inputs, outputs)
            raise Unfinished(_canonical(error.body, resource_id), found, str(error)) from error
        return _canonical(body, resource_id), kind.marked(kind.mapper.outputs(body), inputs, outputs)

    def _id(self, kind: Kind, inputs: Values) -> str:
        try:
            return resource_ids.build(kind.row, self._client.subscription, plain(inputs))
        except resource_ids.IdError as error:
            raise Refused(str(error)) from error

    def _group_location(self, name: str) -> str | None:
        if _GROUP is None:
            return None
        version = schema_cache.resource(f"azure-native:{_GROUP.tokens[0]}").api_version
        group_id = resource_ids.build(_GROUP, self._client.subscription, {"resourceGroupName": name})
        try:
            group = self._client.get(group_id, version)
        except ArmError as error:
            raise Refused(f"the location of resource group {name!r} cannot be read: {error}") from error
        return str(group["location"]) if group and group.get("location") else None


def _unknown_outputs(kind: Kind) -> list[str]:
    """What a program would read of a new resource in Azure, and here reads None of."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in computed.rows_of("NOT_COMPUTED", kind.row.arm_type.lower()).items():
        by_reason.setdefault(str(reason), []).append(name)
    return [f"{', '.join(names)}: None here, not in Azure: {why}" for why, names in by_reason.items()]


def _canonical(body: Values, resource_id: str) -> str:
    """The id in Azure's spelling, when the body has it."""
    own = body.get("id")
    return own if isinstance(own, str) and own.lower() == resource_id.lower() else resource_id


def _marks_of_unmanaged(outputs: Values, inputs: Values) -> Values:
    """Outputs that are not among the inputs: their marks stay, those of inputs follow the new inputs."""
    return {name: value for name, value in outputs.items() if name not in inputs}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
