#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-lab.sh
#
# Builds what is ours: the runner build/lab/smmu-lab and the tests. QEMU is to be built before, as the qtests use its
# libqos; if there is one for arm64, they are built for arm64 too.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
'') ;;
--help | -h)
    usage
    exit
    ;;
*) usage_error "unknown argument '$1'" ;;
esac
need meson ninja
take_lock lab
cd "$ROOT"
# the qtests are left out when QEMU was not there at configure time: look again when that has changed
key=$(for f in "$BUILD/qemu-x86/qemu-system-aarch64" "$BUILD/qemu-x86/tests/qtest/libqos/libqos.a" \
    "$BUILD/qemu-arm64/qemu-system-aarch64"; do if [[ -f $f ]]; then echo "$f"; fi; done | digest)
if [[ ! -f $BUILD/lab/build.ninja ]]; then
    stamp_clear lab
    rm -rf "$BUILD/lab"
    step "configure the lab" "$BUILD/logs/configure-lab.log" meson setup "$BUILD/lab"
elif ! stamp_is lab "$key"; then
    step "configure the lab" "$BUILD/logs/configure-lab.log" meson setup --reconfigure "$BUILD/lab"
fi
stamp_set lab "$key"
step "build the lab" "$BUILD/logs/lab.log" ninja -C "$BUILD/lab" -j "$JOBS"
if [[ -f $BUILD/qemu-arm64/tests/qtest/libqos/libqos.a ]]; then
    "$ROOT/scripts/build-qtests.sh"
fi
