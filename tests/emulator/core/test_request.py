"""Bodies of requests: what is not what a call needs is answered with 400, never with a traceback."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import AzureError
from emulator.http import Request


def request(body: bytes) -> Request:
    return Request("POST", "kv.vault.azure.net", "/x", "/x", {}, {}, body, "https")


@given(st.binary(max_size=40))
def test_any_body_is_an_object_or_a_400(body: bytes) -> None:
    try:
        assert isinstance(request(body).object(), dict)
    except AzureError as error:
        assert (error.status, error.code) == (400, "InvalidRequestContent")


@pytest.mark.parametrize("body", [b"[1]", b'"text"', b"7", b"null"])
def test_other_json_is_refused(body: bytes) -> None:
    with pytest.raises(AzureError, match="must be a JSON object"):
        request(body).object()


def test_a_missing_member_is_named() -> None:
    with pytest.raises(AzureError, match="lacks runId"):
        request(b'{"run": 1}').object("runId")
