"""Who may do what: roles no wider than a resource, federation for one subject, locks that hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from infra.graph.model import Resource
from policies.model import Row, Rule, equals, given, secure
from policies.roles import PRIVILEGED, WIDE_ON_A_GROUP, role_name

ASSIGNMENT: Final = "authorization:RoleAssignment"
FEDERATED: Final = "managedidentity:FederatedIdentityCredential"
SUBSCRIPTION: Final = re.compile(
    r"(?i)^/?(subscriptions/[^/]+|providers/microsoft\.management/managementgroups/[^/]+)/?$"
)
GROUP: Final = re.compile(r"(?i)/resourcegroups/[^/]+/?$|^id of group$")
DATA_ROLES: Final = re.compile(r"Data (Owner|Contributor|Reader)$|Secrets|Administrator$")


def _privileged(resource: Resource) -> Iterator[str]:
    role = role_name(resource.inputs.get("roleDefinitionId"))
    if role in PRIVILEGED:
        on = resource.inputs.get("scope")
        yield f"{role} on {on}: it may change everything, or give itself what it lacks"


def on_group(resource: Resource) -> bool:
    """Whether the scope is a resource group, by its id or by what the input refers to."""
    refers = resource.references.get("scope", ())
    return any(key.startswith("resources:ResourceGroup::") for key in refers) or bool(
        GROUP.search(str(resource.inputs.get("scope", "")))
    )


def _scope(resource: Resource) -> Iterator[str]:
    scope, role = str(resource.inputs.get("scope", "")), role_name(resource.inputs.get("roleDefinitionId"))
    if not scope:
        yield "scope is not set"
    elif SUBSCRIPTION.match(scope):
        yield f"{role} on the whole of {scope}: give it on the resource that needs it"
    elif on_group(resource) and role not in WIDE_ON_A_GROUP:
        yield f"{role} on the whole resource group: give it on the resource that needs it"


def _principal(resource: Resource) -> Iterator[str]:
    if resource.inputs.get("principalType") not in ("ServicePrincipal", "Group"):
        yield (
            f"principalType is {resource.inputs.get('principalType')!r}: 'ServicePrincipal' for an identity, "
            "'Group' for people; a person's own assignment outlives the job"
        )


def _known_role(resource: Resource) -> Iterator[str]:
    given_id = resource.inputs.get("roleDefinitionId")
    if role_name(given_id) == str(given_id):
        yield f"roleDefinitionId {given_id!r} is in no table of roles: add it to policies/roles.py"


def _subject(resource: Resource) -> Iterator[str]:
    subject, audiences = str(resource.inputs.get("subject", "")), resource.inputs.get("audiences")
    if not subject or "*" in subject:
        yield f"subject {subject!r}: name one repository's environment, or one service account"
    elif subject.startswith("repo:") and not re.search(r":environment:[\w.-]+$|:pull_request$", subject):
        yield f"subject {subject!r}: everybody who may push could sign in; name an environment"
    if audiences != ["api://AzureADTokenExchange"]:
        yield f"audiences is {audiences!r}, and has to be ['api://AzureADTokenExchange']"
    if not str(resource.inputs.get("issuer", "")).startswith(("https://", "issuer of ", "id of ")):
        yield f"issuer {resource.inputs.get('issuer')!r} is no https address"


RULES: Final = (
    Rule(
        "role-not-privileged",
        (ASSIGNMENT,),
        "Owner, Contributor and their like are everything at once",
        ("CKV_AZURE_39",),
        _privileged,
    ),
    Rule(
        "role-on-a-resource",
        (ASSIGNMENT,),
        "a role on a group or subscription holds for what is not yet there",
        (),
        _scope,
    ),
    Rule(
        "role-principal-type",
        (ASSIGNMENT,),
        "Azure looks up a principal without a type, and finds none that is seconds old",
        (),
        _principal,
    ),
    Rule("role-known", (ASSIGNMENT,), "who reviews a role knows what it may do", (), _known_role),
    Rule(
        "federated-one-subject",
        (FEDERATED,),
        "whoever matches the subject signs in as the identity",
        (),
        _subject,
    ),
    *secure(
        ("authorization:ManagementLockByScope", "authorization:ManagementLockAtResourceGroupLevel"),
        Row(
            "lock-holds",
            "level",
            equals("CanNotDelete", "ReadOnly"),
            (),
            "a lock without a level locks nothing",
        ),
    ),
    *secure(
        "authorization:ManagementLockByScope",
        Row("lock-scope", "scope", given(), (), "a lock without a target locks nothing"),
    ),
)
