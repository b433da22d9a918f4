"""DateTime, TimeSpan and DateTimeOffset: ticks of 100 ns, written by .NET's formats (invariant)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from emulator.apimanagement.policies.expressions.values import Thrown

SECOND: Final = 10_000_000
DAY: Final = 86_400 * SECOND
UNIX: Final = 621_355_968_000_000_000
MOST: Final = 3_155_378_975_999_999_999
STANDARD: Final = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
    "O": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
    "r": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
    "s": "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_PART = re.compile(r"d+|M+|y+|H+|h+|m+|s+|f+|F+|t+|z+|K|'[^']*'|\"[^\"]*\"|\\.|.", re.DOTALL)
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ZONE = re.compile(r"(.*?)\s*(?:(Z|GMT)|([+-])(\d\d):?(\d\d))\s*")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7})\d*)?)?)?")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?)?")
_RFC = re.compile(r"(?:\w{3}, )?(\d{1,2}) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d)")


@dataclass(frozen=True, order=True)
class TimeSpan:
    """A length of time."""

    ticks: int

    def __str__(self) -> str:
        days, rest = divmod(abs(self.ticks), DAY)
        seconds, fraction = divmod(rest, SECOND)
        start = ("-" if self.ticks < 0 else "") + (f"{days}." if days else "")
        end = f".{fraction:07}" if fraction else ""
        return f"{start}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{end}"


@dataclass(frozen=True, order=True)
class DateTime:
    """A time; utc: whether its kind is Utc."""

    ticks: int
    utc: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.ticks <= MOST:
            raise Thrown(
                "System.ArgumentOutOfRangeException",
                "The added or subtracted value results in an un-representable DateTime.",
            )

    @property
    def python(self) -> datetime:
        """Without a zone, and without what is finer than a microsecond."""
        return datetime(1, 1, 1) + timedelta(microseconds=self.ticks // 10)

    def __str__(self) -> str:
        return written(self, "G")


@dataclass(frozen=True)
class DateTimeOffset:
    """A time with its distance from UTC; ticks: of the local time."""

    ticks: int
    offset: int = 0

    @property
    def utc_ticks(self) -> int:
        """The same time at Greenwich."""
        return self.ticks - self.offset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DateTimeOffset) and self.utc_ticks == other.utc_ticks

    def __lt__(self, other: DateTimeOffset) -> bool:
        return self.utc_ticks < other.utc_ticks

    def __hash__(self) -> int:
        return hash(self.utc_ticks)

    def __str__(self) -> str:
        return written(self, "MM/dd/yyyy HH:mm:ss zzz")


def of(moment: datetime) -> DateTime:
    """A moment as .NET has it, in UTC."""
    passed = (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(
        1970, 1, 1, tzinfo=UTC
    )
    return DateTime(UNIX + passed // timedelta(microseconds=1) * 10, True)


def now() -> DateTime:
    """The present. The gateway's own zone is UTC."""
    return of(datetime.now(UTC))


def made(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> DateTime:
    """A time of its parts."""
    try:
        found = datetime(year, month, day, hour, minute, second)
    except ValueError as error:
        raise Thrown(
            "System.ArgumentOutOfRangeException",
            "Year, Month, and Day parameters describe an un-representable DateTime.",
        ) from error
    return DateTime(of(found).ticks)


def written(value: DateTime | DateTimeOffset, form: str | None = None) -> str:
    """A time by a standard or an own format."""
    form = form or "G"
    if len(form) == 1 and form not in STANDARD:
        raise Thrown("System.FormatException", "Input string was not in a correct format.")
    if form in ("r", "R", "u") and isinstance(value, DateTimeOffset):
        value = DateTimeOffset(value.utc_ticks)
    form = STANDARD.get(form, form).removeprefix("%")
    moment = DateTime(value.ticks).python
    fraction = f"{value.ticks % SECOND:07}"
    return "".join(_part(part, moment, fraction, value) for part in _PART.findall(form))


def _number(moment: datetime, letter: str) -> int | None:
    match letter:
        case "d":
            return moment.day
        case "M":
            return moment.month
        case "H":
            return moment.hour
        case "h":
            return moment.hour % 12 or 12
        case "m":
            return moment.minute
        case "s":
            return moment.second
        case _:
            return None


def _part(part: str, moment: datetime, fraction: str, value: DateTime | DateTimeOffset) -> str:
    letter, length = part[0], len(part)
    if letter in "'\"" and length > 1:
        return part[1:-1]
    if letter == "\\":
        return part[1:]
    if letter in "dM" and length > 2:
        names = _DAYS if letter == "d" else _MONTHS
        name = names[moment.weekday() if letter == "d" else moment.month - 1]
        return name[:3] if length == 3 else name
    number = _number(moment, letter)
    if number is not None:
        return f"{number:0{min(length, 2)}}"
    match letter:
        case "y":
            return f"{moment.year % 100:0{length}}" if length < 3 else f"{moment.year:0{length}}"
        case "f":
            return fraction[:length]
        case "F":
            return fraction[:length].rstrip("0")
        case "t":
            return ("AM", "PM")[moment.hour >= 12][:length]
        case "K" | "z":
            return _zone(letter, length, value)
        case _:
            return part


def _zone(letter: str, length: int, value: DateTime | DateTimeOffset) -> str:
    if isinstance(value, DateTime):
        if letter == "K":
            return "Z" if value.utc else ""
        offset = 0
    else:
        offset = value.offset
    sign, minutes = "-" if offset < 0 else "+", abs(offset) // (60 * SECOND)
    if letter == "z" and length < 3:
        return f"{sign}{minutes // 60:0{length}}"
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


def read(text: str) -> tuple[DateTime, int | None] | None:
    """A text's time and its distance from UTC in ticks, None where it names none; None of no time."""
    text = text[:64].strip()
    offset: int | None = None
    if zone := _ZONE.fullmatch(text):
        text = zone[1]
        offset = 0 if zone[2] else int(zone[4]) * 3600 + int(zone[5]) * 60
        offset = (-offset if zone[3] == "-" else offset) * SECOND
    parts = _parts(text)
    if parts is None:
        return None
    try:
        found = made(*parts[0])
    except Thrown:
        return None
    return DateTime(found.ticks + parts[1]), offset


def _parts(text: str) -> tuple[tuple[int, ...], int] | None:
    iso, slashes, rfc = _ISO.fullmatch(text), _SLASHES.fullmatch(text), _RFC.fullmatch(text)
    if rfc:
        months = [name[:3] for name in _MONTHS]
        if rfc[2] not in months:
            return None
        return (
            int(rfc[3]),
            months.index(rfc[2]) + 1,
            int(rfc[1]),
            *(int(one) for one in rfc.groups()[3:]),
        ), 0
    match = iso or slashes
    if match is None:
        return None
    order = (1, 2, 3) if iso else (3, 1, 2)
    date = tuple(int(match[index]) for index in order)
    time = tuple(int(match[index] or 0) for index in (4, 5, 6))
    return (*date, *time), int((match[7] or "").ljust(7, "0") or 0)


def parsed(text: str | None) -> DateTime:
    """As DateTime.Parse: a time with a zone becomes the local one, which is UTC here."""
    found = read(text or "")
    if found is None:
        raise Thrown("System.FormatException", "String was not recognized as a valid DateTime.")
    moment, offset = found
    return moment if offset is None else DateTime(moment.ticks - offset)


def parsed_offset(text: str | None) -> DateTimeOffset:
    """As DateTimeOffset.Parse."""
    found = read(text or "")
    if found is None:
        raise Thrown("System.FormatException", "String was not recognized as a valid DateTime.")
    return DateTimeOffset(found[0].ticks, found[1] or 0)


def tried(parse: Callable[[str | None], object], text: str | None) -> object | None:
    """What a parser gives, None where it throws."""
    try:
        return parse(text)
    except Thrown:
        return None


def moved(value: Any, ticks: int) -> Any:
    """A DateTime or a DateTimeOffset that is so many ticks later, in the same zone."""
    if isinstance(value, DateTimeOffset):
        DateTime(value.ticks + ticks)  # raises where there is no such time
        return DateTimeOffset(value.ticks + ticks, value.offset)
    return DateTime(value.ticks + ticks, value.utc)


def subtracted(one: Any, two: Any) -> Any:
    """A time less another, or less a length."""
    if isinstance(two, TimeSpan):
        return moved(one, -two.ticks)
    if isinstance(one, DateTimeOffset):
        other = two.utc_ticks if isinstance(two, DateTimeOffset) else two.ticks
        return TimeSpan(one.utc_ticks - other)
    return TimeSpan(one.ticks - two.ticks)
