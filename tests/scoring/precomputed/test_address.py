"""The address of the database, and the settings around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.precomputed.address import AddressError, File, Server, parse
from scoring.settings import SettingsError, read

ANYONE = {"SCORING_ALLOW_ANONYMOUS": "true"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sqlite:///data/p.db", File("/data/p.db")),
        ("sqlite:///with%20space.db", File("/with space.db")),
        (
            "postgresql://id-mlops-prod-weu-scoring@psql-a.postgres.database.azure.com/predictions",
            Server("id-mlops-prod-weu-scoring", "psql-a.postgres.database.azure.com", 5432, "predictions"),
        ),
        ("postgresql://ML%20engineers@localhost:6000/p", Server("ML engineers", "localhost", 6000, "p")),
    ],
)
def test_addresses_are_read(text: str, found: File | Server) -> None:
    assert parse(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "p.db",
        "sqlite://host/p.db",
        "sqlite:///",
        "mysql://u@h/d",
        "postgresql://h/d",
        "postgresql://u@/d",
        "postgresql://u@h",
        "postgresql://u@h/d?sslmode=disable",
        "postgresql://u@h/d#x",
        "postgresql://u@h:99999/d",
        "postgresql://u@h,other/d",
        "postgresql://u%27@h/d",
        "postgresql://u@h/d/e",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError, match="expected postgresql://USER@HOST/DATABASE or sqlite"):
        parse(text)


def test_a_password_is_refused_and_never_shown() -> None:
    with pytest.raises(SettingsError, match="a password stands in it") as refused:
        read({**ANYONE, "SCORING_PREDICTIONS_DATABASE": "postgresql://u:hunter2@h/d"})
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_settings_of_look_ups(tmp_path: Path) -> None:
    assert read(ANYONE).predictions is None
    authorities = tmp_path / "ca.pem"
    authorities.write_text("")
    more = {
        "SCORING_PREDICTIONS_DATABASE": "postgresql://u@h/d",
        "SCORING_PREDICTIONS_AUTHORITIES": str(authorities),
        "SCORING_PREDICTIONS_CONNECTIONS": "7",
        "SCORING_PREDICTIONS_SECONDS": "0.5",
    }
    found = read({**ANYONE, **more}).predictions
    assert found is not None
    assert (found.database, found.connections, found.seconds) == (Server("u", "h", 5432, "d"), 7, 0.5)
    assert found.authorities == authorities
    with pytest.raises(SettingsError, match="expected a file of certificates"):
        read({**ANYONE, **more, "SCORING_PREDICTIONS_AUTHORITIES": str(tmp_path / "none")})
    for wrong in ("0", "65", "many"):
        with pytest.raises(SettingsError, match="SCORING_PREDICTIONS_CONNECTIONS is"):
            read({**ANYONE, "SCORING_PREDICTIONS_CONNECTIONS": wrong})
