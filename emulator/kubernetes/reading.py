"""Reading objects: one, a list of them, or what changes from now on."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, Final

from emulator.http import Request, Response
from emulator.kubernetes import requests, selectors, tables, watching
from emulator.kubernetes.access import Attributes, Gate
from emulator.kubernetes.clusters import Cluster
from emulator.kubernetes.errors import ApiError, bad_request, not_found
from emulator.kubernetes.kinds import BY_KIND
from emulator.kubernetes.paging import Pages
from emulator.kubernetes.requests import METADATA, TABLE, Target
from emulator.kubernetes.selectors import Chosen
from emulator.principal import Principal

WATCH_S: Final = (1800, 3600)  # how long a watch is kept open that does not say

Json = dict[str, Any]


class Reading:
    """One request that reads."""

    def __init__(
        self,
        request: Request,
        cluster: Cluster,
        who: Principal,
        gate: Gate,
        aim: Target,
        pages: Pages,
    ) -> None:
        self._request = request
        self._cluster = cluster
        self._who = who
        self._gate = gate
        self._aim = aim
        self._pages = pages

    def get(self) -> Response:
        """One object."""
        aim = self._aim
        self._require("get")
        if aim.kind.namespaced and not aim.namespace:
            raise not_found(aim.kind, aim.name)
        found = self._cluster.objects.get(aim.kind.kind, aim.namespace, aim.name)
        return shaped(self._request, aim, found)

    def list(self) -> Response:
        """A collection, or a part of one."""
        request, aim = self._request, self._aim
        self._require("list")
        limit, token = requests.number(request, "limit"), request.query.get("continue", "")
        if token:
            items, meta = self._pages.next(token, limit)
        else:
            found, revision = self._cluster.objects.snapshot(
                aim.kind.kind, aim.namespace, chosen(request, aim)
            )
            self._check_version(revision)
            items, meta = self._pages.part(found, revision, limit)
        return shaped_list(request, aim, items, meta)

    def watch(self) -> Response:
        """A stream of changes, after the version that is asked for; of "0" or none, after what is there."""
        request, aim, objects = self._request, self._aim, self._cluster.objects
        self._require("watch")
        limit_s = requests.number(request, "timeoutseconds")
        initial = requests.flag(request, "sendinitialevents")
        if initial and request.query.get("resourceversionmatch") != "NotOlderThan":
            raise bad_request("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        wanted = watching.Wanted(
            kind=aim.kind,
            namespace=aim.namespace,
            chosen=chosen(request, aim),
            seconds=limit_s or random.uniform(*WATCH_S),  # noqa: S311  # so that not all end at once
            bookmarks=requests.flag(request, "allowwatchbookmarks"),
            initial=initial,
            shape=_shape(request, aim),
        )
        version = request.query.get("resourceversion", "")
        there: list[Json] = []
        if initial or version in ("", "0"):
            there, since = objects.snapshot(aim.kind.kind, aim.namespace, wanted.chosen)
        elif version.isascii() and version.isdigit() and len(version) < 19:
            since = int(version)
        else:
            raise ApiError(500, _no_version(version), "")
        head = {"content-type": "application/json"}
        try:
            watch = objects.watch(aim.kind.kind, since=since)
        except ApiError as error:
            return Response(200, head, watching.gone(error))
        return Response(200, head, stream=lambda: watching.stream(wanted, watch, there, since))

    def _require(self, verb: str) -> None:
        aim = self._aim
        namespace = aim.name if aim.kind.kind == "Namespace" else aim.namespace
        self._gate.require(
            self._who,
            self._cluster,
            Attributes(verb, aim.kind.group, aim.kind.plural, aim.subresource, namespace, aim.name),
        )

    def _check_version(self, revision: int) -> None:
        wanted = self._request.query.get("resourceversion", "")
        if wanted and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
            raise bad_request(f"invalid resource version: {_no_version(wanted)}")
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 and int(wanted) > revision:
            raise ApiError(
                504,
                f"Too large resource version: {wanted}, current: {revision}",
                "Timeout",
                details={
                    "causes": [
                        {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
                    ],
                    "retryAfterSeconds": 1,
                },
            )


def _no_version(text: str) -> str:
    given = json.dumps(text)
    return f"resourceVersion: Invalid value: {given}: strconv.ParseUint: parsing {given}: invalid syntax"


def chosen(request: Request, aim: Target) -> Chosen:
    """The objects that a request's selectors choose."""
    tests: list[Chosen] = []
    if text := request.query.get("labelselector", ""):
        tests.append(selectors.by_labels(text))
    if text := request.query.get("fieldselector", ""):
        tests.append(selectors.by_fields(aim.kind, text))
    if aim.name:
        tests.append(lambda value: value["metadata"]["name"] == aim.name)
    return lambda value: all(test(value) for test in tests)


def _shape(request: Request, aim: Target) -> Callable[[Json], Json]:
    """How a client wants objects one by one."""
    wanted, version = requests.form(request)
    include = request.query.get("includeobject") or "Metadata"
    columns = [True]  # a stream of tables names them once

    def shape(value: Json) -> Json:
        if wanted == TABLE:
            if len(value) == 3:  # a bookmark: it has a version and no row
                return tables.table(aim.kind, [], value["metadata"], include, columns=False)
            meta = {"resourceVersion": value["metadata"]["resourceVersion"]}
            made = tables.table(aim.kind, [value], meta, include, columns=columns[0])
            columns[0] = False
            return made
        if wanted == METADATA:
            return partial(value, version)
        return value

    return shape


def partial(value: Json, version: str) -> Json:
    """An object's metadata alone."""
    return {"kind": METADATA, "apiVersion": f"meta.k8s.io/{version}", "metadata": value["metadata"]}


def shaped(request: Request, aim: Target, value: Json, status: int = 200) -> Response:
    """One object, as the client wants it."""
    wanted, _ = requests.form(request)
    return Response.json(_shape(request, aim)(value) if wanted else value, status)


def shaped_list(request: Request, aim: Target, items: list[Json], meta: Json) -> Response:
    """A list, as the client wants it."""
    wanted, version = requests.form(request)
    kind = BY_KIND[aim.kind.kind]
    if wanted == TABLE:
        include = request.query.get("includeobject") or "Metadata"
        return Response.json(tables.table(kind, items, meta, include))
    if wanted == METADATA:
        return Response.json(
            {
                "kind": f"{METADATA}List",
                "apiVersion": f"meta.k8s.io/{version}",
                "metadata": meta,
                "items": [partial(one, version) for one in items],
            }
        )
    # the members of a list do not say their kind
    bare = [
        {name: value for name, value in one.items() if name not in ("kind", "apiVersion")} for one in items
    ]
    return Response.json(
        {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": meta, "items": bare}
    )
