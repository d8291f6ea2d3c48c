#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tells which of the lines that the series added were executed.

usage: coverage.py --tree DIR --range A..B [--not-range B..C] --reasons FILE [--bar FILE=PERCENT]... GCDA...

  --tree DIR         QEMU's source tree, as it was built
  --range A..B       the commits whose lines count; --not-range: and of later ones, whose do not
  --reasons FILE     lines that no qtest can reach, and why: `FILE: TEXT OF THE LINE ## reason`, a line each
  --bar FILE=PERCENT fail if less of FILE was executed

Prints the lines that were not executed, with their reason or `no test`, then the percentage of each file. Lines with a
reason are not left out of it. Exits 1 when a bar was missed or a reason fits no line that was missed.
"""

import argparse
import json
import os
import re
import subprocess
import sys


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    for name in ("tree", "range", "reasons"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--not-range")
    parser.add_argument("--bar", action="append", default=[])
    parser.add_argument("gcda", nargs="+")
    return parser.parse_args()


def added(tree, commits):
    """{file: line numbers that the commits added}"""
    diff = subprocess.run(["git", "-C", tree, "diff", "-U0", "--no-renames", commits, "--", "*.c", "*.h"],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    lines, file = {}, None
    for line in diff.splitlines():
        if line.startswith("+++ "):
            file = line[6:] if line.startswith("+++ b/") else None
        elif line.startswith("@@ ") and file:
            start, count = re.match(r"@@ \S+ \+(\d+)(?:,(\d+))? @@", line).groups()
            lines.setdefault(file, set()).update(range(int(start), int(start) + int(count or 1)))
    return lines


def counts(tree, gcda):
    """{file: {line number: how often it was executed}}, over all objects"""
    tree = os.path.realpath(tree)
    result = {}
    for data in gcda:
        out = subprocess.run(["gcov", "--json-format", "--stdout", data], check=True, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True).stdout
        for document in out.splitlines():
            document = json.loads(document)
            for entry in document["files"]:
                path = os.path.realpath(os.path.join(document["current_working_directory"], entry["file"]))
                if not path.startswith(tree + "/"):
                    continue
                lines = result.setdefault(os.path.relpath(path, tree), {})
                for line in entry["lines"]:
                    number = line["line_number"]
                    lines[number] = lines.get(number, 0) + line["count"]
    return result


def read_reasons(path):
    reasons = {}
    for line in open(path, encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            place, reason = line.split(" ## ", 1)
            file, text = place.split(": ", 1)
            reasons[file, text.strip()] = reason.strip()
    return reasons


def report(file, lines, text, reasons, used):
    """Print what was missed. Returns: executed, all, missed ones with a reason"""
    missed = sorted(number for number in lines if not lines[number])
    explained = 0
    for number in missed:
        line = text[number - 1].strip()
        reason = reasons.get((file, line))
        if reason:
            used.add((file, line))
            explained += 1
        print("%s:%d: %s  [%s]" % (file, number, line, reason or "no test"))
    return len(lines) - len(missed), len(lines), explained


def main():
    options = arguments()
    wanted = added(options.tree, options.range)
    if options.not_range:
        for file, numbers in added(options.tree, options.not_range).items():
            wanted.get(file, set()).difference_update(numbers)
    executed = counts(options.tree, options.gcda)
    reasons, used, table, failed = read_reasons(options.reasons), set(), [], 0
    bars = dict(item.split("=") for item in options.bar)
    for file in sorted(set(wanted) & set(executed)):
        lines = {n: c for n, c in executed[file].items() if n in wanted[file]}
        if lines:
            text = open(os.path.join(options.tree, file), encoding="utf-8").read().split("\n")
            table.append((file,) + report(file, lines, text, reasons, used))
    for stale in sorted(set(reasons) - used):
        print("error: this line was executed, or is no longer there: %s: %s" % stale)
        failed = 1
    print("\n%-32s %8s %8s %8s  %s" % ("lines of the series in", "executed", "of", "percent", "missed with a reason"))
    for file, hit, total, explained in table:
        percent, bar = 100 * hit / total, bars.pop(file, None)
        verdict = ""
        if bar is not None:
            below = percent < float(bar)
            failed |= below
            verdict = "  %s %s" % ("BELOW" if below else "at least", bar)
        print("%-32s %8d %8d %8.1f  %d%s" % (file, hit, total, percent, explained, verdict))
    for file in bars:
        print("error: nothing was executed in " + file)
        failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
