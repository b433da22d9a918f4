import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.telemetry.tracecontext import DRAWN, Digits, TraceContext
from scoring.telemetry.tracecontext import continued as continued_with

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
DIGITS = "0123456789abcdef" * 3


def continued(header: str | None) -> TraceContext:
    return continued_with(header, DIGITS)


def test_a_callers_trace_is_continued() -> None:
    context = continued(f"00-{TRACE}-{SPAN}-01")
    assert (context.trace_id, context.parent_id, context.sampled) == (TRACE, SPAN, True)
    assert context.span_id == DIGITS[32:]
    assert context.traceparent == f"00-{TRACE}-{context.span_id}-01"
    assert not continued(f"00-{TRACE}-{SPAN}-00").sampled
    assert continued(f"cc-{TRACE}-{SPAN}-01-what-comes-later").trace_id == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-1",
    ],
)
def test_anything_else_begins_a_trace(header: str | None) -> None:
    context = continued(header)
    assert context.parent_id is None
    assert context.trace_id != TRACE
    assert context.trace_id == DIGITS[:32]


@given(st.text(max_size=80))
def test_no_header_is_too_strange(header: str) -> None:
    assert len(continued(header).traceparent) == 55


def test_identifiers_are_never_all_zeros() -> None:
    for header in (None, f"00-{TRACE}-{SPAN}-01"):
        context = continued_with(header, "0" * 48)
        assert (len(context.trace_id), len(context.span_id)) == (32, 16)
        assert int(context.trace_id, 16) != 0
        assert int(context.span_id, 16) != 0


def test_no_digits_are_given_twice() -> None:
    digits, other = Digits(), Digits()
    count = 3 * 2 * DRAWN // 80  # so that they are drawn several times
    found = [digits.take(80) for _ in range(count)] + [other.take(80) for _ in range(count)]
    assert {len(one) for one in found} == {80}
    assert len(set(found)) == 2 * count
    assert set("".join(found)) == set("0123456789abcdef")
