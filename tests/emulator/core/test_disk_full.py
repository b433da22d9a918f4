"""A full disk: the reason reaches whoever asked, in words, and is no failure of the emulator."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import sqlite3
from pathlib import Path

import pytest

from emulator import cli, lifecycle, proxy, pulumi, room
from emulator.home import Home, private
from emulator.http import Request, Response
from tests.emulator.core.conftest import GROUP, LOCATION, Client


def test_a_file_without_room_is_told_by_name(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    def full(_: Request) -> Response:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise RuntimeError("could not write") from error

    client.emulator.hosts.route("full.example", full)
    answer = client.emulator.answer(Request("PUT", "full.example", "/", "/"))
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (507, "InsufficientStorage")
    assert "No space left on device" in error["message"] and "Make room" in error["message"]
    assert str(client.emulator.home.root) in error["message"]
    assert [record.exc_info for record in caplog.records if record.name == "emulator"] == [None]


def test_a_database_without_room_keeps_nothing_and_says_so(client: Client) -> None:
    database: sqlite3.Connection = client.emulator.store._db
    [pages] = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    big = {"location": LOCATION, "tags": {f"tag{number}": "x" * 200 for number in range(15)}}
    for number in range(50):
        path = f"{GROUP}{number}"
        answer = client("PUT", path, big)
        if answer.status == 507:
            break
    assert "disk is full" in json.loads(answer.body)["error"]["message"]
    assert client("GET", path).status == 404
    database.execute(f"PRAGMA max_page_count = {1 << 30}")
    assert client("PUT", path, big).status == 201


def test_on_a_disk_that_is_nearly_full_nothing_is_made_and_all_can_be_read_and_deleted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.group()
    monkeypatch.setattr(room, "TO_CHANGE", 1 << 60)
    answer = client("PUT", f"{GROUP}2", {"location": LOCATION})
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (507, "InsufficientStorage")
    assert f"the disk that holds {client.emulator.home.root} is full. Make room there" in error["message"]
    assert "MiB are free" in error["message"]
    assert client("PATCH", GROUP, {"tags": {"a": "b"}}).status == 507
    assert (client("GET", GROUP).status, client("DELETE", GROUP).status) == (200, 200)


def test_nothing_begins_on_a_disk_that_is_nearly_full(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle.require_room(home)
    monkeypatch.setattr(room, "TO_BEGIN", 1 << 60)
    with pytest.raises(lifecycle.LifecycleError, match="is full"):
        lifecycle.up(home)


def test_a_command_that_finds_no_room_for_its_files_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def prepare(home: Home) -> Home:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("EMULATOR_HOME", str(tmp_path))
    monkeypatch.setattr(Home, "prepare", prepare)
    assert cli.main(["up"]) == 1
    words = f"emulator: No space left on device: the disk that holds {tmp_path} is full. Make room there"
    assert capsys.readouterr().err.startswith(words)


def test_a_state_that_a_full_disk_cut_off_is_told_with_what_mends_it(home: Home, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: other\nruntime: python\n")
    stacks = private(home.pulumi_state / ".pulumi" / "stacks" / "other")
    whole = {"checkpoint": {}}
    for name in ("dev", "test"):
        (stacks / f"{name}.json").write_text(json.dumps(whole))
    pulumi.check_states(home, tmp_path, None)
    (stacks / "dev.json").write_text("")
    pulumi.check_states(home, tmp_path, "organization/other/test")
    for stack in (None, "dev"):
        with pytest.raises(pulumi.PulumiError, match=r"dev\.json is damaged .* stack: rm .*dev\.json"):
            pulumi.check_states(home, tmp_path, stack)
    (stacks / "dev.json.bak").write_text(json.dumps(whole))
    with pytest.raises(pulumi.PulumiError, match=r"cp .*dev\.json\.bak .*dev\.json && pulumi refresh"):
        pulumi.check_states(home, tmp_path, "dev")


def test_the_pipes_of_a_connection_that_ended_are_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """A client that is gone in the middle of an answer, as one that found no room for its files."""

    async def run() -> None:
        ended = asyncio.Event()
        served = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            source = asyncio.StreamReader()
            for _ in range(20):
                source.feed_data(bytes(1 << 16))
            source.feed_eof()
            await ended.wait()
            writer.transport.abort()
            await asyncio.sleep(0)
            await proxy._pipe(source, writer)
            served.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.transport.abort()
            ended.set()
            await served.wait()

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert caplog.records == []
