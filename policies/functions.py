"""Function apps, and the events that reach them: signed in by identity, and shut to whoever is not listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from infra.environments import PROVEN_IN
from infra.graph.model import Graph, Resource
from policies.identity import ASSIGNMENT
from policies.model import MISSING, GraphRule, Row, Rule, equals, given, read, secure, shown
from policies.roles import PRIVILEGED, role_name

SITE: Final = "web:WebApp"
WRITES_CODE: Final = PRIVILEGED | {"Website Contributor"}
PASSWORDS: Final = ("web:WebAppScmAllowed", "web:WebAppFtpAllowed")
SIGN_IN: Final = "web:WebAppAuthSettingsV2"
TOPIC: Final = "eventgrid:SystemTopic"
SUBSCRIPTION: Final = "eventgrid:SystemTopicEventSubscription"
# "The following site configuration property (Site.SiteConfig.…) for Flex Consumption sites is invalid", as
# azure-cli#31414, pulumi-azure-native#4168 and azure-functions-host#10643 quote Azure (read 2026-11).
REFUSED: Final = (
    "ftpsState",
    "netFrameworkVersion",
    "linuxFxVersion",
    "use32BitWorkerProcess",
    "preWarmedInstanceCount",
    "functionAppScaleLimit",
    "functionsRuntimeScaleMonitoringEnabled",
)
KEY: Final = ("KEY_VAULT_URI", "API_KEY_SECRET")
"""Settings by which the scoring service asks for the callers' key, without which it does not start."""


def _webhooks(resource: Resource) -> Iterator[str]:
    hooks = read(resource.inputs, "webhookReceivers")
    for hook in hooks if isinstance(hooks, list) else []:
        name = hook.get("name")
        if hook.get("useAadAuth") is not True:
            yield f"the webhook {name!r} signs in to nothing: whoever learns its address can call it"
        if not str(hook.get("serviceUri", "")).startswith("https://"):
            yield f"the webhook {name!r} is called without TLS"


def _keyless(resource: Resource) -> Iterator[str]:
    for path in ("destination", "deadLetterDestination"):
        if read(resource.inputs, path) not in (MISSING, None):
            yield f"{path} is set: Event Grid then writes by an account key, and through no firewall"


def _flexible(resource: Resource) -> bool:
    """Whether an app is of the plan Flex Consumption."""
    return read(resource.inputs, "functionAppConfig") not in (MISSING, None)


def _no_ftp(resource: Resource) -> Iterator[str]:
    """Flex Consumption has no FTP, and takes no word about it."""
    state = read(resource.inputs, "siteConfig.ftpsState")
    if not _flexible(resource) and state != "Disabled":
        yield f"siteConfig.ftpsState is {shown(state)}, and has to be 'Disabled'"


def _taken(resource: Resource) -> Iterator[str]:
    if not _flexible(resource):
        return
    for name in REFUSED:
        if read(resource.inputs, f"siteConfig.{name}") not in (MISSING, None):
            yield f"siteConfig.{name} is set, and Azure refuses it for Flex Consumption: leave it out"


RULES: Final = (
    *secure(
        SITE,
        Row("site-https", "httpsOnly", equals(True), ("CKV_AZURE_14",), "plain HTTP can be read along"),
        Row(
            "site-tls",
            "siteConfig.minTlsVersion",
            equals("1.2", "1.3"),
            ("CKV_AZURE_15",),
            "older TLS can be read along",
        ),
        Row(
            "site-console-tls",
            "siteConfig.scmMinTlsVersion",
            equals("1.2", "1.3"),
            (),
            "older TLS can be read along",
        ),
        Row(
            "site-http2",
            "siteConfig.http20Enabled",
            equals(True),
            ("CKV_AZURE_18",),
            "what is older has attacks of its own",
        ),
        Row(
            "site-no-debugging",
            "siteConfig.remoteDebuggingEnabled",
            equals(False),
            ("CKV_AZURE_72",),
            "a debugger opens ports, and reads all that the app holds",
        ),
        Row(
            "site-no-websockets",
            "siteConfig.webSocketsEnabled",
            equals(False),
            (),
            "nothing of ours needs connections that stay open",
        ),
        Row(
            "site-public-network",
            "publicNetworkAccess",
            equals("Disabled"),
            ("CKV_AZURE_222",),
            "private endpoints lead in, nothing else",
        ),
        Row(
            "site-shut",
            "siteConfig.ipSecurityRestrictionsDefaultAction",
            equals("Deny"),
            (),
            "only listed callers reach the app",
        ),
        Row(
            "site-console-shut",
            "siteConfig.scmIpSecurityRestrictionsDefaultAction",
            equals("Deny"),
            (),
            "only listed callers put code there",
        ),
        Row(
            "site-console-apart",
            "siteConfig.scmIpSecurityRestrictionsUseMain",
            equals(False),
            (),
            "who calls the app may not for that reason put code there",
        ),
        Row(
            "site-identity",
            "identity.type",
            equals("UserAssigned"),
            ("CKV_AZURE_71",),
            "it signs in without a secret, and its roles stand before it does",
        ),
        Row(
            "site-package-by-identity",
            "functionAppConfig.deployment.storage.authentication.type",
            equals("UserAssignedIdentity"),
            (),
            "its code is read by identity and not by an account key",
        ),
        Row(
            "site-in-network",
            "virtualNetworkSubnetId",
            given(),
            (),
            "what is private is reached from inside alone",
        ),
        Row(
            "site-goes-out-inside",
            "outboundVnetRouting.allTraffic",
            equals(True),
            (),
            "all that it calls passes the network's rules and its one way out",
        ),
        Row(
            "site-routes-all",
            "siteConfig.vnetRouteAllEnabled",
            equals(True),
            (),
            "the same, for versions of Azure's API that know this property alone",
        ),
    ),
    *secure(
        PASSWORDS,
        Row("site-no-passwords", "allow", equals(False), (), "code comes by a token of Microsoft Entra ID"),
    ),
    *secure(
        SIGN_IN,
        Row(
            "site-sign-in-required",
            "globalValidation.requireAuthentication",
            equals(True),
            (),
            "who does not sign in is turned away",
        ),
        Row(
            "site-sign-in-401",
            "globalValidation.unauthenticatedClientAction",
            equals("Return401", "Return403"),
            (),
            "callers are programs: a page to sign in at lets none of them in",
        ),
        Row(
            "site-sign-in-https",
            "httpSettings.requireHttps",
            equals(True),
            (),
            "tokens that are sent in plain text can be used by whoever reads them",
        ),
    ),
    *secure(
        TOPIC,
        Row(
            "topic-identity",
            "identity.type",
            equals("UserAssigned"),
            (),
            "events are delivered by identity; an account key would be needed else",
        ),
    ),
    *secure(
        SUBSCRIPTION,
        Row(
            "events-by-identity",
            "deliveryWithResourceIdentity.identity.type",
            equals("UserAssigned"),
            (),
            "the one delivery that passes the firewall of a storage account",
        ),
        Row(
            "dead-letters-by-identity",
            "deadLetterWithResourceIdentity.identity.type",
            equals("UserAssigned"),
            (),
            "what could not be delivered is kept, by identity",
        ),
    ),
    Rule("site-no-ftp", (SITE,), "FTP puts code there by a password", ("CKV_AZURE_78",), _no_ftp),
    Rule("site-can-be-made", (SITE,), "Azure takes it as it is", (), _taken),
    Rule("events-without-keys", (SUBSCRIPTION,), "no account key is used", (), _keyless),
    Rule("webhooks-signed-in", ("monitor:ActionGroup",), "only Azure Monitor calls them", (), _webhooks),
)


def _guarded(graph: Graph) -> Iterator[tuple[Resource, str]]:
    for site in graph.all(SITE):
        for token in (*PASSWORDS, SIGN_IN):
            if not any(site.key in part.references.get("name", ()) for part in graph.all(token)):
                yield site, f"has no {token.partition(':')[2]}: Azure's own allows more than the estate needs"


def _scores(site: Resource) -> bool:
    """Whether it is the scoring service, which asks its callers for a key."""
    settings = read(site.inputs, "siteConfig.appSettings")
    items: list[dict[str, Any]] = settings if isinstance(settings, list) else []
    return set(KEY) <= {one.get("name") for one in items if one.get("value")}


def _released(graph: Graph) -> Iterator[tuple[Resource, str]]:
    """Where releases are proven, people put them there; anywhere else an approval is asked for first."""
    if graph.stack == PROVEN_IN:
        return
    scoring = {site.key for site in graph.all(SITE) if _scores(site)}
    for role in graph.all(ASSIGNMENT):
        name = role_name(role.inputs.get("roleDefinitionId"))
        if name not in WRITES_CODE or role.inputs.get("principalType") == "ServicePrincipal":
            continue
        for app in sorted(scoring & set(role.references.get("scope", ()))):
            yield (
                role,
                (
                    f"people put code on {app.rpartition(':')[2]} by {name}, past every approval: set "
                    "releases.promoterId to the identity that promotes"
                ),
            )


def _asked(graph: Graph) -> Iterator[tuple[Resource, str]]:
    for site in graph.all(SITE):
        if _scores(site):
            continue
        for part in graph.all(SIGN_IN):
            of_it = site.key in part.references.get("name", ())
            if of_it and read(part.inputs, "platform.enabled") is not True:
                yield part, "platform.enabled is not True, and the app asks its callers for no key"


GRAPH_RULES: Final = (
    GraphRule(
        "site-sign-in",
        "somebody asks who calls: Azure before the code does, or the scoring service for its key",
        ("CKV_AZURE_13",),
        _asked,
    ),
    GraphRule(
        "site-code-approved",
        "outside the environment that proves releases, an identity alone puts approved code where it scores",
        (),
        _released,
    ),
    GraphRule("site-guarded", "each app says who signs in, and takes no password", (), _guarded),
)
