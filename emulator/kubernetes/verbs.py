"""Writing objects: create, replace, patch, apply, delete."""

from __future__ import annotations

from typing import Any, Final, cast

from emulator.http import Request, Response
from emulator.kubernetes import fieldsets, managed, patches, pods, requests, schema
from emulator.kubernetes.access import Attributes, Gate
from emulator.kubernetes.clusters import Cluster
from emulator.kubernetes.errors import (
    ApiError,
    Cause,
    bad_option,
    bad_request,
    not_allowed,
    not_found,
    unfit_patch,
)
from emulator.kubernetes.kinds import Kind
from emulator.kubernetes.metadata import copy
from emulator.kubernetes.podsecurity import namespaces as podsecurity
from emulator.kubernetes.reading import chosen, shaped, shaped_list
from emulator.kubernetes.requests import Target
from emulator.principal import Principal

JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH = requests.PATCHES
PROPAGATIONS: Final = ("Background", "Foreground", "Orphan")

Json = dict[str, Any]


class Verbs:
    """One request that writes."""

    def __init__(self, request: Request, cluster: Cluster, who: Principal, gate: Gate, aim: Target) -> None:
        self._request = request
        self._cluster = cluster
        self._objects = cluster.objects
        self._who = who
        self._gate = gate
        self._aim = aim
        self._warnings: list[str] = []

    def create(self) -> Response:
        """A new object, or that there is one of its name."""
        aim = self._aim
        self.require("create")
        given = requests.object_of(self._request, aim, self._warnings)
        meta: Json = given.setdefault("metadata", {})
        self._place(meta)
        made = self._objects.create(
            given, manager=requests.manager(self._request), dry_run=requests.dry_run(self._request)
        )
        return self.answered(made, 201)

    def update(self) -> Response:
        """The whole object anew."""
        aim = self._aim
        self.require("update")
        given = requests.object_of(self._request, aim, self._warnings)
        meta: Json = given.setdefault("metadata", {})
        self._place(meta)
        if not meta.get("name"):
            raise bad_request("name is required" if not aim.name else _other_name("", aim.name))
        if meta["name"] != aim.name:
            raise bad_request(_other_name(str(meta["name"]), aim.name))
        return self.answered(self.write(given))

    def patch(self) -> Response:
        """A change of the object, in one of the four ways to say it."""
        kind = requests.media_type(self._request)
        if kind not in requests.PATCHES:
            raise unfit_patch()
        self.require("patch")
        if kind == APPLY_PATCH:
            return self._apply()
        if self._request.query.get("force"):
            what = "Forbidden: may not be specified for non-apply patch"
            raise bad_option("PatchOptions", "force", "FieldValueForbidden", what)
        words = "{}" if kind == STRATEGIC_PATCH else "error decoding patch: {}"
        change = requests.body(self._request, words=words)
        with self._objects.together():
            held = self._objects.get(self._aim.kind.kind, self._aim.namespace, self._aim.name)
            made = self._read(patched(self._aim.kind, held, kind, change))
            if (name := str((made.get("metadata") or {}).get("name", ""))) != self._aim.name:
                raise bad_request(_other_name(name, self._aim.name))
            return self.answered(self.write(made))

    def _apply(self) -> Response:
        aim, request = self._aim, self._request
        manager = requests.manager(request, applying=True)
        config = requests.document(request)
        if not config.get("apiVersion") or not config.get("kind"):
            raise bad_request(f"invalid object type: {_type(config)}")
        if (config["apiVersion"], config["kind"]) != (aim.kind.api_version, aim.kind.kind):
            raise bad_request(
                f"Incorrect version specified in apply patch. Specified patch version: "
                f"{config.get('apiVersion')}, expected: {aim.kind.api_version}"
            )
        meta: Json = config.setdefault("metadata", {})
        if meta.get("managedFields") is not None:
            raise bad_request("metadata.managedFields must be nil")
        if meta.get("name", aim.name) != aim.name:
            raise bad_request(_other_name(str(meta["name"]), aim.name))
        label = f"{meta.get('namespace', '')}/{meta.get('name', '')}; {_type(config)}"
        failed = f"failed to create typed patch object ({label}): "
        if faults := schema.typed(schema.root(aim.kind.schema), config):
            told = faults[0] if len(faults) == 1 else "errors:\n" + "\n".join(f"  {one}" for one in faults)
            raise ApiError(500, failed + told, "")
        self._place(meta)
        meta["name"] = aim.name
        dry, force = requests.dry_run(request), requests.flag(request, "force")
        with self._objects.together():
            live = self._objects.find(aim.kind.kind, aim.namespace, aim.name)
            if live is None and aim.subresource:
                raise not_found(aim.kind, aim.name)
            try:
                merged, fields = managed.applied(
                    aim.kind, live, copy(config), manager, aim.subresource, force=force
                )
            except fieldsets.Duplicate as error:
                raise ApiError(500, f"{failed}{error}", "") from error
            made, _ = schema.read(aim.kind.schema, merged)
            if live is None:
                return self.answered(self._objects.create(made, fields=fields, dry_run=dry), 201)
            return self.answered(self._objects.update(made, aim.subresource, fields=fields, dry_run=dry))

    def _read(self, value: Json) -> Json:
        """An object that a patch has made; unknown fields are refused or warned of."""
        try:
            made, unknown = schema.read(self._aim.kind.schema, value)
        except ApiError as error:
            raise _unfit(error.message) from error
        if unknown and self._request.query.get("fieldvalidation") == "Strict":
            found = ", ".join(f'unknown field "{path}"' for path in unknown)
            raise _unfit(f"strict decoding error: {found}")
        requests.validation(self._request, self._aim.kind, unknown, self._warnings)
        return made

    def write(self, given: Json, subresource: str | None = None) -> Json:
        """Put it in the place of the one that is there, as the request's options have it."""
        return self._objects.update(
            given,
            self._aim.subresource if subresource is None else subresource,
            manager=requests.manager(self._request),
            dry_run=requests.dry_run(self._request),
        )

    def delete(self) -> Response:
        """One object."""
        aim = self._aim
        self.require("delete")
        options = self._options()
        before = self._objects.get(aim.kind.kind, aim.namespace, aim.name)
        gone = self._delete(before, options)
        after = self._objects.find(aim.kind.kind, aim.namespace, aim.name)
        if after is None and aim.kind.kind not in ("Pod", "Namespace"):
            details: Json = {"name": aim.name}
            details |= {"group": aim.kind.group} if aim.kind.group else {}
            details |= {"kind": aim.kind.plural, "uid": before["metadata"]["uid"]}
            body = {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": details,
            }
            return self.headed(Response.json(body))
        return self.headed(shaped(self._request, aim, gone))

    def delete_all(self) -> Response:
        """All that the selectors choose."""
        aim, request = self._aim, self._request
        self.require("deletecollection")
        options = self._options()
        found = self._objects.list(aim.kind.kind, aim.namespace, chosen(request, aim))
        gone = [self._delete(one, options) for one in found]
        return shaped_list(request, aim, gone, {"resourceVersion": str(self._objects.revision)})

    def _options(self) -> Json:
        request = self._request
        given: Json = {}
        if request.body.strip():
            given, _ = schema.read(
                "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions", requests.document(request)
            )
        if (grace := requests.number(request, "graceperiodseconds")) is not None:
            given["gracePeriodSeconds"] = grace
        if policy := request.query.get("propagationpolicy"):
            given["propagationPolicy"] = policy
        if orphan := request.query.get("orphandependents"):
            given["orphanDependents"] = orphan in requests.TRUE
        policy = given.get("propagationPolicy")
        if policy is None:
            given["propagationPolicy"] = "Orphan" if given.get("orphanDependents") else "Background"
        elif policy not in PROPAGATIONS:
            supported = ", ".join(f'"{one}"' for one in (*PROPAGATIONS, "nil"))
            what = f'Unsupported value: "{policy}": supported values: {supported}'
            raise bad_option("DeleteOptions", "propagationPolicy", "FieldValueNotSupported", what)
        return given

    def _delete(self, value: Json, options: Json) -> Json:
        kind, meta = self._aim.kind, value["metadata"]
        conditions = cast(Json, options.get("preconditions") or {})
        return self._objects.delete(
            kind.kind,
            str(meta.get("namespace", "")),
            str(meta["name"]),
            grace_s=options.get("gracePeriodSeconds"),
            propagation=str(options["propagationPolicy"]),
            uid=str(conditions.get("uid") or ""),
            version=str(conditions.get("resourceVersion") or ""),
            dry_run=requests.dry_run(self._request) or options.get("dryRun") == ["All"],
        )

    # parts

    def require(self, verb: str) -> None:
        """403 unless the caller's roles allow it."""
        aim = self._aim
        namespace = aim.name if aim.kind.kind == "Namespace" else aim.namespace
        self._gate.require(
            self._who,
            self._cluster,
            Attributes(verb, aim.kind.group, aim.kind.plural, aim.subresource, namespace, aim.name),
        )

    def _place(self, meta: Json) -> None:
        """The namespace is the path's; 400 where the object says another."""
        aim = self._aim
        if not aim.kind.namespaced:
            meta.pop("namespace", None)
            return
        if not aim.namespace:
            raise not_allowed()
        if meta.get("namespace", aim.namespace) != aim.namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        meta["namespace"] = aim.namespace

    def answered(self, value: Json, status: int = 200) -> Response:
        """The object, as the client wants it, with the warnings."""
        if self._aim.subresource != "status":
            kind = self._aim.kind
            if kind.kind in podsecurity.PODS:
                where = "spec" if kind.kind == "Pod" else "spec.template.spec"
                self._warnings += pods.warnings(where, podsecurity.spec_of(kind, value))
            self._warnings += podsecurity.warnings(self._objects, kind, value)
        return self.headed(shaped(self._request, self._aim, value, status))

    def headed(self, answer: Response) -> Response:
        if self._warnings:
            quoted = [one.replace("\\", "\\\\").replace('"', '\\"') for one in self._warnings]
            answer.headers["warning"] = ", ".join(f'299 - "{one}"' for one in quoted)
        return answer


def _type(config: Json) -> str:
    """The type of an object, as Go writes it."""
    group, _, version = str(config.get("apiVersion") or "/").rpartition("/")
    text = f"{group}/{version}" if group or not version else version
    return f"{text}, Kind={config.get('kind') or ''}"


def _unfit(why: str) -> ApiError:
    """422 for a patch that makes of an object what cannot be read as one."""
    message = f'Invalid value: "{{...}}": {why}'
    cause = Cause("FieldValueInvalid", "patch", message)
    return ApiError(422, f' "" is invalid: patch: {message}', details={"causes": [cause.json()]})


def _other_name(given: str, wanted: str) -> str:
    return f"the name of the object ({given}) does not match the name on the URL ({wanted})"


def patched(kind: Kind, held: Json, media: str, change: Any) -> Json:
    """An object after a patch that is no apply."""
    if media == JSON_PATCH:
        return patches.json_patch(held, change)
    if not isinstance(change, dict):
        kind_of = "array" if isinstance(change, list) else "string"
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {kind_of} into Go value of type "
            "map[string]interface {}"
        )
    if media == MERGE_PATCH:
        return patches.merge_patch(held, cast(Json, change))
    return patches.strategic_patch(schema.root(kind.schema), held, cast(Json, change))
