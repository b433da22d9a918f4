"""What a runner's machine asks for, what it holds to a digest, and what a job on it can and cannot do."""

import base64
import hashlib
import io
import json
import re
import subprocess
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from infra.runners import cloud_init, machine
from infra.runners.machine import Configuration, Refused

KEY = rsa.generate_private_key(65537, 2048)
NOW = 1_796_000_000.0
TOLD = Configuration(
    identity="client-of-runners",
    key="https://kv-estate.vault.azure.net/keys/github-runners",
    repository="o/estate",
    app="Iv1.a",
    installation="42",
    labels=("self-hosted", "estate-prod"),
    software="https://github.com/actions/runner/releases/download/v1/runner.tar.gz",
    sha256="",
)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class World:
    """The machine's metadata, Key Vault, GitHub. archive: what is downloaded. refuses: part of an URL."""

    def __init__(self, archive: bytes = b"", refuses: str = "") -> None:
        self.archive, self.refuses = archive, refuses
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, request: urllib.request.Request) -> bytes:
        body = json.loads(request.data) if isinstance(request.data, bytes) else None
        self.asked.append((request.get_method(), request.full_url, body))
        if self.refuses and self.refuses in request.full_url:
            raise Refused(f"{request.full_url} is answered 503: busy")
        return (
            json.dumps(self._answer(request, body)).encode()
            if not self._is_archive(request)
            else self.archive
        )

    def _is_archive(self, request: urllib.request.Request) -> bool:
        return request.full_url == TOLD.software

    def _answer(self, request: urllib.request.Request, body: Any) -> dict[str, str]:
        authorization = request.get_header("Authorization", "")
        assert authorization is not None
        token = authorization.removeprefix("Bearer ")
        if request.full_url.startswith(machine.METADATA):
            assert request.get_header("Metadata") == "true"  # without it the metadata service answers 400
            return {"access_token": "of the identity"}
        if request.full_url.startswith(TOLD.key):
            assert (token, body["alg"]) == ("of the identity", "RS256")
            digest = decoded(body["value"])
            return {"value": encoded(KEY.sign(digest, padding.PKCS1v15(), Prehashed(SHA256())))}
        if request.full_url.endswith("/access_tokens"):
            head, _, signature = token.rpartition(".")
            KEY.public_key().verify(decoded(signature), head.encode(), padding.PKCS1v15(), SHA256())
            self.claims = json.loads(decoded(head.partition(".")[2]))
            return {"token": "ghs_installation"}
        assert token == "ghs_installation"
        return {"encoded_jit_config": "for-one-job"}


def test_a_runner_is_registered_for_one_job_with_a_key_that_never_leaves_the_vault() -> None:
    world = World()
    assert machine.registered(TOLD, "vm-1", world, lambda: NOW) == "for-one-job"
    assert [(method, url.partition("?")[0]) for method, url, _ in world.asked] == [
        ("GET", "http://169.254.169.254/metadata/identity/oauth2/token"),
        ("POST", f"{TOLD.key}/sign"),
        ("POST", "https://api.github.com/app/installations/42/access_tokens"),
        ("POST", "https://api.github.com/repos/o/estate/actions/runners/generate-jitconfig"),
    ]
    assert "client_id=client-of-runners" in world.asked[0][1]
    assert world.asked[2][2] == {"repositories": ["estate"], "permissions": {"administration": "write"}}
    assert world.asked[3][2] == {
        "name": "vm-1",
        "runner_group_id": 1,
        "labels": ["self-hosted", "estate-prod"],
        "work_folder": "_work",
    }
    assert world.claims["iss"] == "Iv1.a"
    assert world.claims["iat"] < NOW < world.claims["exp"] <= world.claims["iat"] + 600


def archive() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as opened:
        file = tarfile.TarInfo("run.sh")
        file.size, file.mode = 3, 0o755
        opened.addfile(file, io.BytesIO(b"ok\n"))
    return content.getvalue()


def pinned(content: bytes) -> Configuration:
    return Configuration(**{**vars(TOLD), "sha256": hashlib.sha256(content).hexdigest()})


def test_the_runner_is_unpacked_where_its_digest_is_the_pinned_one(tmp_path: Path) -> None:
    world = World(archive())
    machine.install(pinned(archive()), tmp_path / "runner", world)
    assert (tmp_path / "runner" / "run.sh").read_text() == "ok\n"
    machine.install(pinned(archive()), tmp_path / "runner", world)
    assert len(world.asked) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["runner"]


def test_another_digest_unpacks_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"has the digest \w+, and \w+ is pinned"):
        machine.install(pinned(b"another"), tmp_path / "runner", World(archive()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("refuses", ["metadata", "/sign", "access_tokens", "generate-jitconfig"])
def test_whoever_refuses_is_named(refuses: str) -> None:
    with pytest.raises(Refused, match=refuses):
        machine.registered(TOLD, "vm-1", World(refuses=refuses), lambda: NOW)


def test_a_token_is_sent_by_tls_alone() -> None:
    with pytest.raises(Refused, match="only https is asked"):
        machine.ask(urllib.request.Request("http://kv-estate.vault.azure.net/keys/k/sign", data=b"{}"))


# What each property keeps a job from; without one of them it could.
KEPT_FROM = {
    "DynamicUser=yes": "leaving a user, a process or a file to the next job",
    "PrivateTmp=yes": "leaving files in /tmp",
    "IPAddressDeny=169.254.169.254/32 168.63.129.16/32": "asking for tokens of the machine's identity",
    "NoNewPrivileges=yes": "becoming root by sudo or cron",
    "ProtectSystem=strict": "changing what the next job runs",
    "ProtectHome=yes": "reading the operator's files",
    "KillMode=control-group": "leaving processes",
    "CapabilityBoundingSet=": "any right of root's",
}


@pytest.mark.parametrize("limit", KEPT_FROM)
def test_a_job_is_kept_from(limit: str, tmp_path: Path) -> None:
    assert f"--property={limit}" in machine.unit("job-1", tmp_path / "secret"), KEPT_FROM[limit]


def test_what_starts_a_runner_is_on_no_command_line_and_is_gone_when_the_job_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[str], str, int]] = []

    def run(command: list[str], *, check: bool) -> None:
        (secret,) = (tmp_path / "secrets").iterdir()
        seen.append((command, secret.read_text(), secret.stat().st_mode & 0o777))
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(subprocess.CalledProcessError):
        machine.job(TOLD, "vm-1", World(), tmp_path / "secrets")
    ((command, secret, mode),) = seen
    assert secret == "ACTIONS_RUNNER_INPUT_JITCONFIG=for-one-job\n"
    assert "for-one-job" not in " ".join(command)
    assert f"--property=EnvironmentFile={tmp_path / 'secrets' / 'vm-1'}" in command
    assert mode == 0o600
    assert list((tmp_path / "secrets").iterdir()) == []


def test_a_job_that_was_left_running_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd starts the program anew when it was ended, and the job's unit goes on."""
    told, reboot = tmp_path / "told.json", tmp_path / "reboot"
    told.write_text(json.dumps({**vars(TOLD), "labels": list(TOLD.labels)}))
    reboot.touch()
    happened: list[str] = []
    runs = [0, 0, 3]  # what `systemctl is-active` says: there is one, there still is, there is none

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        happened.append(" ".join(command))
        return subprocess.CompletedProcess(command, runs.pop(0) if "is-active" in command else 0)

    monkeypatch.setattr(machine, "CONFIGURATION", told)
    monkeypatch.setattr(machine, "REBOOT", reboot)
    monkeypatch.setattr(machine.time, "sleep", lambda _: happened.append("waits"))  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.setattr(subprocess, "run", run)
    machine.main()
    ask = "systemctl is-active --quiet estate-job-*.service"
    assert happened == [ask, "waits", ask, "waits", ask, "systemctl reboot"]


def test_an_upgrade_of_libraries_restarts_neither_a_job_nor_what_waits_for_it(tmp_path: Path) -> None:
    files = {file["path"]: file["content"] for file in cloud_init.cloud_config({})["write_files"]}
    found = re.fullmatch(
        r"\$nrconf\{override_rc\}\{qr\((.+)\)\} = 0;\n", files["/etc/needrestart/conf.d/estate-runner.conf"]
    )
    assert found is not None
    (job,) = [one for one in machine.unit("ci-prod-0", tmp_path) if one.startswith("--unit=")]
    for left in (Path(cloud_init.SERVICE).name, f"{job.removeprefix('--unit=')}.service"):
        assert re.search(found[1], left), left
    assert not re.search(found[1], "walinuxagent.service")


def test_what_a_machine_is_told_is_what_its_program_reads() -> None:
    told = {**vars(TOLD), "labels": list(TOLD.labels)}
    text = base64.b64decode(cloud_init.custom_data(told)).decode()
    first, _, rest = text.partition("\n")
    assert first == "#cloud-config"
    files = {file["path"]: file for file in json.loads(rest)["write_files"]}
    assert Configuration.read(files[str(machine.CONFIGURATION)]["content"]) == TOLD
    assert files[str(machine.CONFIGURATION)]["permissions"] == "0600"
    assert files[cloud_init.PROGRAM]["content"] == Path(machine.__file__).read_text()
    assert cloud_init.PROGRAM in files[cloud_init.SERVICE]["content"]


def test_what_is_too_long_for_azure_is_refused() -> None:
    with pytest.raises(ValueError, match=r"custom data are \d+ bytes, and Azure takes 65535"):
        cloud_init.custom_data({"labels": ["x" * 65_536]})


def test_the_program_needs_the_standard_library_alone() -> None:
    """It runs where nothing of this repository is: by itself, without site-packages."""
    command = ["python3", "-I", "-S", "-c", f"import runpy; runpy.run_path({machine.__file__!r})"]
    subprocess.run(command, check=True)
