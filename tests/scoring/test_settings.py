import pytest

from scoring.kept.pace import Pace
from scoring.settings import KeyDigest, KeySource, Limits, Settings, SettingsError, read

KEY = {"KEY_VAULT_URI": "https://kv.vault.azure.net/", "API_KEY_SECRET": "scoring-key"}


def test_the_contract_of_the_container() -> None:
    settings = read(
        KEY
        | {
            "PORT": "9000",
            "MODEL_DIR": "model",
            "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=1",
            "AZURE_CLIENT_ID": "client",
            "ESTATE_ENVIRONMENT": "stage",
            "MODEL_NAME": "credit",
            "MODEL_VERSION": "12",
            "IMAGE_DIGEST": "sha256:ab",
            "SCORING_REDACT_FEATURES": "sex, age",
        }
    )
    assert (settings.port, str(settings.model_dir), settings.environment) == (9000, "model", "stage")
    assert settings.key_source == KeySource("https://kv.vault.azure.net/", "scoring-key")
    assert (settings.identity.name, settings.identity.version) == ("credit", "12")
    assert settings.telemetry.connection_string == "InstrumentationKey=1"
    assert settings.telemetry.redact == {"sex", "age"}
    assert settings.client_id == "client"


def test_answers_are_kept_where_it_is_said() -> None:
    url = "https://dlake.blob.core.windows.net/predictions"
    more = {"SCORING_KEEP_URL": url, "SCORING_KEEP_PART_ROWS": "10", "SCORING_KEEP_ROWS": "10"}
    keep = read(KEY | more).keep
    assert keep is not None
    assert (keep.url, keep.pace) == (url, Pace(part_rows=10, most_rows=10))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SCORING_KEEP_URL", "http://dlake.blob.core.windows.net/predictions", "expected https://ACCOUNT"),
        ("SCORING_KEEP_URL", "https://dlake.blob.core.windows.net", "expected https://ACCOUNT"),
        ("SCORING_KEEP_URL", "https://u:p@dlake.blob.core.windows.net/p-1", "expected https://ACCOUNT"),
        ("SCORING_KEEP_ROWS", "100", "fewer than SCORING_KEEP_PART_ROWS, 10000"),
        ("SCORING_KEEP_PART_SECONDS", "0", "expected a value from 0.1 to 3600"),
    ],
)
def test_where_nothing_can_be_kept_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        read(KEY | {name: value})
    assert said in str(caught.value)


def test_defaults_stand_in_one_place() -> None:
    settings = read(KEY)
    assert settings.limits == Limits()
    assert settings == Settings(key_source=settings.key_source)


def test_a_key_known_by_its_digest() -> None:
    assert read({"API_KEY_SHA256": "ab" * 32}).key_source == KeyDigest("ab" * 32)


def test_blank_is_unset() -> None:
    assert read(KEY | {"APPLICATIONINSIGHTS_CONNECTION_STRING": " "}).telemetry.connection_string is None


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "KEY_VAULT_URI is not set"),
        ({"KEY_VAULT_URI": "https://kv.vault.azure.net/"}, "API_KEY_SECRET is not set"),
        (KEY | {"KEY_VAULT_URI": "http://kv"}, "KEY_VAULT_URI is 'http://kv'"),
        (
            KEY | {"SCORING_ALLOW_ANONYMOUS": "true"},
            "SCORING_ALLOW_ANONYMOUS is true and API_KEY_SECRET is set",
        ),
        (
            KEY | {"SCORING_ALLOW_ANONYMOUS": "maybe"},
            "SCORING_ALLOW_ANONYMOUS is 'maybe': expected true or false",
        ),
        (KEY | {"API_KEY_SHA256": "ab" * 32}, "API_KEY_SHA256 and API_KEY_SECRET are both set"),
        ({"API_KEY_SHA256": "secret"}, "API_KEY_SHA256 is not a SHA-256"),
        (
            {"API_KEY_SHA256": "ab" * 32, "SCORING_ALLOW_ANONYMOUS": "true"},
            "SCORING_ALLOW_ANONYMOUS is true and API_KEY_SHA256 is set",
        ),
        (KEY | {"PORT": "http"}, "PORT is 'http': expected an integer from 1 to 65535"),
        (KEY | {"PORT": "0"}, "PORT is 0"),
        (KEY | {"SCORING_TRACE_RATIO": "2"}, "SCORING_TRACE_RATIO is 2.0"),
        (KEY | {"SCORING_TRACE_RATIO": "nan"}, "SCORING_TRACE_RATIO is nan"),
        (KEY | {"SCORING_MAX_ROWS": "1.5"}, "SCORING_MAX_ROWS is '1.5'"),
        (
            KEY | {"SCORING_DRIFT_WINDOW_ROWS": "100", "SCORING_DRIFT_LEAST_ROWS": "200"},
            "SCORING_DRIFT_LEAST_ROWS is 200: more than SCORING_DRIFT_WINDOW_ROWS, 100",
        ),
    ],
)
def test_errors_name_the_variable(environment: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(environment)
    assert says in str(caught.value)


def test_secrets_are_not_shown() -> None:
    assert "very-secret" not in repr(read(KEY | {"SCORING_HASH_KEY": "very-secret"}))
