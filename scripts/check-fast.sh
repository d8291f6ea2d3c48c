#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: check-fast.sh [--unit]
#
# All tests that need no emulated host: unit tests, and the qtests with fault injection, on the model of iommufd
# and VFIO where they need a device. Builds what is ours; QEMU is to be built before. The last line is
# `N passed, N failed, N skipped`, each a test case.
#   --unit  only unit tests of the lab and tests of the model: without a built QEMU, but with its source

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-tests.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-tests.sh"

# More programs than CPUs, as most wait for QEMU or a clock.
options=(--num-processes $((JOBS * 2))) lab=$BUILD/lab$OF_BASE
case ${1:-} in
--unit)
    [[ -d $BUILD/qemu-$BASE/linux-headers ]] || die "QEMU's source is not there" "Run: make series"
    "$ROOT/scripts/build-lab.sh" smmu-lab
    lab=$BUILD/lab
    # meson builds what these need, and no more
    options+=(--suite runner --suite unit --suite model)
    ;;
*)
    no_arguments "$@"
    [[ -x $BUILD/qemu-x86$OF_BASE/qemu-system-aarch64 ]] || die "QEMU is not built" "Run: make qemu"
    "$ROOT/scripts/build-lab.sh"
    "$ROOT/scripts/fetch-sources.sh" "newer-$(dpkg --print-architecture)" || warn "tests with programs of a newer Debian are skipped"
    options+=(--no-rebuild)
    ;;
esac
meson_test check-fast meson "$lab" "${options[@]}" || true
say_counts
((failed == 0))
