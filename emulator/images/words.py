"""Words of a Dockerfile: splitting, quotes and variables, as Docker's own shell lexer treats them."""

from collections.abc import Mapping

QUOTES = "'\""


class WordError(ValueError):
    """A word that cannot be read: an open quote, an unfinished or unsupported ``${...}``."""


def split(text: str) -> list[str]:
    """The words of a line, cut at unquoted white space; quotes and escapes stay in them."""
    words: list[str] = []
    word, quote, escaped = "", "", False
    for character in text:
        if escaped:
            word, escaped = word + character, False
        elif character == "\\" and quote != "'":
            word, escaped = word + character, True
        elif quote:
            word += character
            quote = "" if character == quote else quote
        elif character in QUOTES:
            word, quote = word + character, character
        elif character.isspace():
            words, word = [*words, word] if word else words, ""
        else:
            word += character
    if quote:
        raise WordError(f"the quote {quote} is not closed in {text!r}")
    return [*words, word] if word else words


def expand(raw: str, variables: Mapping[str, str]) -> str:
    """One word with its quotes removed and its variables put in; an unset variable is empty.

    ``$NAME``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME:+alternative}`` are understood.
    """
    return _Expansion(raw, variables).run()


class _Expansion:
    def __init__(self, raw: str, variables: Mapping[str, str]) -> None:
        self.raw = raw
        self.variables = variables
        self.at = 0

    def run(self, until: str = "") -> str:
        out, quote = "", ""
        while self.at < len(self.raw):
            character = self.raw[self.at]
            if until and not quote and character == until:
                return out
            self.at += 1
            if character == quote:
                quote = ""
            elif not quote and character in QUOTES:
                quote = character
            elif character == "\\" and quote != "'" and self.at < len(self.raw):
                out += self._escaped(quote)
            elif character == "$" and quote != "'":
                out += self._variable()
            else:
                out += character
        if quote:
            raise WordError(f"the quote {quote} is not closed in {self.raw!r}")
        if until:
            raise WordError(f"${{ is not closed in {self.raw!r}")
        return out

    def _escaped(self, quote: str) -> str:
        character = self.raw[self.at]
        self.at += 1
        # Inside double quotes a backslash escapes only what would be special there.
        return character if not quote or character in '"$\\' else "\\" + character

    def _variable(self) -> str:
        if self.raw[self.at : self.at + 1] == "{":
            self.at += 1
            return self._braced()
        name = self._name()
        return self.variables.get(name, "") if name else "$"

    def _braced(self) -> str:
        name = self._name()
        operator = self.raw[self.at : self.at + 2]
        if not name:
            raise WordError(f"${{...}} without a name in {self.raw!r}")
        if operator[:1] == "}":
            self.at += 1
            return self.variables.get(name, "")
        if operator not in (":-", ":+"):
            raise WordError(f"${{{name}{operator}...}} in {self.raw!r}: only :- and :+ are supported")
        self.at += 2
        word = self.run(until="}")
        self.at += 1
        value = self.variables.get(name, "")
        if operator == ":-":
            return value or word
        return word if value else ""

    def _name(self) -> str:
        start = self.at
        while self.at < len(self.raw) and (
            self.raw[self.at] == "_"
            or (self.raw[self.at].isascii() and self.raw[self.at].isalpha())
            or (self.at > start and self.raw[self.at].isascii() and self.raw[self.at].isdigit())
        ):
            self.at += 1
        return self.raw[start : self.at]
