"""``pip ...`` as ``uv pip ...`` into the interpreter that runs this.

uv installs from its cache by hard links, which takes a second where pip takes a minute. The cache belongs to
the machine, as a layer cache does, so that ``--no-cache-dir`` has nothing to keep out of the image.
"""

import os
import shutil
import sys
from pathlib import Path

COMMANDS = {"install", "uninstall", "freeze", "list", "show", "check"}
# Options of pip's that say nothing to uv: name -> whether a value follows.
SILENT = {
    "--no-cache-dir": False,
    "--disable-pip-version-check": False,
    "--no-input": False,
    "--no-python-version-warning": False,
    "--no-warn-script-location": False,
    "--prefer-binary": False,
    "--root-user-action": True,
    "--progress-bar": True,
    "--retries": True,
    "--timeout": True,
    "-y": False,
    "--yes": False,
    "--default-timeout": True,
}
# The machine's settings of pip that uv reads under another name.
SETTINGS = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_CERT": "SSL_CERT_FILE",
}


def arguments(given: list[str]) -> list[str]:
    """The given arguments less the silent options."""
    kept: list[str] = []
    rest = iter(given)
    for argument in rest:
        name, equals, _ = argument.partition("=")
        if name not in SILENT:
            kept.append(argument)
        elif SILENT[name] and not equals:
            next(rest, None)
    return kept


def interpreter(given: list[str]) -> tuple[str, list[str]]:
    """The environment that pip's ``--python`` names (else this interpreter's), and the other arguments."""
    if given and given[0].startswith("--python="):
        return given[0].partition("=")[2], given[1:]
    if given and given[0] == "--python":
        if len(given) < 2:
            sys.exit("pip --python: name an interpreter or the folder of a virtual environment")
        return given[1], given[2:]
    return sys.executable, given


def uninstall_pip() -> None:
    """Remove this pip itself, which uv knows nothing of: its package and its commands."""
    home = Path(__file__).parent
    for name in ("pip", "pip3", f"pip3.{sys.version_info.minor}"):
        (Path(sys.prefix) / "bin" / name).unlink(missing_ok=True)
    shutil.rmtree(home)


def main() -> None:
    uv = shutil.which("uv")
    python, given = interpreter(arguments(sys.argv[1:]))
    command = next((argument for argument in given if not argument.startswith("-")), "")
    if uv is None:
        sys.exit("pip: this image's pip is uv's, and uv is no longer on PATH")
    if given in (["--version"], ["-V"]):
        command, given = "--version", []
    elif command not in COMMANDS:
        sys.exit(f"pip {command}: not provided by uv; available: {', '.join(sorted(COMMANDS))}")
    environment = dict(os.environ)
    for pips, uvs in SETTINGS.items():
        if pips in environment:
            environment.setdefault(uvs, environment[pips])
    for name in ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS"):  # the machine's certificates, as pip takes them
        environment.setdefault(name, "true")
    links = environment.get("PIP_FIND_LINKS", "")
    if links and (not links.startswith("/") or Path(links).is_dir()):
        environment.setdefault("UV_FIND_LINKS", links)
    if command == "uninstall" and python == sys.executable and "pip" in given:
        uninstall_pip()
    before = given[: given.index(command)] if command in given else []
    after = given[given.index(command) + 1 :] if command in given else []
    compiled = ["--compile-bytecode"] if command == "install" and "--no-compile" not in after else []
    after = [argument for argument in after if argument != "--no-compile"]
    line = ["uv", "pip", command, *before, "--python", python, *compiled, *after]
    os.execve(uv, line if command != "--version" else ["uv", "pip", "--version"], environment)  # noqa: S606


if __name__ == "__main__":
    main()
