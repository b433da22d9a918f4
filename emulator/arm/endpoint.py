"""management.azure.com: HTTP in front of ``Arm``: who asks, what it is called, which status answers."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.arm import conditions, creations, requests, rules, statuses
from emulator.arm.conditions import etag
from emulator.arm.ids import RESOURCE_GROUP, ArmId, canonical, parse
from emulator.arm.operations import Operations
from emulator.arm.paging import page
from emulator.arm.service import Action, Arm
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.principal import Principal

AUDIENCES = {"https://management.azure.com", "https://management.core.windows.net"}
# types whose actions carry another name
CONTAINERS = {RESOURCE_GROUP: "Microsoft.Resources/subscriptions/resourceGroups"}


class Endpoint:
    """Answers the requests of the control plane."""

    def __init__(self, arm: Arm, store: Store, identity: Identity) -> None:
        self._store = store
        self._identity = identity
        self._arm = arm
        self._operations = Operations(arm)

    def handle(self, request: Request) -> Response:
        """One request; AzureError for every refusal."""
        public = self._arm.public.get((request.method, canonical(request.path).lower()))
        if public is not None:
            return public(request)
        principal = self._identity.principal(request, AUDIENCES)
        requests.check(request)
        path = canonical(re.sub(r"/{2,}", "/", request.path))  # `az resource` doubles one
        for method, pattern, special in self._arm.specials:
            if method == request.method and (match := pattern.fullmatch(path)):
                return special(request, match, principal)
        parsed = parse(path)
        if request.method == "POST" or self._is_read_action(parsed):
            return self._act(request, path, principal)
        if parsed is None:
            raise NotEmulated(request.describe())
        match request.method:
            case "GET" | "HEAD":
                return self._read(request, parsed, principal)
            case "PUT" | "PATCH":
                return self._write(request, parsed, principal)
            case "DELETE":
                return self._delete(request, parsed, principal)
            case method:
                raise AzureError(405, "MethodNotAllowed", f"The method '{method}' is not allowed.")

    def _read(self, request: Request, parsed: ArmId, principal: Principal) -> Response:
        self._arm.require_known(parsed)
        self._allow(principal, f"{parsed.type}/read", parsed.text if parsed.name else parsed.parent)
        if parsed.is_collection:
            items = self._arm.list(parsed.text, request.query)
            return Response.json(page(items, request))
        if request.method == "HEAD":
            self._arm.get(parsed.text)
            return Response(204)
        creation = creations.of(request.headers)
        earlier = creations.find(self._store, creation) if creation else []
        told = {creations.CREATED: json.dumps(earlier)} if earlier else {}
        try:
            resource = self._arm.get(parsed.text)
        except AzureError as error:
            error.headers.update(told)
            raise
        return Response.json(resource, headers={"etag": etag(resource), **told})

    def _write(self, request: Request, parsed: ArmId, principal: Principal) -> Response:
        if parsed.is_collection:
            raise AzureError(405, "MethodNotAllowed", f"'{request.method}' needs the id of one resource.")
        self._arm.require_known(parsed)
        self._allow(principal, f"{parsed.type}/write", parsed.text)
        self._arm.pending.check(parsed.text, parsed.type)
        body = request.json()
        if not isinstance(body, dict):
            raise AzureError(400, "InvalidRequestContent", "The request content must be a JSON object.")
        resource, created = self._arm.put(
            parsed.text,
            body,
            merge=request.method == "PATCH",
            principal=principal,
            creation=creations.of(request.headers),
            condition=conditions.of(request.headers, parsed.text),
            query=request.query,
        )
        status = statuses.of_write(parsed.type, "PATCH" if request.method == "PATCH" else "PUT", created)
        end = self._arm.pending.begin(parsed.text, parsed.type, "Creating" if created else "Updating")
        followed = self._followed(status, parsed, request, principal, resource, end)
        shown = self._arm.get(parsed.text) if end else resource
        return Response.json(shown, status, {"etag": etag(resource), **followed})

    def _delete(self, request: Request, parsed: ArmId, principal: Principal) -> Response:
        if parsed.is_collection:
            raise AzureError(405, "MethodNotAllowed", "'DELETE' needs the id of one resource.")
        self._arm.require_known(parsed)
        self._allow(principal, f"{parsed.type}/delete", parsed.text)
        rules.check_deletable(parsed)
        self._arm.pending.check(parsed.text, parsed.type)
        condition = conditions.of(request.headers, parsed.text)
        resource = self._arm.find(parsed.text)
        if resource is None:
            if condition is not None:
                condition(None)
            status = statuses.of_delete_of_nothing(parsed.type)
            if status == statuses.NOT_FOUND:
                self._arm.get(parsed.text)  # raises, in the words of the type
            return Response(status)
        self._arm.delete(parsed.text, query=request.query, condition=condition)
        status = statuses.of_delete(parsed.type)
        headers = self._followed(status, parsed, request, principal, resource)
        if status == 200 and statuses.tells_what_was_deleted(parsed.type):
            return Response.json(resource, status)
        return Response(status, headers)

    def _followed(
        self,
        status: int,
        parsed: ArmId,
        request: Request,
        principal: Principal,
        resource: dict[str, Any],
        end: float = 0.0,
    ) -> dict[str, str]:
        """The headers by which a client follows what was answered with 202, or what ends later."""
        if status != 202 and not end:
            return {}
        place = str(resource.get("location") or "")
        headers = self._operations.begin(parsed, request, principal, place, end)
        return headers if status == 202 else {"azure-asyncoperation": headers["azure-asyncoperation"]}

    def _act(self, request: Request, path: str, principal: Principal) -> Response:
        target, _, name = path.rpartition("/")
        parsed = parse(target)
        if parsed is None or not self._arm.has_action(parsed.type, name):
            raise NotEmulated(request.describe())
        verb = "action" if request.method == "POST" else "read"
        self._allow(principal, f"{parsed.type}/{name}/{verb}", parsed.text if parsed.name else parsed.parent)
        result = self._arm.act(
            Action(
                parsed.text,
                name,
                request.json(),
                request.query,
                request.headers,
                principal,
                request.method,
            )
        )
        if isinstance(result, Response):
            return result
        if result is None:
            return Response(statuses.of_action(parsed.type, name) if request.method == "POST" else 200)
        return Response.json(result)

    def _is_read_action(self, parsed: ArmId | None) -> bool:
        """A GET of ``…/{resource}/{name}`` where a service answers ``name`` as an action, such as logs."""
        if parsed is None or not parsed.is_collection or not parsed.parent:
            return False
        owner = parse(parsed.parent)
        return owner is not None and self._arm.has_action(owner.type, parsed.type.rsplit("/", 1)[-1])

    def _allow(self, principal: Principal, action: str, scope: str) -> None:
        for arm_type, name in CONTAINERS.items():
            if action.startswith(f"{arm_type}/"):
                action = name + action[len(arm_type) :]
        self._identity.require(principal, action, scope)
