"""Other data than the example: two files are changed, and nothing of the example is said of it."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.steps.definition import fingerprint
from tests.ml.steps.own import contract
from tests.ml.steps.test_components import ROOT, run

OWN = Path(__file__).parent / "own"
ROWS = 2_000
EXAMPLE = ("default", "paid", "credit", "card holder", "bank", "Taiwan", "UCI", "NT$", "bill")


def customers(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    tenure, online = random.integers(0, 120, rows), random.random(rows).round(3)
    leaves = 1 / (1 + np.exp(tenure / 30 - 2 * online))
    return pd.DataFrame(
        {
            "customer": [f"TC-{number:06}" for number in range(rows)],
            "tenure": tenure,
            "online_share": online,
            "plan": random.choice(["basic", "plus", "family"], rows),
            "churned": (random.random(rows) < leaves).astype(np.int8),
        }
    )


@pytest.fixture
def adopted(tmp_path: Path) -> Path:
    """The code with the two files of the other data set in place."""
    code = tmp_path / "code"
    for package in ("ml", "scoring"):
        # With what is compiled, so that only what is changed is compiled anew; not what is being written now.
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.copy(OWN / "contract.py", code / "ml" / "steps" / "contract.py")
    columns = fingerprint(contract.ID, contract.LABEL, contract.FEATURES)
    words = (OWN / "about.py").read_text().replace('CONTRACT = "@"', f'CONTRACT = "{columns}"')
    (code / "ml" / "steps" / "about.py").write_text(words)
    return code


@pytest.mark.e2e
def test_the_card_of_other_data_says_nothing_of_the_example(adopted: Path, tmp_path: Path) -> None:
    customers(ROWS).to_parquet(tmp_path / "raw.parquet")

    def step(name: str, **values: object) -> None:
        done = run(name, adopted, **values)
        assert done.returncode == 0, done.stderr

    places: dict[str, Any] = {name: tmp_path / name for name in ("prepared", "validated", "model", "card")}
    step("prepare", raw=tmp_path / "raw.parquet", test_fraction=0.2, prepared=places["prepared"])
    step("validate", prepared=places["prepared"], validated=places["validated"])
    step("train", validated=places["validated"], seed=3, trials=1, model=places["model"])
    names = ("model_name", "data_asset", "data_sha256", "code_commit", "environment")
    del places["prepared"]
    step("card", bounds="none", **places, **dict.fromkeys(names, "x"))

    card = json.loads((tmp_path / "card" / "card.json").read_text())
    assert card["fairness"]["attributes"] == {}
    assert [each["values_changed"] for each in card["outliers"]["injections"]] == [2, 3]
    assert card["drift"]["false_alarms"] is None
    text = re.sub(r"<(style|img)[^>]*>([^<]*</style>)?", "", (tmp_path / "card" / "card.html").read_text())
    assert not {word for word in EXAMPLE if word.lower() in text.lower()}
    for words in ("{braces} and all", "% churned", "stayed", "A loss that was not foreseen", "No attribute"):
        assert words in text, words


def edited(file: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(code: Path) -> None:
        path = code / "ml" / "steps" / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return edit


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (edited("contract.py", '"tenure"', '"months"'), "about.py: CONTRACT is"),
        (edited("contract.py", '"plus"', '"basic"'), "contract.py: categories of plan: 'basic' is listed"),
        (
            edited("about.py", "Attribute] = {}", 'Attribute] = {"sex": Attribute("sex", {}, "all")}'),
            "about.py: ATTRIBUTES, sex: 'sex' is no feature of ml/steps/contract.py; it has tenure, online",
        ),
    ],
    ids=["other columns", "a category twice", "groups of no column"],
)
def test_what_does_not_fit_is_said_before_anything_is_read(
    adopted: Path, tmp_path: Path, edit: Callable[[Path], None], says: str
) -> None:
    edit(adopted)
    done = run("prepare", adopted, raw=tmp_path / "none", test_fraction=0.2, prepared=tmp_path / "x")
    assert done.returncode == 1
    assert says in done.stderr and "Traceback" not in done.stderr
