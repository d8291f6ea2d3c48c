#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-lab.sh [smmu-lab]
#
# Builds what is ours: the runner build/lab/smmu-lab and the tests. The qtests use libqos of a built QEMU: without one
# they are left out; if there is one for arm64, they are built for arm64, too.
#   smmu-lab  only the runner

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ ${1:-} == smmu-lab ]] || no_arguments "$@"
need meson ninja
take_lock lab
cd "$ROOT"
# what meson.build looks for when it is configured: look again when that has changed
key=$(for f in "$BUILD/qemu-$BASE/linux-headers/linux/iommufd.h" "$BUILD/qemu-x86/qemu-system-aarch64" \
    "$BUILD/qemu-x86/tests/qtest/libqos/libqos.a"; do if [[ -f $f ]]; then echo "$f"; fi; done | digest)
if [[ ! -f $BUILD/lab/build.ninja ]]; then
    stamp_clear lab
    rm -rf "$BUILD/lab"
    step "configure the lab" "$BUILD/logs/configure-lab.log" meson setup "$BUILD/lab"
elif ! stamp_is lab "$key"; then
    step "configure the lab" "$BUILD/logs/configure-lab.log" meson setup --reconfigure "$BUILD/lab"
fi
stamp_set lab "$key"
step "build the lab" "$BUILD/logs/lab.log" ninja -C "$BUILD/lab" -j "$JOBS" "$@"
if [[ ! $* && -f $BUILD/qemu-arm64/tests/qtest/libqos/libqos.a ]]; then
    "$ROOT/scripts/build-qtests.sh"
fi
