"""Compile environments/requirements/*.txt from the groups in pyproject.toml, as one coherent set."""

import subprocess
import tempfile
from pathlib import Path

from environment import GROUPS, ROOT, UV_PIN, system_certificates, uv

APART = ("sbom", "mlflow")  # each for an environment of its own: need not agree with the others


def compile_groups(tool: str, groups: tuple[str, ...], output: Path, *extra: str) -> None:
    base = [tool, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    plain = ["--no-emit-index-url", "--no-header", "--no-annotate"]
    chosen = [arg for group in groups for arg in ("--group", group)]
    command = [*base, *plain, *extra, "pyproject.toml", *chosen, "--output-file", str(output)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def compile_azure_cli(tool: str) -> None:
    """Apart from the groups: it pins old versions of much that they use."""
    base = [tool, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    plain = ["--no-emit-index-url", "--no-header", "--no-annotate"]
    folder = "environments/requirements"
    command = [*base, *plain, f"{folder}/azure-cli.in", "--output-file", f"{folder}/azure-cli.txt"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def compile_peers(tool: str) -> list[str]:
    """The servers that ours is measured beside: an environment each."""
    base = [tool, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    plain = ["--no-emit-index-url", "--no-header", "--no-annotate"]
    found = sorted((ROOT / "benchmarks" / "scoring" / "peers").glob("*/requirements.in"))
    for file in found:
        command = [*base, *plain, str(file), "--output-file", str(file.with_suffix(".txt"))]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return [file.parent.name for file in found]


def main() -> None:
    system_certificates()
    tool = uv()
    with tempfile.TemporaryDirectory() as scratch:
        together = Path(scratch) / "all.txt"
        compile_groups(tool, GROUPS, together)
        for group in GROUPS:
            output = ROOT / "environments" / "requirements" / f"{group}.txt"
            compile_groups(tool, (group,), output, "--generate-hashes", "--constraint", str(together))
    for group in APART:
        output = ROOT / "environments" / "requirements" / f"{group}.txt"
        compile_groups(tool, (group,), output, "--generate-hashes")
    compile_azure_cli(tool)
    compiled = ", ".join((*GROUPS, *APART, "azure-cli", *compile_peers(tool)))
    print(f"compiled {compiled}; uv itself is pinned in {UV_PIN.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
