#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes docs/measured.md: what the latest run of all scenarios measured, and how long `make check` took.

usage: measured.py [RESULTS.json]      default: results/latest/results.json, of `smmu-lab run` without names
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = (  # heading, counter
    ("reads", "ios"), ("interrupts", "irqs"), ("polled", "polled"), ("walks", "walks"), ("commands", "guest_cmds"),
    ("CMD_SYNC", "cmd_syncs"), ("ioctls", "inval_ioctls"), ("exits", "mmio_exits"), ("objects", "allocs"))
HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- Written by scripts/measured.py: do not edit. -->
# Measured

`build/lab/smmu-lab run`: {passed} passed, {failed} failed, {seconds:.0f} s on {cpus} CPUs; QEMU {qemu}, {kernel}, commit
{revision}. Seconds depend on the machine and what else it does, counts of what the guest does hardly, exits do.
`commands` and `CMD_SYNC` are the guest's, `ioctls` those that hand them to the host; `polled` counts completions that a
driver found by its time-out, `walks` software walks of the guest's tables, `objects` what QEMU allocated from iommufd.
An empty cell was not measured.
"""


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def scenarios(results):
    yield row(["scenario", "s"] + [heading for heading, _ in COLUMNS])
    yield row(["---"] + ["---:"] * (len(COLUMNS) + 1))
    for scenario in results["scenarios"]:
        measured = scenario["measured"]
        yield row(["`%s`" % scenario["name"], "%.1f" % scenario["seconds"]] +
                  [measured.get(counter, "") for _, counter in COLUMNS])


def stages(path):
    yield row(["stage of `make check`", "s", "result"])
    yield row(["---", "---:", "---"])
    for line in path.read_text().splitlines():
        words = line.split()
        if len(words) > 3 and words[2] == "s":
            yield row([words[0], words[1], " ".join(words[3:])])


def main():
    if len(sys.argv) > 2 or sys.argv[1:] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "results/latest/results.json"
    try:
        results = json.loads(path.read_text())
    except OSError as error:
        sys.exit(f"measured.py: {error}; run build/lab/smmu-lab run first")
    run, totals = results["run"], results["totals"]
    lines = [HEAD.format(passed=totals["pass"], failed=totals["fail"] + totals["timeout"], seconds=run["seconds"],
                         cpus=run["processors"], qemu=run["versions"]["qemu"].split()[-1],
                         kernel=" ".join(run["versions"]["kernel"].split()[:3:2]), revision=run["versions"]["revision"])]
    lines += scenarios(results)
    phases = ROOT / "build/logs/phases.txt"
    if phases.exists():
        lines += [""] + list(stages(phases))
    (ROOT / "docs/measured.md").write_text("\n".join(lines) + "\n")


main()
