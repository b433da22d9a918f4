"""The policies that the gateway runs, by name; whatever is not here is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.plans import Action
from emulator.apimanagement.gateway.steps import (
    access,
    content,
    cors,
    flow,
    forwarding,
    limits,
    messages,
    telling,
    tokens,
)
from emulator.apimanagement.policies.tree import Policy

Make = Callable[[Policy, Compiler], Action]

STEPS: Final[Mapping[str, Make]] = {
    **{name: messages.in_section(name) for name in messages.CHANGES},
    "authentication-basic": access.authentication_basic,
    "authentication-managed-identity": access.authentication_managed_identity,
    "cache-lookup-value": flow.cache_value("lookup"),
    "cache-remove-value": flow.cache_value("remove"),
    "cache-store-value": flow.cache_value("store"),
    "check-header": access.check_header,
    "choose": flow.choose,
    "cors": cors.cors,
    "emit-metric": telling.emit_metric,
    "find-and-replace": flow.find_and_replace,
    "forward-request": forwarding.forward_request,
    "ip-filter": access.ip_filter,
    "limit-concurrency": flow.limit_concurrency,
    "mock-response": flow.mock_response,
    "quota": limits.quota(by_key=False),
    "quota-by-key": limits.quota(by_key=True),
    "rate-limit": limits.rate_limit(by_key=False),
    "rate-limit-by-key": limits.rate_limit(by_key=True),
    "retry": flow.retry,
    "return-response": flow.return_response,
    "rewrite-uri": messages.rewrite_uri,
    "send-one-way-request": forwarding.send_request(one_way=True),
    "send-request": forwarding.send_request(one_way=False),
    "set-backend-service": forwarding.set_backend_service,
    "set-variable": flow.set_variable,
    "trace": telling.trace,
    "validate-azure-ad-token": tokens.validate_azure_ad_token,
    "validate-content": content.validate_content,
    "validate-jwt": tokens.validate_jwt,
}
RUN: Final = frozenset(STEPS) | {"base", "include-fragment"}
"""All of them, with the two that are put in place when a policy is made ready."""
