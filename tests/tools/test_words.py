"""What must never be committed is found, and said without being repeated."""

from pathlib import Path

import pytest

from tools.check.words import HOSTS, main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "a private key"),
        ("AccountKey=" + "A" * 86 + "==", "a storage account's key"),
        ("https://x.blob.core.windows.net/c?sv=1&sig=" + "a" * 44, "a shared access signature"),
        ("token: ghp_" + "a" * 36, "a token of GitHub"),
        ("pul-" + "0" * 40, "an access token of Pulumi"),
        (f"https://{HOSTS[0]}/simple", "a package index's host"),
        ("cd /home/" + "somebody/checkout", "a path of one machine"),
    ],
)
def test_each_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, what: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(f"fine\n{line}\n")
    assert main([str(file)]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"{file}:2: {what} must not be committed")
    assert line not in said


def test_what_is_no_text_and_what_is_harmless_passes(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    (tmp_path / "fine.md").write_text("AccountKey= is never used; /home is a folder\n")
    assert main([str(file) for file in tmp_path.iterdir()]) == 0
