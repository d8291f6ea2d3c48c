#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: check-fast.sh
#
# All tests that need no emulated host: unit tests, and the qtests with the sweep of failures, on the model of iommufd
# and VFIO where they need a device. Builds what is ours, and wants QEMU to be built. Tells what was run and how many
# seconds it took; the last line is `N passed, N failed, N skipped`, each a test case.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# summary FILE: from meson's log in JSON, a line a suite, and the counts. Fails when a test did.
summary()
{
    python3 - "$1" <<'END'
import collections, json, re, sys

rows, bad = collections.OrderedDict(), []
for line in open(sys.argv[1], encoding="utf-8"):
    test = json.loads(line)
    out = test.get("stdout", "")
    suite = test["name"].split(" / ")[0].split(":")[-1]
    row = rows.setdefault(suite, collections.Counter())
    cases = re.findall(r"^(not )?ok \d+(.*)$", out, re.M)
    failed = sum(1 for no, text in cases if no and "# TODO" not in text)
    skipped = sum(1 for no, text in cases if "# SKIP" in text)
    if test["result"] not in ("OK", "SKIP"):
        bad.append("%s: %s" % (test["name"].split(" / ")[-1], test["result"]))
        failed = max(failed, 1)  # a program that dies has no failed case
    if test["result"] == "SKIP" and not cases:
        skipped = 1
    row.update(programs=1, passed=sum(1 for no, text in cases if not no and "# SKIP" not in text), failed=failed,
               skipped=skipped, points=sum(int(n) for n in re.findall(r"^# swept: (\d+) points", out, re.M)),
               seconds=test["duration"])
columns = ("programs", "passed", "failed", "skipped")
print("%-10s" % "suite" + "".join("%10s" % name for name in columns) + "   program's seconds")
for suite, row in rows.items():
    print("%-10s" % suite + "".join("%10d" % row[name] for name in columns) + "%10.1f" % row["seconds"])
points = sum(row["points"] for row in rows.values())
if points:
    print("sweep: each of %d calls to the host failed once" % points)
for line in bad:
    print("FAIL " + line)
print("%d passed, %d failed, %d skipped" % tuple(sum(row[name] for row in rows.values()) for name in columns[1:]))
sys.exit(1 if bad or not rows else 0)
END
}

case ${1:-} in
'') ;;
--help | -h)
    usage
    exit
    ;;
*) usage_error "unknown argument '$1'" ;;
esac
need meson python3
[[ -x $BUILD/qemu-x86/qemu-system-aarch64 ]] || die "QEMU is not built" "Run: make qemu"
start=$SECONDS
"$ROOT/scripts/build-lab.sh"
log=$BUILD/lab/meson-logs/fast.json
rm -f "$log"
# More programs than CPUs, as most wait for QEMU or a clock. step ends the shell on a failure: the summary tells of it.
(step "tests" "$BUILD/logs/check-fast.log" meson test -C "$BUILD/lab" --no-rebuild --logbase fast \
    --num-processes $((JOBS * 2)) --print-errorlogs) || true
[[ -s $log ]] || die "no test was run" "See $BUILD/logs/check-fast.log"
say "$((SECONDS - start)) s"
summary "$log"
