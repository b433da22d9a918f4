"""GitHub's interface through gh, which every runner of GitHub has. Only the standard library is used."""

import json
import subprocess


def listed(path: str) -> list[dict]:
    """Everything of a listing: gh prints one array a page."""
    done = subprocess.run(["gh", "api", "--paginate", path], capture_output=True, text=True, check=True)
    decoder, text, found = json.JSONDecoder(), done.stdout.strip(), []
    while text:
        page, end = decoder.raw_decode(text)
        found += page
        text = text[end:].lstrip()
    return found


def call(method: str, path: str, *fields: str) -> None:
    """A field is NAME=TEXT, or NAME=@FILE."""
    given = [part for field in fields for part in ("-F" if "=@" in field else "-f", field)]
    subprocess.run(["gh", "api", "--silent", "--method", method, path, *given], check=True)
