"""Compares the data sets of two lists of files, matched by SOP Instance UID, element by element.

    compare.py EXPECTED ACTUAL      each a text file with one path a line

Prints a line for each difference; exit status 1 when there is one. Values are compared as pydicom reads them, so that
the same data set in another transfer syntax is the same; group lengths and trailing padding are not data.
"""

import sys
import warnings

import pydicom

warnings.simplefilter("ignore")


def load(list_path):
    found = {}
    with open(list_path, encoding="utf-8") as paths:
        for path in paths.read().split("\n"):
            if path:
                dataset = pydicom.dcmread(path, force=True)
                found[dataset.SOPInstanceUID] = dataset
    return found


def words(tag):
    return f"({tag.group:04X},{tag.element:04X})"


def differences(expected, actual, where):
    tags = {element.tag for element in expected} | {element.tag for element in actual}
    for tag in sorted(tags):
        if tag.element == 0 or tag == 0xFFFCFFFC:
            continue
        place = f"{where} {words(tag)}"
        if tag not in actual:
            yield f"{place}: missing"
        elif tag not in expected:
            yield f"{place}: not in the original"
        elif expected[tag].VR == "SQ" and actual[tag].VR == "SQ":
            before, after = expected[tag].value, actual[tag].value
            if len(before) != len(after):
                yield f"{place}: {len(after)} items instead of {len(before)}"
            for number, (one, other) in enumerate(zip(before, after)):
                yield from differences(one, other, f"{place}[{number}]")
        else:
            before, after = expected[tag].value, actual[tag].value
            if isinstance(before, bytes) and isinstance(after, bytes):
                before, after = before.rstrip(b"\0"), after.rstrip(b"\0")
            if before != after:
                yield f"{place}: {after!r:.60} instead of {before!r:.60}"


def main():
    expected, actual = load(sys.argv[1]), load(sys.argv[2])
    found = []
    for uid in sorted(expected.keys() | actual.keys()):
        if uid not in actual:
            found.append(f"{uid}: not received")
        elif uid not in expected:
            found.append(f"{uid}: received but never loaded")
        else:
            found.extend(differences(expected[uid], actual[uid], uid))
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
