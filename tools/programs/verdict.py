"""What the output of a program that did not go through says about whose fault it is."""

import re
from dataclasses import dataclass
from typing import Final

PASSED: Final = "passed"
PLUGIN: Final = "needs another plugin"
OUT_OF_DATE: Final = "out of date"
BROKEN: Final = "broken by itself"
REFUSED: Final = "refused"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Rule:
    """pattern: found in the output, its group 1 is the reason; the first rule that is found holds."""

    verdict: str
    pattern: re.Pattern[str]


def _rule(verdict: str, pattern: str) -> Rule:
    return Rule(verdict, re.compile(pattern, re.MULTILINE))


RULES: Final = (
    _rule(PLUGIN, r"no (resource plugin '[\w.-]+' found in the workspace at version [\w.+-]+\w)"),
    _rule(PLUGIN, r"(No module named 'pulumi_(?!azure_native')\w+')"),
    # names and arguments that an SDK of an older version had
    _rule(OUT_OF_DATE, r"((?:module|type object) '[\w.]*pulumi_azure_native[\w.]*' has no attribute '\w+')"),
    _rule(OUT_OF_DATE, r"(cannot import name '\w+' from 'pulumi_azure_native[\w.]*')"),
    _rule(OUT_OF_DATE, r"(No module named 'pulumi_azure_native\.[\w.]+')"),
    _rule(OUT_OF_DATE, r"(\w+(?:\.__init__|\._internal_init)?\(\) got an unexpected keyword argument '\w+')"),
    _rule(OUT_OF_DATE, r"(\w+\.__init__\(\) missing \d+ required (?:positional|keyword-only) argument.*)$"),
    _rule(OUT_OF_DATE, r"((?:type object )?'?\w+'? has no attribute '[A-Z_0-9]+')"),
    # Without a SKU an address was Basic, which took Dynamic; Azure makes no Basic addresses since 2025-03-31
    # (azure.microsoft.com/updates: "Basic SKU public IP addresses will be retired").
    _rule(OUT_OF_DATE, r"(PublicIPAndSkuNotCompatible \(400\): .* not Dynamic)"),
    _rule(OUT_OF_DATE, r"error: (.*\bretired\b.*)$"),  # what Azure has taken away
    # what Python says of the program's own modules
    _rule(BROKEN, r"((?:Attribute|Name|Import|Syntax)Error: (?!.*(?:pulumi|azure)).*)$"),
    _rule(REFUSED, r"((?:NotEmulated|501)\b.*)$"),
    _rule(REFUSED, r"(.*\bis not emulated\b.*)$"),
)


def judge(output: str) -> tuple[str, str]:
    """(verdict, reason) of the output of a command that failed."""
    for rule in RULES:
        if found := rule.pattern.search(output):
            return rule.verdict, found[1].strip()
    errors = [line.strip() for line in output.splitlines() if re.search(r"(?:^|\s)error: ", line)]
    told = [
        line for line in errors if not re.search(r"error: (?:update|preview|resource|an unhandled)\b", line)
    ]
    return FAILED, (told or errors or output.strip().splitlines() or ["nothing was said"])[-1]
