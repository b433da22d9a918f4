"""`*.azurewebsites.net`: who may call an app, its functions that HTTP triggers, its deployment."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
import uuid
from typing import Any, Final

from emulator.arm.keys import Keys
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.functions.apps import SITE, Apps, is_function_app
from emulator.functions.bindings import Function
from emulator.functions.running import Failed, Running
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.network.reach import Reach
from emulator.places import AZURE, Place
from emulator.web.secrets import FUNCTION, MASTER

HOST: Final = ".azurewebsites.net"
CONSOLE: Final = ".scm.azurewebsites.net"
PUBLISH: Final = "Microsoft.Web/sites/publish/Action"
WAIT_S: Final = 20.0  # of a request for an app that is starting
DEPLOYMENTS: Final = re.compile(r"/api/deployments/(latest|[0-9a-f-]{36})")
Json = dict[str, Any]


class Sites:
    def __init__(self, store: Store, identity: Identity, reach: Reach, apps: Apps) -> None:
        self._store, self._identity, self._reach, self._apps = store, identity, reach, apps
        self._keys = Keys(store)

    def handle(self, request: Request) -> Response:
        console = request.host.endswith(CONSOLE)
        name = request.host.removesuffix(CONSOLE if console else HOST)
        site = next(iter(self._store.named(SITE, name)), None)
        if site is None or not is_function_app(site):
            raise NotEmulated(f"a page of {request.host}: function apps alone answer here")
        self._admitted(request.place, site, console=console)
        return self._console(request, site) if console else self._app(request, site)

    # who may come

    def _admitted(self, place: Place, site: Json, *, console: bool) -> None:
        if denied := self._reach.denied(place, site["id"], "sites"):
            raise AzureError(403, "Forbidden", f"Ip Forbidden: {denied.why}.")
        if not self._reach.by_endpoint(place, site["id"], "sites"):
            return  # through a private endpoint no restriction is asked
        configuration: Json = site["properties"].get("siteConfig") or {}
        if console and configuration.get("scmIpSecurityRestrictionsUseMain") is not True:
            rules: list[Json] = configuration.get("scmIpSecurityRestrictions") or []
            default = configuration.get("scmIpSecurityRestrictionsDefaultAction", "Allow")
        else:
            rules = configuration.get("ipSecurityRestrictions") or []
            default = configuration.get("ipSecurityRestrictionsDefaultAction", "Allow")
        address = self._reach.address(place)
        for rule in sorted(rules, key=lambda one: int(one.get("priority") or 65_000)):
            if _fits(rule, place, address):
                if str(rule.get("action", "Allow")).lower() == "allow":
                    return
                break
        else:
            if str(default or "Allow").lower() == "allow":
                return
        raise AzureError(
            403, "Forbidden", f"Ip Forbidden: no access restriction of {site['name']} lets it in."
        )

    def _signed_in(self, request: Request, site: Json) -> None:
        """What App Service asks before the app does: a token of Microsoft Entra ID, where it is set so."""
        held = self._store.get(f"{site['id']}/config/authsettingsV2")
        settings: Json = held["properties"] if held else {}
        if not (settings.get("platform") or {}).get("enabled"):
            return
        if not (settings.get("globalValidation") or {}).get("requireAuthentication"):
            return
        directory: Json = (settings.get("identityProviders") or {}).get("azureActiveDirectory") or {}
        validation: Json = directory.get("validation") or {}
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not directory.get("enabled") or scheme.lower() != "bearer" or not token:
            raise _unauthorized("no bearer token of a provider that is set up")
        claims = self._identity.tokens.claims(token.strip())
        client = str((directory.get("registration") or {}).get("clientId", ""))
        audiences = {*(validation.get("allowedAudiences") or ()), client}
        if claims["aud"] not in audiences:
            raise _unauthorized(f"the token is for {claims['aud']}")
        policy: Json = validation.get("defaultAuthorizationPolicy") or {}
        allowed = policy.get("allowedApplications") or ()
        if allowed and claims["appid"] not in allowed:
            raise AzureError(403, "Forbidden", f"The application {claims['appid']} is none that may call.")

    # the app

    def _app(self, request: Request, site: Json) -> Response:
        running = self._apps.find(site["id"])
        if running is None:
            raise AzureError(503, "ServiceUnavailable", f"No code is deployed to {site['name']}.")
        if request.path.startswith("/admin/"):
            return self._admin(request, site, running)
        self._signed_in(request, site)
        if not running.ready(WAIT_S):
            raise AzureError(503, "ServiceUnavailable", f"Function host is not running: {running.state}.")
        function, route = _routed(request, running)
        self._level(request, site, str(function.trigger.get("authLevel", "FUNCTION")).lower())
        given = {
            "method": request.method,
            "url": f"https://{request.host}{request.path}",
            "headers": request.headers,
            "params": request.query,
            "route": route,
            "body": base64.b64encode(request.body).decode(),
        }
        try:
            answer = running.call(function.name, given)
        except Failed:
            return Response(500)  # as Azure: what failed is in the app's log
        return Response(int(answer["status"]), dict(answer["headers"]), base64.b64decode(answer["body"]))

    def _level(self, request: Request, site: Json, level: str) -> None:
        if level == "anonymous":
            return
        given = request.headers.get("x-functions-key") or request.query.get("code") or ""
        names = (MASTER,) if level == "admin" else (MASTER, FUNCTION)
        held = self._keys.held(site["id"])
        if not any(
            hmac.compare_digest(given.encode(), held.get(name, "-").encode()) for name in names if given
        ):
            raise AzureError(401, "Unauthorized", f"The function asks for a key of the level {level}.")

    def _admin(self, request: Request, site: Json, running: Running) -> Response:
        """`POST /admin/functions/NAME` with the master key runs a function that no HTTP triggers."""
        self._level(request, site, "admin")
        found = re.fullmatch(r"/admin/functions/([\w-]+)", request.path)
        if request.method != "POST" or found is None:
            raise NotEmulated(request.describe())
        if not running.ready(WAIT_S) or found[1] not in running.functions:
            raise AzureError(404, "NotFound", f"There is no function {found[1]} in {site['name']}.")
        if running.functions[found[1]].kind != "timerTrigger":
            raise NotEmulated(f"{request.describe()}: of functions that a timer triggers alone")
        try:
            running.timer(found[1])
        except Failed:
            return Response(500)
        return Response(202)

    # the console

    def _console(self, request: Request, site: Json) -> Response:
        principal = self._identity.principal(request, "https://management.azure.com")
        self._identity.require(principal, PUBLISH, site["id"])
        if request.method == "POST" and request.path in ("/api/publish", "/api/onedeploy"):
            self._apps.deploy(site, request.body)
            self._store.put_document("function-deployment", site["id"].lower(), {"id": str(uuid.uuid4())})
            return Response(202, {"location": f"https://{request.host}/api/deployments/latest"})
        if request.method == "GET" and DEPLOYMENTS.fullmatch(request.path):
            held = self._store.document("function-deployment", site["id"].lower())
            running = self._apps.find(site["id"])
            if held is None or running is None:
                raise AzureError(404, "NotFound", f"Nothing is deployed to {site['name']}.")
            loaded = running.ready(WAIT_S)
            # Kudu's words: 3 failed, 4 succeeded.
            told = {
                "id": held["id"],
                "status": 4 if loaded else 3,
                "status_text": "" if loaded else running.state,
            }
            return Response.json({**told, "complete": True, "active": loaded, "site_name": site["name"]})
        raise NotEmulated(request.describe())


def _routed(request: Request, running: Running) -> tuple[Function, dict[str, str]]:
    prefix = f"/{running.spec.host.prefix}/" if running.spec.host.prefix else "/"
    wrong = ""
    for function in running.functions.values():
        if function.kind != "httpTrigger" or not request.path.startswith(prefix):
            continue
        route = str(function.trigger.get("route") or function.name)
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(route))
        if found := re.fullmatch(pattern, request.path.removeprefix(prefix), re.IGNORECASE):
            methods = [str(one).upper() for one in function.trigger.get("methods") or ("GET", "POST")]
            if request.method in methods:
                return function, found.groupdict()
            wrong = ", ".join(methods)
    status, code = (405, "MethodNotAllowed") if wrong else (404, "NotFound")
    raise AzureError(
        status, code, f"No function of {running.spec.name} answers {request.method} {request.path}."
    )


def _fits(rule: Json, place: Place, address: str) -> bool:
    tag, value = str(rule.get("tag") or "Default"), str(rule.get("ipAddress") or "")
    if subnet := rule.get("vnetSubnetResourceId"):
        return str(subnet).lower() == place.subnet.lower()
    if tag == "ServiceTag":
        if value != "ActionGroup":
            raise NotEmulated(f"access restrictions: the service tag {value}")
        return place == AZURE
    if value in ("Any", "*"):
        return True
    try:
        return bool(address) and ipaddress.ip_address(address) in ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False


def _unauthorized(why: str) -> AzureError:
    return AzureError(
        401, "Unauthorized", f"You do not have permission to view this directory or page: {why}."
    )
