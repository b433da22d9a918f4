"""Writes the table of docs/data.md anew from ml/forget/places.py: `make docs`."""

from pathlib import Path
from typing import Final

from ml.forget.places import PLACES

PAGE: Final = Path(__file__).resolve().parents[1] / "docs/data.md"
BEGIN: Final = "<!-- make docs: places -->\n"
END: Final = "<!-- end: places -->\n"


def places() -> str:
    """Each place with rows of people: what becomes of one person's, its proof, and how long rows stay."""
    lines = ["| place | data sets | one person's rows | proof | kept |", "| --- | --- | --- | --- | --- |"]
    for one in PLACES:
        lines.append(f"| {one.name} | {', '.join(one.sets)} | {one.how} | {one.proof} | {one.kept.words} |")
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{places()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
