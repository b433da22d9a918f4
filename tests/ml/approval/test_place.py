"""Where releases are, for those who cannot read a stack's state."""

from pathlib import Path

import pytest

from infra.environments import environments
from infra.stack_file import settings_of
from ml.errors import MlopsError
from ml.estate import project_root
from ml.release.place import estate_of


@pytest.mark.parametrize("environment", environments())
def test_the_stack_file_is_enough(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_estate(*_: object) -> None:
        raise AssertionError("the stack was asked")

    monkeypatch.setattr("ml.estate.read_estate", read_estate)
    found, said = estate_of(environment, project_root()), settings_of(environment).releases
    assert said is not None
    assert (found.environment, found.release_account, found.release_vault) == (
        environment,
        said.account,
        said.vault,
    )
    with pytest.raises(AttributeError):
        _ = found.storage_account


def test_an_environment_without_a_stack_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MlopsError, match="nowhere"):
        estate_of("nowhere", tmp_path)
