"""cors: which pages of other origins may call, and what a browser is told before it does."""

from __future__ import annotations

from emulator.apimanagement.gateway.answers import answer
from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.plans import Action
from emulator.apimanagement.gateway.run import Returned, Run
from emulator.apimanagement.gateway.values import Attributes, Reader, text_of
from emulator.apimanagement.policies.tree import Policy

NAME = "cors"


def is_preflight(method: str, headers: dict[str, str]) -> bool:
    """Whether a browser asks for leave (Fetch standard, CORS-preflight). headers: lower case."""
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def _texts(policy: Policy, group: str, one: str) -> list[Reader]:
    held = policy.child(group)
    return [text_of(each) for each in held.all(one)] if held is not None else []


def cors(policy: Policy, compiler: Compiler) -> Action:
    """Answers what a browser asks before a call, and lets its page read the answer of one."""
    attributes = Attributes(policy)
    origins = _texts(policy, "allowed-origins", "origin")
    methods = _texts(policy, "allowed-methods", "method")
    headers = _texts(policy, "allowed-headers", "header")
    exposed = _texts(policy, "expose-headers", "header")
    group = policy.child("allowed-methods")
    times = Attributes(group) if group is not None else None

    def act(run: Run) -> None:
        context = run.context
        given = context.request.headers
        origin = given.first("Origin")
        if not origin:
            return
        allowed = [one(context).strip().rstrip("/") for one in origins]
        every = "*" in allowed
        asked = {name.lower(): given.first(name) for name in given}
        preflight = is_preflight(context.request.method, asked)
        fits = every or origin.rstrip("/").lower() in [one.lower() for one in allowed]
        if preflight:
            method = asked["access-control-request-method"].upper()
            known = [one(context).strip().upper() for one in methods] or ["GET", "POST"]
            wanted = [
                one.strip().lower() for one in asked.get("access-control-request-headers", "").split(",")
            ]
            listed = [one(context).strip().lower() for one in headers]
            fits = fits and ("*" in known or method in known)
            fits = fits and ("*" in listed or all(one in listed for one in wanted if one))
        if not fits:
            if preflight or attributes.flag("terminate-unmatched-request", context, True):
                context.response = answer(200)
                raise Returned
            return
        credentials = attributes.flag("allow-credentials", context, False)
        told = {"Access-Control-Allow-Origin": "*" if every and not credentials else origin}
        if credentials:
            told["Access-Control-Allow-Credentials"] = "true"
        if preflight:
            told["Access-Control-Allow-Methods"] = asked["access-control-request-method"]
            if given.first("Access-Control-Request-Headers"):
                told["Access-Control-Allow-Headers"] = given.first("Access-Control-Request-Headers")
            if times is not None and "preflight-result-max-age" in times:
                told["Access-Control-Max-Age"] = times.text("preflight-result-max-age", context)
            context.response = answer(200, b"", told)
            raise Returned
        if exposed:
            told["Access-Control-Expose-Headers"] = ",".join(one(context).strip() for one in exposed)

        def write() -> None:
            for name, value in told.items():
                run.response.headers[name] = [value]

        run.at_end.append(write)

    return act
