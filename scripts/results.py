#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts test cases: prints a line for each suite and `N passed, N failed, N skipped`; exits 1 when one failed.

usage: results.py FILE

  FILE  meson's log of `meson test` (.json), with what its programs printed as TAP, or a JUnit file of smmu-lab (.xml)
"""

import collections
import json
import os
import re
import sys
import xml.etree.ElementTree

COUNTS = ("passed", "failed", "skipped")


def meson(path):
    """(suite, counts, why it failed) of each program"""
    for line in open(path, encoding="utf-8"):
        test = json.loads(line)
        suite, _, name = test["name"].split(":")[-1].rpartition(" / ")
        out, result = test.get("stdout", ""), test["result"]
        row = collections.Counter(programs=1, seconds=test["duration"])
        for bad, text in re.findall(r"^(not )?ok \d+(.*)$", out, re.M):
            row["skipped" if "# SKIP" in text else "failed" if bad and "# TODO" not in text else "passed"] += 1
        if result not in ("OK", "SKIP", "EXPECTEDFAIL"):
            row["failed"] = max(row["failed"], 1)  # a program that dies has no failed case
        elif not sum(row[name] for name in COUNTS):
            row["skipped" if result == "SKIP" else "passed"] = 1
        row["points"] = sum(int(n) for n in re.findall(r"^# injected: (\d+) faults", out, re.M))
        yield suite, row, "%s: %s" % (name, result) if row["failed"] else None


def junit(path):
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        bad = case.find("failure") is not None or case.find("error") is not None
        kind = "failed" if bad else "skipped" if case.find("skipped") is not None else "passed"
        yield "lab", collections.Counter({kind: 1, "programs": 1, "seconds": float(case.get("time", 0))}), None


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    rows, failures = {}, []
    reader = junit if sys.argv[1].endswith(".xml") else meson
    for suite, row, failure in reader(sys.argv[1]) if os.path.isfile(sys.argv[1]) else ():
        rows.setdefault(suite, collections.Counter()).update(row)
        failures += [failure] if failure else []
    print("%-20s%10s" % ("suite", "programs") + "".join("%10s" % name for name in COUNTS) + "   program's seconds")
    for suite, row in rows.items():
        print("%-20s%10d" % (suite, row["programs"]) + "".join("%10d" % row[name] for name in COUNTS) +
              "%10.1f" % row["seconds"])
    total = sum(rows.values(), collections.Counter())
    if total["points"]:
        print("fault injection: each of %d calls to the host failed once" % total["points"])
    for line in failures or ([] if rows else ["no test was run"]):
        print("FAIL " + line)
    total["failed"] += not rows
    print("%d passed, %d failed, %d skipped" % tuple(total[name] for name in COUNTS))
    sys.exit(1 if total["failed"] else 0)


if __name__ == "__main__":
    main()
