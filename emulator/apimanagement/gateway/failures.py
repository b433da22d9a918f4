"""What goes wrong while a request is handled, in API Management's words.

Reasons and messages are those of "Error handling in API Management policies" (learn.microsoft.com, read
2026-11); a status that the page does not give is that of the policy's own page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from emulator.apimanagement.gateway.answers import answer
from emulator.apimanagement.policies.context import Response

INTERNAL = "Internal server error"


class Failure(Exception):
    """Ends the section that runs. source: the policy or built-in step. shown: what the caller reads where no
    on-error policy says otherwise, by default `message`."""

    def __init__(
        self,
        status: int,
        source: str,
        reason: str,
        message: str,
        *,
        shown: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{source}: {reason}: {message}")
        self.status, self.source, self.reason, self.message = status, source, reason, message
        self.shown = shown or message
        self.headers = dict(headers or {})
        self.scope = self.section = self.path = self.policy_id = ""

    def answer(self, activity: str) -> Response:
        """What the gateway answers by itself. activity: id of the request, told with errors of its own."""
        body: dict[str, object] = {"statusCode": self.status, "message": self.shown}
        if self.status >= 500 and self.shown == INTERNAL:
            body["activityId"] = activity
        headers = {"Content-Type": "application/json", **self.headers}
        return answer(self.status, json.dumps(body).encode(), headers)


def no_operation() -> Failure:
    """404: neither API nor operation."""
    message = "Unable to match incoming request to an operation."
    return Failure(404, "configuration", "OperationNotFound", message, shown="Resource not found")


def no_key() -> Failure:
    """401: an API that wants a subscription got none."""
    message = (
        "Access denied due to missing subscription key. Make sure to include subscription key when making "
        "requests to this API."
    )
    return Failure(401, "authorization", "SubscriptionKeyNotFound", message, headers=_challenge())


def bad_key() -> Failure:
    """401: a key of no active subscription that covers the API."""
    message = (
        "Access denied due to invalid subscription key. Make sure to provide a valid key for an active "
        "subscription."
    )
    return Failure(401, "authorization", "SubscriptionKeyInvalid", message, headers=_challenge())


def _challenge() -> dict[str, str]:
    return {
        "WWW-Authenticate": 'AzureApiManagementKey realm="gateway",name="Ocp-Apim-Subscription-Key",'
        'type="header"'
    }


def no_connection(why: str) -> Failure:
    """500: the backend was not reached, or hung up."""
    return Failure(500, "forward-request", "BackendConnectionFailure", why, shown=INTERNAL)


def too_slow(seconds: float) -> Failure:
    """504: no head of an answer within the timeout."""
    message = f"Request to the backend timed out after {seconds:g} seconds"
    return Failure(504, "forward-request", "Timeout", message, shown="The request timed out")


def tripped(name: str, retry_s: float) -> Failure:
    """503: the circuit breaker of the backend is open, or that of each member of the pool."""
    return Failure(
        503,
        "forward-request",
        "CircuitBreakerTripped",
        f"The circuit breaker of backend '{name}' is open",
        shown="Service Unavailable",
        headers={"Retry-After": str(max(1, round(retry_s + 0.499)))},
    )


def expression(source: str, details: str) -> Failure:
    """500: an expression failed."""
    return Failure(
        500,
        source,
        "ExpressionValueEvaluationFailure",
        f"Expression evaluation failed. {details}",
        shown=INTERNAL,
    )
