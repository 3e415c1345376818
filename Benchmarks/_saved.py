"""Saved runs: the machine, and of each part its rows, one a line, with when and of which commit they were measured."""

import json
import statistics

from _rows import HEADER, line, number, ratios

# What counts as a regression: an amount of work that does not vary with the machine, and all else, which does.
COUNTS = {"instructions", "bytes", "allocations"}
COUNT_TOLERANCE, TIME_TOLERANCE = 1.02, 1.10


def load(path):
    with open(path) as file:
        return json.load(file)


def save(path, run):
    """Parts that the file has and the run has not are kept, so that one may grow part by part."""
    try:
        parts = load(path)["parts"]
    except FileNotFoundError:
        parts = {}
    parts.update(run["parts"])
    lines = []
    for name, part in sorted(parts.items()):
        rows = ",\n".join("      " + json.dumps(row, ensure_ascii=False) for row in part["rows"])
        about = json.dumps({key: value for key, value in part.items() if key != "rows"})
        lines.append(f'    {json.dumps(name)}: {about[:-1]}, "rows": [\n{rows}\n    ]}}')
    machine = json.dumps(run["machine"], ensure_ascii=False, indent=4)
    with open(path, "w") as file:
        file.write(f'{{\n  "machine": {machine},\n  "parts": {{\n' + ",\n".join(lines) + "\n  }\n}\n")


def key(row):
    return row["work"], row.get("against")


def worse_by(before, now):
    """How many times as much the row takes now. A comparison is compared by its ratio, which the machine's speed spares."""
    if ratios(before) and ratios(now):
        return statistics.median(ratios(before)) / statistics.median(ratios(now))
    return statistics.median(now["ours"]) / statistics.median(before["ours"])


def is_regression(before, now):
    """Worse by more than the tolerance and, for what varies, than the earlier run ever was."""
    factor = worse_by(before, now)
    if now["unit"] in COUNTS:
        return factor > COUNT_TOLERANCE
    if ratios(before) and ratios(now):
        beyond = statistics.median(ratios(now)) < min(ratios(before))
    else:
        beyond = statistics.median(now["ours"]) > max(before["ours"])
    return factor > TIME_TOLERANCE and beyond


def figure(row):
    return number(statistics.median(ratios(row))) if ratios(row) else f"{number(statistics.median(row['ours']))} {row['unit']}"


def compare(earlier, run):
    """Prints each row beside its earlier self. Returns how many have become worse."""
    regressions = 0
    print("\n## Against the earlier run\n")
    for name, about in earlier["machine"].items():
        if about != run["machine"].get(name) and name != "disk":
            print(f"- {name} was: {about}")
    print("\nA comparison's figure is its ratio, where more is better.\n\n"
          "| part | work | against | then | now | now : then, higher is better | |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name, part in run["parts"].items():
        before = {key(row): row for row in earlier["parts"].get(name, {"rows": []})["rows"]}
        for row in part["rows"]:
            then = before.pop(key(row), None)
            if then is None:
                print(f"| {name} | {row['work']} | {row.get('against', '')} | | {figure(row)} | | new |")
                continue
            worse = is_regression(then, row)
            regressions += worse
            print(f"| {name} | {row['work']} | {row.get('against', '')} | {figure(then)} | {figure(row)} "
                  f"| {1 / worse_by(then, row):.3f} | {'**worse**' if worse else ''} |")
        for work, against in before:
            print(f"| {name} | {work} | {against or ''} | {figure(before[work, against])} | | | not measured |")
    print(f"\n{regressions} of them {'is' if regressions == 1 else 'are'} worse.")
    return regressions


def table(run):
    """All rows as one table, as the README shows it."""
    print("\n".join(f"{name}: {about}" for name, about in run["machine"].items()) + "\n")
    print(HEADER)
    for part in run["parts"].values():
        for row in part["rows"]:
            print(line(row))
