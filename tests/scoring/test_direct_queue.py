"""Requests that are held for a moment and answered together: order, limits, failures."""

import asyncio
import gc

import numpy as np

from scoring.http import direct
from scoring.http.direct import Ask, Direct, Whole
from scoring.http.requests import State
from scoring.telemetry.moment import RequestRecord
from tests.scoring.test_direct import request


class Fake:
    """A connection of which is kept what it was given."""

    def __init__(self) -> None:
        self.held: Whole | None = None
        self.answers: list[tuple[bytes, bytes]] = []
        self.parsed: list[bytes] = []

    def send(self, head: bytes, body: bytes) -> None:
        self.answers.append((head, body))

    def usual(self, data: bytes) -> None:
        self.parsed.append(data)


class Echo:
    """Answers with the request's body; `broken` has none that it can answer."""

    def ask(self, headers: dict[bytes, bytes], body: bytes, record: RequestRecord) -> Ask | None:
        if body == b"raise":
            raise RuntimeError
        return None if body == b"usual" else Ask(record, np.zeros((1, 1), dtype=np.float32), True, None)

    def bodies(self, asks: list[Ask]) -> list[bytes]:
        return [ask.record.request_id.encode() for ask in asks]


class Counting(Echo):
    """Every request has 64 rows."""

    def __init__(self) -> None:
        self.moments: list[int] = []

    def ask(self, headers: dict[bytes, bytes], body: bytes, record: RequestRecord) -> Ask | None:
        return Ask(record, np.zeros((64, 1), dtype=np.float32), True, None)

    def bodies(self, asks: list[Ask]) -> list[bytes]:
        self.moments.append(len(asks))
        return super().bodies(asks)


class Broken(Echo):
    def bodies(self, asks: list[Ask]) -> list[bytes]:
        raise RuntimeError


def whole(body: bytes, name: str = "r") -> Whole:
    found = direct.read(request(body, f"X-Request-Id: {name}"))
    assert found is not None
    return found


def test_up_to_the_limit_is_held_the_rest_is_refused_and_who_left_counts_no_more() -> None:
    records: list[RequestRecord] = []

    async def run() -> None:
        state = State()
        way = Direct(state, 3, Echo(), records.extend)
        held = [Fake() for _ in range(4)]
        for number, connection in enumerate(held):
            assert way.take(connection, whole(b"", f"n{number}"))
        assert state.pending() == 3
        assert b"429" in held[3].answers[0][0] and b"retry-after: 1" in held[3].answers[0][0]
        way.drop_held(held[1])
        way.drop_held(held[1])
        assert state.pending() == 2
        late = Fake()
        assert way.take(late, whole(b"", "late"))
        await asyncio.sleep(0)
        assert [connection.answers[0][1] for connection in (held[0], held[2], late)] == [
            b"n0",
            b"n2",
            b"late",
        ]
        assert held[1].answers == []
        assert state.pending() == 0
        state.draining = True
        assert not way.take(Fake(), whole(b""))

    asyncio.run(run())
    assert sorted(record.status for record in records) == [200, 200, 200, 429]


def test_what_fails_goes_the_usual_way_alone() -> None:
    async def run() -> None:
        way = Direct(State(), 9, Echo(), lambda records: None)
        fine, failing, other = Fake(), Fake(), Fake()
        for connection, body in ((fine, b"1"), (failing, b"raise"), (other, b"usual")):
            way.take(connection, whole(body))
        await asyncio.sleep(0)
        assert len(fine.answers) == 1 and fine.parsed == []
        for connection in (failing, other):
            assert connection.answers == [] and len(connection.parsed) == 1
        broken = Direct(State(), 9, Broken(), lambda records: None)
        broken.take(fine, whole(b"1"))
        await asyncio.sleep(0)
        assert fine.parsed == [request(b"1", "X-Request-Id: r")]

    asyncio.run(run())


def test_many_rows_are_answered_a_few_at_a_time_and_others_come_in_between() -> None:
    async def run() -> None:
        answers = Counting()
        way = Direct(State(), 100, answers, lambda records: None)
        held = [Fake() for _ in range(18)]
        for number, connection in enumerate(held):
            way.take(connection, whole(b"", f"n{number}"))
        await asyncio.sleep(0)
        assert answers.moments == [4]
        way.take(held[0], whole(b"", "again"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert answers.moments == [4, 4, 4, 4, 3]
        assert [connection.answers[0][1] for connection in held] == [b"n%d" % number for number in range(18)]
        assert held[0].answers[1][1] == b"again"

    asyncio.run(run())


def test_who_does_not_wait_for_an_answer_has_its_own_request_answered_at_once_and_no_other() -> None:
    async def run() -> None:
        answers, state = Counting(), State()
        way = Direct(state, 100, answers, lambda records: None)
        held = [Fake() for _ in range(9)]
        for number, connection in enumerate(held):
            way.take(connection, whole(b"", f"n{number}"))
        for number in range(20):  # all in one turn
            way.answer_now(held[6])
            way.take(held[6], whole(b"", f"more{number}"))
        assert answers.moments == [1] * 20
        assert state.pending() == 9
        for _ in range(3):
            await asyncio.sleep(0)
        assert answers.moments[20:] == [4, 4, 1]
        assert [body for _, body in held[6].answers] == [b"n6", *(b"more%d" % number for number in range(20))]
        assert all(len(connection.answers) == 1 for connection in held if connection is not held[6])
        assert state.pending() == 0

    asyncio.run(run())


def test_one_moment_in_each_turn_of_the_loop_however_often_the_queue_was_emptied() -> None:
    async def run() -> None:
        answers = Counting()
        way = Direct(State(), 100, answers, lambda records: None)
        for _ in range(5):
            connection = Fake()
            way.take(connection, whole(b""))
            way.answer_now(connection)
        answers.moments.clear()
        for _ in range(12):
            way.take(Fake(), whole(b""))
        for turn in (1, 2, 3):
            await asyncio.sleep(0)
            assert answers.moments == [4] * turn

    asyncio.run(run())


class Failing(Fake):
    def send(self, head: bytes, body: bytes) -> None:
        raise RuntimeError("cannot be written to")


def test_a_failure_does_not_stop_those_behind() -> None:
    async def run() -> None:
        failures: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        state = State()
        way = Direct(state, 100, Counting(), lambda records: None)
        way.take(Failing(), whole(b""))
        behind = [Fake() for _ in range(8)]
        for connection in behind:
            way.take(connection, whole(b""))
        for _ in range(4):
            await asyncio.sleep(0)
        assert len(failures) == 1
        assert all(connection.answers for connection in behind[3:])  # all but those of its own moment
        assert state.pending() == 0

    asyncio.run(run())


def test_a_request_whose_caller_left_takes_no_memory_while_others_are_answered() -> None:
    async def run() -> int:
        way = Direct(State(), 100, Counting(), lambda records: None)
        for _ in range(8):
            way.take(Fake(), whole(b""))
        gone = [Fake() for _ in range(8)]
        for number, connection in enumerate(gone):
            way.take(connection, whole(bytes(50_000), f"gone{number}"))
            way.drop_held(connection)
        await asyncio.sleep(0)  # four of the first eight are answered
        return sum(1 for found in gc.get_objects() if type(found) is Whole and len(found.data) > 50_000)

    assert asyncio.run(run()) == 0
