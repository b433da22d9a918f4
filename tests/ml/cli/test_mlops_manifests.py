"""`mlops manifests`: what a reviewer reads."""

import yaml
from rich.console import Console

from ml.commands.manifests import render
from ml.production import manifests
from tests.ml.production.revisions import values


def test_what_is_shown_is_the_yaml_of_what_is_sent() -> None:
    rendered = manifests.render(values(variables={"A": "[bold]x[/]"}))
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(render({"manifests": rendered}), soft_wrap=True)
    assert list(yaml.safe_load_all(console.export_text())) == rendered
