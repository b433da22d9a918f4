"""What the API server refuses of a pod, and of the template of one.

The rules and the words are those of k8s.io/kubernetes 1.36, `pkg/apis/core/validation/validation.go`.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.kubernetes import findings
from emulator.kubernetes.findings import Findings
from emulator.kubernetes.quantity import parse

Json = dict[str, Any]

PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
COUNTS: Final = (
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)
HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
RESOURCES: Final = ("cpu", "memory", "ephemeral-storage")
MUTABLE: Final = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
PLAIN: Final = (
    "privileged",
    "seLinuxOptions",
    "windowsOptions",
    "runAsUser",
    "runAsGroup",
    "runAsNonRoot",
    "readOnlyRootFilesystem",
    "allowPrivilegeEscalation",
    "procMount",
)  # of a securityContext, the fields without fields of their own
LARGEST_ID: Final = 2**31 - 1


def check_spec(found: Findings, path: str, spec: Json) -> None:
    """A pod's spec, at a path of the object."""
    volumes = _check_volumes(found, f"{path}.volumes", spec.get("volumes") or [])
    names: set[str] = set()
    if not spec.get("containers"):
        found.required(f"{path}.containers")
    for kind in ("containers", "initContainers"):
        for at, one in enumerate(spec.get(kind) or []):
            here = f"{path}.{kind}[{at}]"
            _check_container(found, here, one, volumes, spec)
            if one.get("name") in names:
                found.duplicate(f"{here}.name", one["name"])
            names.add(str(one.get("name", "")))
    found.one_of(f"{path}.restartPolicy", spec.get("restartPolicy"), ("Always", "OnFailure", "Never"))
    found.one_of(
        f"{path}.dnsPolicy",
        spec.get("dnsPolicy"),
        ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    )
    if name := spec.get("serviceAccountName"):
        found.form(f"{path}.serviceAccountName", name, findings.SUBDOMAIN)
    _check_ids(found, f"{path}.securityContext", spec.get("securityContext") or {})
    _check_seccomp(found, f"{path}.securityContext", spec.get("securityContext") or {})
    for at, one in enumerate(spec.get("topologySpreadConstraints") or []):
        here = f"{path}.topologySpreadConstraints[{at}]"
        if one.get("maxSkew", 0) <= 0:
            found.invalid(f"{here}.maxSkew", one.get("maxSkew", 0), "must be greater than zero")
        if not one.get("topologyKey"):
            found.required(f"{here}.topologyKey", "can not be empty")
        found.one_of(
            f"{here}.whenUnsatisfiable", one.get("whenUnsatisfiable", ""), ("DoNotSchedule", "ScheduleAnyway")
        )
        if selector := one.get("labelSelector"):
            found.selector(f"{here}.labelSelector", selector)


def _check_volumes(found: Findings, path: str, volumes: list[Json]) -> set[str]:
    names: set[str] = set()
    for at, one in enumerate(volumes):
        here, name = f"{path}[{at}]", str(one.get("name", ""))
        if not name:
            found.required(f"{here}.name")
        else:
            found.form(f"{here}.name", name, findings.LABEL)
        if name in names:
            found.duplicate(f"{here}.name", name)
        names.add(name)
        sources = [key for key, value in one.items() if key != "name" and value is not None]
        for extra in sources[1:]:
            found.forbidden(f"{here}.{extra}", "may not specify more than 1 volume type")
        if "configMap" in sources and not one["configMap"].get("name"):
            found.required(f"{here}.configMap.name")
        if "secret" in sources and not one["secret"].get("secretName"):
            found.required(f"{here}.secret.secretName")
        for number, source in enumerate((one.get("projected") or {}).get("sources") or []):
            token = source.get("serviceAccountToken")
            there = f"{here}.projected.sources[{number}].serviceAccountToken"
            if token is not None and not 600 <= int(token.get("expirationSeconds", 3600)) <= 1 << 32:
                found.invalid(
                    f"{there}.expirationSeconds",
                    token["expirationSeconds"],
                    "may not specify a duration less than 10 minutes",
                )
            if token is not None and not token.get("path"):
                found.required(f"{there}.path")
            elif token is not None and ".." in str(token["path"]).split("/"):
                found.invalid(f"{here}.projected.path", token["path"], "must not contain '..'")
    return names


def _check_container(found: Findings, path: str, one: Json, volumes: set[str], spec: Json) -> None:
    if not one.get("name"):
        found.required(f"{path}.name")
    else:
        found.form(f"{path}.name", one["name"], findings.LABEL)
    if not one.get("image"):
        found.required(f"{path}.image")
    elif one["image"] != str(one["image"]).strip():
        found.invalid(f"{path}.image", one["image"], "must not have leading or trailing whitespace")
    _check_ports(found, f"{path}.ports", one.get("ports") or [])
    for at, variable in enumerate(one.get("env") or []):
        here = f"{path}.env[{at}]"
        if not variable.get("name"):
            found.required(f"{here}.name")
        else:
            found.form(f"{here}.name", variable["name"], findings.VARIABLE)
        if variable.get("valueFrom") is not None and variable.get("value"):
            found.invalid(f"{here}.valueFrom", "", "may not be specified when `value` is not empty")
    mounted: set[str] = set()
    for at, mount in enumerate(one.get("volumeMounts") or []):
        here = f"{path}.volumeMounts[{at}]"
        if not mount.get("name"):
            found.required(f"{here}.name")
        if mount.get("name", "") not in volumes:
            found.missing(f"{here}.name", mount.get("name", ""))
        if not mount.get("mountPath"):
            found.required(f"{here}.mountPath")
        if mount.get("mountPath") in mounted:
            found.invalid(f"{here}.mountPath", mount["mountPath"], "must be unique")
        mounted.add(str(mount.get("mountPath")))
    found.one_of(f"{path}.imagePullPolicy", one.get("imagePullPolicy"), ("Always", "IfNotPresent", "Never"))
    _check_resources(found, f"{path}.resources", one.get("resources") or {})
    context: Json = one.get("securityContext") or {}
    _check_ids(found, f"{path}.securityContext", context)
    _check_seccomp(found, f"{path}.securityContext", context)
    if context.get("allowPrivilegeEscalation") is False and context.get("privileged"):
        found.invalid(
            f"{path}.securityContext",
            _as_go(context),
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        )
    for name in ("postStart", "preStop"):
        if (hook := (one.get("lifecycle") or {}).get(name)) is not None:
            _check_handler(found, f"{path}.lifecycle.{name}", hook, spec)
    for name in PROBES:
        if (probe := one.get(name)) is not None:
            _check_probe(found, f"{path}.{name}", probe, spec, once=name != "readinessProbe")


def _as_go(context: Json) -> Json:
    """A securityContext as the server's own type has it, which this one message shows."""
    held: Json = context.get("capabilities") or {}
    profile: Json = context.get("seccompProfile") or {}
    made: Json = {"Capabilities": {"Add": held.get("add"), "Drop": held.get("drop")} if held else None}
    for name in PLAIN:
        label = "SELinuxOptions" if name == "seLinuxOptions" else name[0].upper() + name[1:]
        made[label] = context.get(name)
    made["SeccompProfile"] = (
        {"Type": profile.get("type"), "LocalhostProfile": profile.get("localhostProfile")}
        if profile
        else None
    )
    made["AppArmorProfile"] = context.get("appArmorProfile")
    return made


def _check_ports(found: Findings, path: str, ports: list[Json]) -> None:
    names: set[str] = set()
    for at, port in enumerate(ports):
        here = f"{path}[{at}]"
        if name := port.get("name"):
            if name in names:
                found.duplicate(f"{here}.name", name)
            names.add(name)
            found.port(f"{here}.name", name)
        if not port.get("containerPort"):
            found.required(f"{here}.containerPort")
        else:
            found.port(f"{here}.containerPort", port["containerPort"])
        found.one_of(f"{here}.protocol", port.get("protocol"), PROTOCOLS)


def _check_resources(found: Findings, path: str, resources: Json) -> None:
    limits: Json = resources.get("limits") or {}
    for kind in ("limits", "requests"):
        for name, text in (resources.get(kind) or {}).items():
            here, value = f"{path}.{kind}[{name}]", parse(str(text))
            if name not in RESOURCES and "/" not in name and not name.startswith("hugepages-"):
                found.invalid(here, name, "must be a standard resource for containers")
            if value is not None and value < 0:
                found.invalid(here, str(text), findings.NEGATIVE)
            limit = parse(str(limits[name])) if name in limits and kind == "requests" else None
            if limit is not None and value is not None and value > limit:
                found.invalid(
                    f"{path}.requests",
                    str(text),
                    f"must be less than or equal to {name} limit of {limits[name]}",
                )


def _check_ids(found: Findings, path: str, context: Json) -> None:
    for name in ("runAsUser", "runAsGroup", "fsGroup"):
        value = context.get(name)
        if value is not None and not 0 <= value <= LARGEST_ID:
            found.invalid(f"{path}.{name}", value, f"must be between 0 and {LARGEST_ID}, inclusive")


def _check_seccomp(found: Findings, path: str, context: Json) -> None:
    profile = context.get("seccompProfile")
    if profile is None:
        return
    kind = profile.get("type", "")
    if not kind:
        found.required(f"{path}.seccompProfile.type", "type is required when seccompProfile is set")
    elif kind == "Localhost" and not profile.get("localhostProfile"):
        found.required(
            f"{path}.seccompProfile.localhostProfile", "must be set when seccomp type is Localhost"
        )
    else:
        found.one_of(f"{path}.seccompProfile.type", kind, ("Localhost", "RuntimeDefault", "Unconfined"))


def _check_probe(found: Findings, path: str, probe: Json, spec: Json, *, once: bool) -> None:
    _check_handler(found, path, probe, spec)
    for name in COUNTS:
        found.not_negative(f"{path}.{name}", probe.get(name))
    if once and probe.get("successThreshold", 1) != 1:
        found.invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1")


def _check_handler(found: Findings, path: str, value: Json, spec: Json) -> None:
    given = [name for name in HANDLERS if value.get(name) is not None]
    for extra in given[1:]:
        found.forbidden(f"{path}.{extra}", "may not specify more than 1 handler type")
    if not given:
        found.required(path, "must specify a handler type")
        return
    kind = given[0]
    action = value[kind]
    if kind == "httpGet":
        found.port(f"{path}.httpGet.port", action.get("port"))
        found.one_of(f"{path}.httpGet.scheme", action.get("scheme"), ("HTTP", "HTTPS"))
    elif kind == "tcpSocket":
        found.port(f"{path}.tcpSocket.port", action.get("port"))
    elif kind == "exec" and not action.get("command"):
        found.required(f"{path}.exec.command")
    elif kind == "sleep":
        seconds, grace = int(action.get("seconds", 0)), int(spec.get("terminationGracePeriodSeconds", 30))
        if not 0 <= seconds <= grace:
            found.invalid(
                f"{path}.sleep",
                seconds,
                f"must be non-negative and less than terminationGracePeriodSeconds ({grace})",
            )


def warnings(path: str, spec: Json) -> list[str]:
    """What a client is told of a pod that is taken all the same."""
    if int(spec.get("terminationGracePeriodSeconds") or 0) >= 0:
        return []
    words = "must be >= 0; negative values are invalid and will be treated as 1"
    return [f"{path}.terminationGracePeriodSeconds: {words}"]


def check_update(found: Findings, before: Json, now: Json) -> None:
    """What may not change of a pod that exists."""
    old, new = before["spec"], now["spec"]
    for kind in ("containers", "initContainers"):
        if len(old.get(kind) or []) != len(new.get(kind) or []):
            found.forbidden(f"spec.{kind}", "pod updates may not add or remove containers")
            return
    if _fixed(old) != _fixed(new):
        found.forbidden("spec", f"pod updates may not change fields other than {MUTABLE}")


def _fixed(spec: Json) -> Json:
    """A pod's spec without what may change."""
    kept = {
        name: value
        for name, value in spec.items()
        if name not in ("activeDeadlineSeconds", "tolerations", "schedulingGates", "nodeName")
    }
    for kind in ("containers", "initContainers"):
        kept[kind] = [
            {name: value for name, value in one.items() if name != "image"} for one in spec.get(kind) or []
        ]
    return kept
