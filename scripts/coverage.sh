#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: coverage.sh [--no-bar] [TEST...]
#
# Which lines of the series do the qtests execute? Runs them (or only TEST...) with a QEMU whose files that the series
# changes count their lines, and prints the lines that were not executed, and the percentage of each file. At least 98
# percent of each smmuv3-accel*.c and of the series' lines of pci.c is demanded; lines that no qtest can reach are in
# tests/coverage/unreachable, with a reason, and count as not executed. target/arm/kvm.c is not part of an x86 QEMU.
#   --no-bar  do not demand anything
# Ends with `N passed, N failed, N skipped`.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-tests.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-tests.sh"

TREE=$BUILD/qemu-lab
OUT=$BUILD/coverage
BARS=(--bar hw/pci/pci.c=98)
for file in smmuv3-accel{,-cmdq,-event,-idr,-stream}.c; do
    BARS+=(--bar "hw/arm/$file=98")
done

bars=("${BARS[@]}") tests=()
for arg in "$@"; do
    case $arg in
    --help | -h)
        usage
        exit
        ;;
    --no-bar) bars=() ;;
    -*) usage_error "unknown argument '$arg'" ;;
    *) tests+=("$arg") ;;
    esac
done
((${#tests[@]})) || tests=(--suite qtest)
need gcov python3 meson
"$ROOT/scripts/build-instrumented.sh" coverage
# the lab's patches are the last commits of the tree: their lines are not the series'
lab_patches=("$ROOT"/patches/lab/*.patch)
series_end=HEAD~${#lab_patches[@]}
find "$OUT/obj" -name '*.gcda' -delete
meson_wrapper "$OUT/run" "QTEST_QEMU_BINARY=$OUT/qemu-system-aarch64"
meson_test coverage-tests meson "$BUILD/lab" --num-processes "$JOBS" --wrapper "$OUT/run" --timeout-multiplier 3 \
    "${tests[@]}" || true
mapfile -t data < <(find "$OUT/obj" -name '*.gcda' | sort)
((${#data[@]})) || die "no QEMU of '$OUT' was run" "The log of the tests: $LOGS/coverage-tests.log"
if python3 "$ROOT/scripts/coverage.py" --tree "$TREE" --range base..HEAD --not-range "$series_end..HEAD" \
    --reasons "$ROOT/tests/coverage/unreachable" "${bars[@]}" "${data[@]}"; then
    count 1 0 0
else
    count 0 1 0
fi
say_counts
((failed == 0))
