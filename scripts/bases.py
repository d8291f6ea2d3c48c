#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What passes on which QEMU: runs the qtests, each case in a process of its own, and scenarios on the series' bases and
on QEMU 11.1 without the series, and writes docs/bases.md.

usage: bases.py [--qtests [--match GLOB]] [--scenario NAME]... [--column NAME]...
                [--unpatched-x86 FILE] [--unpatched-arm64 FILE]

  --qtests         run all qtests (make lab and make BASE=v11.1 lab come before)
  --match GLOB     only those with such a path, as in '/hostile/*'
  --scenario NAME  run this scenario, `all` for all (make scenarios and make BASE=v11.1 scenarios build what they need)
  --column NAME    only on unpatched, v11.1 or v10.2
  --unpatched-*    QEMU 11.1 without the series, see docs/testing.md

Results are kept in results/bases.json, so that a part can be run again; without an option the table is only written.
"""

import argparse
import collections
import concurrent.futures
import configparser
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
STORE = os.path.join(ROOT, "results", "bases.json")
TABLE = os.path.join(ROOT, "docs", "bases.md")
COLUMNS = {"unpatched": "v11.1", "v11.1": "v11.1", "v10.2": "v10.2"}
NA = "not applicable"
HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- Written by scripts/bases.py: do not edit. -->
# What passes on which QEMU

Cases of the qtests, on the model of Linux 7.2, and scenarios of the lab. In QEMU 11.1 without the series one thing is
changed: qtest may have an accelerated SMMUv3. A row has all cases of a program with the same results; what passes
everywhere is not listed by name. [testing.md](testing.md#on-qemu-111) describes how.

"""


def base_file(name):
    parser = configparser.ConfigParser(delimiters="=", comment_prefixes="#", interpolation=None, strict=False)
    parser.optionxform = str
    parser.read(os.path.join(ROOT, "bases", name))
    return collections.defaultdict(dict, {group: dict(parser[group]) for group in parser.sections()})


BASES = {name: base_file(name) for name in set(COLUMNS.values())}


def suffix(base):
    return "" if base == "v10.2" else "-" + base


def listed(base, group, path):
    """The reason that a base's file has for a path, or None"""
    return next((why for pattern, why in BASES[base][group].items() if fnmatch.fnmatchcase(path, pattern)), None)


def first_failure(text):
    found = re.search(r"assertion failed.*|must be .*|exit status must .*|(?:Bail out|ERROR).*", text)
    return found.group(0).strip()[:160] if found else "the program died"


def run_case(program, path, environment):
    try:
        done = subprocess.run([program, "-p", path], env=environment, capture_output=True, text=True, errors="replace",
                              timeout=240)
        out = done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return "fail", "time-out"
    line = re.search(r"^(not )?ok \d+ %s( # SKIP ?(.*))?$" % re.escape(path), out, re.M)
    if not line or line.group(1):
        return "fail", first_failure(out)
    if line.group(2):
        return NA, re.sub("^not-applicable: ", "", line.group(3))
    return "pass", ""


def run_qtests(column, qemu, match):
    lab = os.path.join(BUILD, "lab" + suffix(COLUMNS[column]), "tests")
    environment = dict(os.environ, SMMU_QTEST_FAILS="1", QTEST_QEMU_BINARY=qemu,
                       SMMU_QTEST_MODEL=os.path.join(lab, "kernel-model", "libkernel-model.so"))
    results, jobs = {}, {}
    with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
        for name in sorted(os.listdir(os.path.join(lab, "qtest"))):
            program = os.path.join(lab, "qtest", name)
            if name.startswith("qtest-") and os.path.isfile(program) and os.access(program, os.X_OK):
                tests = subprocess.run([program, "-l"], env=environment, stdout=subprocess.PIPE, text=True, check=True)
                for path in fnmatch.filter(re.findall("^/.*", tests.stdout, re.M), match):
                    jobs[pool.submit(run_case, program, path, environment)] = name + " " + path
        for job in concurrent.futures.as_completed(jobs):
            results[jobs[job]] = job.result()
    return results


def run_scenarios(column, names, qemu):
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([os.path.join(BUILD, "lab", "smmu-lab"), "run", "--base", COLUMNS[column], "--known-failures",
                        "--results", out] + (["--qemu", qemu] if qemu else []) + ([] if "all" in names else names))
        with open(os.path.join(out, "latest", "results.json"), encoding="utf-8") as f:
            found = json.load(f)["scenarios"]
    states = {"pass": "pass", "skip": NA}
    return {"scenario /scenario/" + s["name"]: (states.get(s["verdict"].lower(), "fail"),
                                                re.sub("^not-applicable: ", "", s.get("reason") or ""))
            for s in found}


def cell(column, program, path, result):
    """(state, reason) for the table"""
    if result is None:
        return "not run", ""
    state, why = result
    known = listed(COLUMNS[column], "fails", path)
    if state == "fail":
        return state, (listed(COLUMNS[column], "unpatched", path) if column == "unpatched" else None) or known or why
    if known and state == "pass" and column != "unpatched":
        print("bases.py: %s passes on %s, where the file of the base lists it as failing" % (path, column))
    return state, why


def write_table(store):
    rows, total = collections.defaultdict(list), [collections.Counter() for _ in COLUMNS]
    for key in sorted(set().union(*store.values())):
        program, path = key.split(" ", 1)
        cells = tuple(cell(c, program, path, store[c].get(key)) for c in COLUMNS)
        rows[program, cells].append(path)
        for i, (state, _) in enumerate(cells):
            total[i][state] += 1
    lines = []
    for (program, cells), paths in sorted(rows.items(), key=lambda row: (row[0][0], -len(row[1]))):
        everywhere = all(state == "pass" for state, _ in cells)
        names = sorted({re.sub("^/[^/]*/|/(emulated|model)$", "", path) for path in paths})
        text = ["%s: %s" % c if c[1] else c[0] for c in cells]
        lines.append("| %s | %d | %s | %s |" % (program, len(paths), "" if everywhere else ", ".join(names),
                                              " | ".join(t.replace("|", "\\|") for t in text)))
    heads = ("QEMU %s" % BASES["v11.1"]["base"]["version"], "the same with patches/v11.1",
             "QEMU %s with patches/v10.2" % BASES["v10.2"]["base"]["version"])
    head = ["| | %s |" % " | ".join(heads), "|---|---:|---:|---:|"]
    sums = ["| %s | %s |" % (state, " | ".join(str(t[state]) for t in total))
            for state in ("pass", "fail", NA, "not run") if any(t[state] for t in total)]
    with open(TABLE, "w", encoding="utf-8") as f:
        lines = ["| | cases | | %s |" % " | ".join(heads), "|---|---:|---|---|---|---|"] + lines
        f.write(HEAD + "\n".join(head + sums + [""] + lines) + "\n")


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--qtests", action="store_true")
    parser.add_argument("--match", default="*")
    parser.add_argument("--scenario", action="append", default=[])
    parser.add_argument("--column", action="append", choices=list(COLUMNS))
    parser.add_argument("--unpatched-x86", default=os.path.join(BUILD, "qemu-x86-v11.1-unpatched/qemu-system-aarch64"))
    parser.add_argument("--unpatched-arm64", default=os.path.join(BUILD, "qemu-peer/qemu-system-aarch64"))
    options = parser.parse_args()
    if options.help:
        sys.exit(__doc__)
    store = {column: {} for column in COLUMNS}
    if os.path.exists(STORE):
        with open(STORE, encoding="utf-8") as f:
            store.update(json.load(f))
    for column in options.column or COLUMNS:
        base = suffix(COLUMNS[column])
        if options.qtests:
            for key in fnmatch.filter(store[column], "qtest-* " + options.match):
                del store[column][key]
            qemu = os.path.join(BUILD, "qemu-x86" + base, "qemu-system-aarch64")
            if column == "unpatched":
                qemu = options.unpatched_x86
            store[column].update(run_qtests(column, qemu, options.match))
        if options.scenario:
            store[column].update(run_scenarios(column, options.scenario,
                                               options.unpatched_arm64 if column == "unpatched" else None))
    os.makedirs(os.path.dirname(STORE), exist_ok=True)
    with open(STORE, "w", encoding="utf-8") as f:
        json.dump(store, f, indent=1, sort_keys=True)
    write_table(store)


main()
