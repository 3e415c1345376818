"""Rows: one thing measured, against another way to do it or alone. Printed as it is known, and written down for whoever
started the script (`FLUORO_BENCHMARK_ROWS`), so that a run can be saved and compared with an earlier one.

A row as it is saved: `work`; `ours`, all that was measured, in `unit`; where it is a comparison, `against` and `theirs`, pair by
pair. Less is better, so a ratio is theirs by ours; `wanted` is the least ratio, or of a row without another the most it may be.
"""

import json
import os
import statistics
import sys
from pathlib import Path

HEADER = "| work | against | theirs | ours | ratio | spread | wanted |\n| --- | --- | --- | --- | --- | --- | --- |"


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ratios(row):
    """Of each pair; of the medians, where one was measured more often than the other. Nothing without another."""
    theirs, ours = row.get("theirs"), row["ours"]
    if not theirs:
        return []
    if len(theirs) != len(ours):
        theirs, ours = [statistics.median(theirs)], [statistics.median(ours)]
    return [a / b for a, b in zip(theirs, ours)]


def spread(values):
    return f"{number(min(values))}..{number(max(values))}" if min(values) != max(values) else ""


def is_missed(row):
    wanted = row.get("wanted")
    if wanted is None:
        return False
    pairs = ratios(row)
    return statistics.median(pairs) < wanted if pairs else statistics.median(row["ours"]) > wanted


def line(row):
    """The row of a table in Markdown."""
    unit, pairs, wanted = row["unit"], ratios(row), row.get("wanted")
    words = "" if wanted is None else f"at least {number(wanted)}" if pairs else f"at most {number(wanted)} {unit}"
    if is_missed(row):
        words += ", **missed**"
    theirs = f"{number(statistics.median(row['theirs']))} {unit}" if pairs else ""
    ratio = number(statistics.median(pairs)) if pairs else ""
    return (f"| {row['work']} | {row.get('against', '')} | {theirs} | {number(statistics.median(row['ours']))} {unit} "
            f"| {ratio} | {spread(pairs or row['ours'])} | {words} |")


def tell(work, ours, unit, against=None, theirs=None, wanted=None):
    """Prints a row and writes it down. `ours` and `theirs` are lists of what was measured, in the unit."""
    row = {"work": work, "unit": unit, "ours": [float(f"{value:.6g}") if unit in ("s", "ms") else value for value in ours]}
    if theirs:
        row["against"] = against
        row["theirs"] = [float(f"{value:.6g}") if unit in ("s", "ms") else value for value in theirs]
    if wanted is not None:
        row["wanted"] = wanted
    print(line(row), flush=True)
    if "FLUORO_BENCHMARK_ROWS" in os.environ:
        with open(os.environ["FLUORO_BENCHMARK_ROWS"], "a") as rows:
            rows.write(json.dumps({"part": Path(sys.argv[0]).stem, **row}) + "\n")
