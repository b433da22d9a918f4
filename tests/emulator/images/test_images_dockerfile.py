"""The parser: what it reads, and that everything else is refused by name with its line."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.images import words
from emulator.images.dockerfile import PARSERS, REFUSED, DockerfileError, parse

GOOD = """\
# syntax=docker/dockerfile:1
ARG TAG=3.11-slim
FROM docker.io/library/python:${TAG} AS service
LABEL a="b c" d=e
ENV ONE=1 \\
    # a comment in between
    TWO="2 2"
WORKDIR /app
COPY --chown=10001:10001 a b dir/
COPY ["with space", "./"]
RUN pip install x && \\
    echo done
RUN ["python", "-c", "print(1)"]
USER 10001:10001
EXPOSE 8080/tcp 9090
ENTRYPOINT ["python"]
CMD ["-m", "scoring"]
"""


def test_reads_the_whole_subset() -> None:
    file = parse(GOOD)
    (stage,) = file.stages
    assert stage.base.words == ("docker.io/library/python:${TAG}",)
    assert stage.name == "service"
    assert [one.name for one in file.arguments] == ["ARG"]
    by_line = {one.line: one for one in stage.body}
    assert by_line[5].pairs == (("ONE", "1"), ("TWO", '"2 2"'))
    assert (by_line[9].chown, by_line[9].words) == ("10001:10001", ("a", "b", "dir/"))
    assert by_line[10].words == ("with space", "./")
    shell, execution = by_line[11].command, by_line[13].command
    assert shell is not None and shell.argv()[:2] == ["/bin/sh", "-c"]
    assert execution is not None and execution.argv() == ["python", "-c", "print(1)"]
    assert by_line[15].words == ("8080/tcp", "9090")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_instruction_is_named_with_its_line(name: str) -> None:
    with pytest.raises(DockerfileError, match=rf"line 3: {name} is not supported") as error:
        parse(f"FROM python:3.11\n\n{name.lower()} something\n")
    assert error.value.line == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("COPY --from=other a b", "COPY --from=other: no such stage before it (there: none)"),
        ("COPY --from=0 a b", "no such stage"),
        ("COPY --from=docker.io/library/nginx:1 a b", "other images cannot be copied"),
        ("COPY --from= a b", "COPY --from needs a value"),
        ("COPY --chmod=755 a b", "COPY --chmod"),
        ("COPY --link a b", "COPY --link"),
        ("RUN --mount=type=cache,target=/x pip install y", "RUN --mount"),
        ("RUN --network=none true", "RUN --network"),
        ("RUN <<EOF", "here-document"),
        ("RUN cat <<'EOF' > x", "here-document"),
        ("COPY <<EOF /x", "here-document"),
        ("FRUM python:3.11", "unknown instruction FRUM"),
        ("COPY onlyone", "one or more sources"),
        ("ENV 1A=2", "not a variable's name"),
        ("ENV A", "expected KEY=VALUE"),
        ('ENV A="open', "not closed"),
        ("EXPOSE http", "EXPOSE 'http'"),
        ("USER a b", "one user"),
        ("RUN []", "runs nothing"),
        ("CMD", "needs an argument"),
    ],
)
def test_refuses(line: str, said: str) -> None:
    with pytest.raises(DockerfileError, match="line 2") as error:
        parse(f"FROM python:3.11\n{line}\n")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no FROM"),
        ("RUN true\nFROM python:3.11", "before FROM"),
        ("FROM --platform=linux/arm64 python:3.11", "FROM --platform"),
        ("# escape=`\nFROM python:3.11", "escape=`"),
        ("FROM a b c d", "expected IMAGE"),
    ],
)
def test_refuses_files(text: str, said: str) -> None:
    with pytest.raises(DockerfileError) as error:
        parse(text)
    assert said in str(error.value)


STAGES = """\
FROM python:3.11 AS build
RUN make
FROM python:3.11 AS Docs
COPY --from=0 /made ./
FROM build
COPY --from=docs /made docs
COPY --from=BUILD /made ./
"""


def test_stages_are_found_by_name_and_number() -> None:
    file = parse(STAGES)
    assert [stage.name for stage in file.stages] == ["build", "docs", "2"]
    assert [sorted(stage.needs) for stage in file.stages] == [[], [0], [0, 1]]
    for name, number in {"build": 0, "DOCS": 1, "1": 1, "2": 2}.items():
        found = file.find(name)
        assert found is not None and found.number == number
    assert file.find("docs", before=1) is None and file.find("3") is None
    assert str(file.stages[1].body[0]) == "COPY --from=0 /made ./"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("FROM python:3.11 AS a\nFROM python:3.11 AS A", 2, "the stage on line 1 has that name"),
        ("FROM python:3.11 AS a\nCOPY --from=a x y", 2, "no such stage before it"),
        ("FROM python:3.11 AS a\n\nCOPY --from=b x y\nFROM python:3.11 AS b", 3, "no such stage before it"),
        ("FROM python:3.11 AS a\nFROM python:3.11\nCOPY --from=1 x y", 3, "(there: a)"),
    ],
)
def test_refuses_stages(text: str, line: int, said: str) -> None:
    with pytest.raises(DockerfileError) as error:
        parse(text)
    assert said in str(error.value) and error.value.line == line


@given(st.lists(st.sets(st.integers(0, 5)), min_size=1, max_size=6))
def test_a_stage_needs_what_it_copies_from_and_no_other(graph: list[set[int]]) -> None:
    edges = [{other for other in others if other < number} for number, others in enumerate(graph)]
    lines: list[str] = []
    for number, others in enumerate(edges):
        lines += [f"FROM python:3.11 AS s{number}", *(f"COPY --from=s{other} a b" for other in others)]
    file = parse("\n".join(lines))
    reached, todo = set[int](), [len(edges) - 1]
    while todo:
        number = todo.pop()
        reached.add(number)
        todo += edges[number]
    assert [stage.number for stage in file.needed(file.stages[-1])] == sorted(reached)


@given(st.text(alphabet=string.printable, max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        file = parse(f"FROM python:3.11\n{text}")
    except DockerfileError as error:
        assert error.line >= 1
    else:
        assert all(one.name in PARSERS for stage in file.stages for one in stage.body)


@given(st.lists(st.text(alphabet=string.ascii_letters + " $'\"\\#=", max_size=12), max_size=5))
def test_quoted_words_come_back(values: list[str]) -> None:
    line = " ".join("'" + value.replace("'", "'\"'\"'") + "'" for value in values)
    split = words.split(line)
    assert [words.expand(word, {"a": "never"}) for word in split] == values


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("$A-${A}", "1-1"),
        ("${B:-x$A}", "x1"),
        ("${A:-x}", "1"),
        ("${A:+set}${B:+set}", "set"),
        ("'$A'", "$A"),
        ('"$A\\$A"', "1$A"),
        ("\\$A", "$A"),
        ("$", "$"),
        ("${EMPTY:-d}", "d"),
    ],
)
def test_expansion(raw: str, value: str) -> None:
    assert words.expand(raw, {"A": "1", "EMPTY": ""}) == value


@pytest.mark.parametrize("raw", ["${A", "${A:?no}", "${}", "'open"])
def test_expansion_refuses(raw: str) -> None:
    with pytest.raises(words.WordError):
        words.expand(raw, {})
