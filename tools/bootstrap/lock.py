"""Compile environments/requirements/*.txt from the groups in pyproject.toml, as one coherent set.

What is pinned stays as it is as long as it still fits, so that a new package changes a few lines; --upgrade
takes the newest of everything.
"""

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

from environment import GROUPS, ROOT, UV_PIN, system_certificates, uv

APART = (
    "sbom",
    "kernel",
    "policies",
    "mlflow",
    "spark",
    "databricks",
)  # each for an environment of its own: need not agree with the others

ELSEWHERE = ("functions", "edge")  # not installed here, in the same versions all the same


def compile_groups(tool: str, groups: tuple[str, ...], output: Path, *extra: str) -> None:
    base = [tool, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    plain = ["--no-emit-index-url", "--no-header", "--no-annotate"]
    chosen = [arg for group in groups for arg in ("--group", group)]
    command = [*base, *plain, *extra, "pyproject.toml", *chosen, "--output-file", str(output)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def pinned() -> str:
    """The versions of all groups as they are, which uv keeps where it finds them in its output file."""
    files = (ROOT / "environments" / "requirements" / f"{group}.txt" for group in GROUPS)
    lines = "".join(file.read_text(encoding="utf-8") for file in files if file.exists())
    return "".join(
        f"{line}\n" for line in sorted(set(re.findall(r"^[\w.-]+==[^\s\\]+(?: ; [^\\\n]+)?", lines, re.M)))
    )


def compile_azure_cli(tool: str, *extra: str) -> None:
    """Apart from the groups: it pins old versions of much that they use."""
    base = [tool, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    plain = ["--no-emit-index-url", "--no-header", "--no-annotate"]
    folder = "environments/requirements"
    command = [*base, *plain, *extra, f"{folder}/azure-cli.in", "--output-file", f"{folder}/azure-cli.txt"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def compile_peers(tool: str, *extra: str) -> list[str]:
    """What ours is measured beside, servers and monitors: an environment each."""
    base = [tool, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    plain = ["--no-emit-index-url", "--no-header", "--no-annotate"]
    found = sorted((ROOT / "benchmarks").glob("*/peers/*/requirements.in"))
    for file in found:
        command = [*base, *plain, *extra, str(file), "--output-file", str(file.with_suffix(".txt"))]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return [file.parent.name for file in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="the newest versions that fit")
    upgrade = parser.parse_args().upgrade
    system_certificates()
    tool = uv()
    with tempfile.TemporaryDirectory() as scratch:
        together = Path(scratch) / "all.txt"
        if not upgrade:
            together.write_text(pinned())
        compile_groups(tool, GROUPS, together)
        for group in (*GROUPS, *ELSEWHERE):
            output = ROOT / "environments" / "requirements" / f"{group}.txt"
            compile_groups(tool, (group,), output, "--generate-hashes", "--constraint", str(together))
    extra = ["--upgrade"] if upgrade else []
    for group in APART:
        output = ROOT / "environments" / "requirements" / f"{group}.txt"
        compile_groups(tool, (group,), output, "--generate-hashes", *extra)
    compile_azure_cli(tool, *extra)
    compiled = ", ".join((*GROUPS, *ELSEWHERE, *APART, "azure-cli", *compile_peers(tool, *extra)))
    print(f"compiled {compiled}; uv itself is pinned in {UV_PIN.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
