"""Where an estate's predictions by key are, and who asks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ml.azure.clients import IDENTITY_VARIABLE
from ml.errors import MlopsError
from ml.precomputed.schema import ERASER, READER, WRITER, Member
from scoring.precomputed.address import Address, AddressError, File, Server, parse
from scoring.precomputed.server import by_credential

if TYPE_CHECKING:
    from infra.outputs import EstateOutputs
    from ml.azure.clients import Azure
    from ml.precomputed.store import Store

CLIENT_ID: Final = "AZURE_CLIENT_ID"  # of whoever signs in outside a job, as azure-identity reads it


def address_of(
    estate: EstateOutputs, given: str | None, environment: Mapping[str, str], *, erasing: bool = False
) -> Address:
    """`given`, or the estate's server with the role of whoever runs this. Raises MlopsError.

    erasing: as a member of the group that erases people's rows, where the server knows one.
    """
    if given is not None:
        try:
            return parse(given)
        except AddressError as error:
            raise MlopsError(f"--database is no address of a database: {error}.", "Correct it.") from None
    found = estate.predictions
    if found is None:
        raise MlopsError(
            f"The estate {estate.environment} has no database of predictions.",
            "Give --database sqlite:///PATH, or `predictionsDatabase` in its stack file.",
        )
    # A job's own identity comes first, as it does where the credential is made.
    client_id = environment.get(IDENTITY_VARIABLE) or environment.get(CLIENT_ID)
    writes = client_id == estate.training_identity_client_id
    people = found.eraser if erasing and found.eraser else found.administrators
    return Server(found.writer if writes else people, found.host, found.port, found.database)


def for_readers(estate: EstateOutputs) -> str | None:
    """The address that the scoring service is given; None: the estate has no such database."""
    found = estate.predictions
    if found is None:
        return None
    return f"postgresql://{quote(found.reader, safe='')}@{found.host}:{found.port}/{found.database}"


def members_of(estate: EstateOutputs) -> list[Member]:
    """The estate's identities and the group that erases, and the rights that each is to have."""
    found = estate.predictions
    if found is None:
        return []
    members = [
        Member(found.writer, found.writer_object_id, WRITER),
        Member(found.reader, found.reader_object_id, READER),
    ]
    if found.eraser and found.eraser_object_id:
        members.append(Member(found.eraser, found.eraser_object_id, ERASER, "group"))
    return members


def open_store(azure: Azure, given: str | None, *, erasing: bool = False) -> Store:
    """erasing: as whoever may erase a person's rows and do nothing else, else as an administrator. Raises
    MlopsError where the database cannot be opened."""
    address = address_of(azure.estate, given, os.environ, erasing=erasing)
    if isinstance(address, File):
        from ml.precomputed.sqlite import FileStore

        return FileStore(address)
    from ml.precomputed.postgres import ServerStore

    found, token = azure.estate.predictions, by_credential(lambda: azure.credential)
    if given is not None or found is None or address.user != found.eraser:
        return ServerStore(address, token, role=WRITER)
    # Whose member the caller is, only the server knows: an administrator need not be one of the erasers.
    try:
        return ServerStore(address, token, role=ERASER)
    except MlopsError as error:
        as_eraser = error
    try:
        return ServerStore(replace(address, user=found.administrators), token, role=WRITER)
    except MlopsError as error:
        raise MlopsError(
            f"As {found.eraser}: {as_eraser.problem} As {found.administrators}: {error.problem}",
            f"Members of either group may erase, and whoever --database names. {as_eraser.remedy}",
        ) from None
