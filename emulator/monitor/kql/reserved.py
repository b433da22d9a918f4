"""Words of the language that Microsoft's language service takes as names in brackets alone: `['date']`.

From npm's @kusto/language-service-next 12.4.1 (2026-11); a test of its own asks that again. What Azure's own
engine makes of them bare is not known here, so they are refused as not emulated.
"""

from typing import Final

from emulator.monitor.kql.faults import Unsupported
from emulator.monitor.kql.lexer import Token

RESERVED: Final = frozenset(
    """
    accumulate and anomalychart areachart as asc bagexpansion barchart between boolean by byte
    cachingpolicy callout cancel card char columnchart contains contains_cs containscs cycles dataexport
    datascope datatable date datetime decimal decodeblocks desc double dynamic earliest encodingpolicy
    endswith endswith_cs expandoutput extent_tags_retention external_data externaldata find first flags
    float force_remote harddelete hardretention has has_all has_any has_cs hasprefix hasprefix_cs
    hassuffix hassuffix_cs hotcache in int int16 int32 int64 int8 invoke isfuzzy journal ladderchart
    last latest like likecs linechart long materialize mdm missing nooptimization notcontains
    notcontainscs notlike notlikecs of or others pathformat piechart pivotchart print project queries
    query_results real relaxed restricted_view_access row_level_security rowstore rowstore_references
    rowstore_sealinfo rowstorepolicy rowstores sample scatterchart seal seals search set shards simple
    softdelete softretention sql stackedareachart startswith startswith_cs statistics
    storedqueryresultcontainers string tablepurge time timechart timeline timepivot timespan title to
    toscalar totable treemap uint uint16 uint32 uint64 uint8 ulong union uniqueid unrestrictedviewers
    verbose viewers views where with_itemindex with_match_id with_step_name writeaheadlog
    """.split()  # noqa: SIM905  # one word a line would be long
)
"""Neither columns nor steps of a path when they are bare."""
ASSIGNED: Final = frozenset(
    """
    accumulate as contains datatable earliest externaldata find has in invoke latest materialize mdm of
    print sample search set sql title to toscalar totable verbose viewers where
    """.split()  # noqa: SIM905  # one word a line would be long
)
"""Of these, what may all the same be given as a name, as in `extend latest = 1`."""


def used(token: Token) -> Token:
    """The token of a bare name that is read. Raises Unsupported for a reserved word."""
    if token.kind == "name" and token.text in RESERVED:
        raise Unsupported(f"the keyword '{token.text}' as a name without [' ']", token.at)
    return token


def given(token: Token) -> Token:
    """The token of a bare name that is made. Raises Unsupported for a word that cannot be one."""
    return token if token.text in ASSIGNED else used(token)
