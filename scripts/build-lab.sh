#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-lab.sh [smmu-lab]
#
# Builds what is ours: the runner build/lab/smmu-lab and the tests. The qtests use libqos of a built QEMU: without one
# they are left out; if there is one for arm64, they are built for arm64, too. For another base than v10.2 only the
# qtests and the model, in build/lab-$BASE: the rest is the same for all.
#   smmu-lab  only the runner

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ ${1:-} == smmu-lab ]] || no_arguments "$@"
LAB=$BUILD/lab$OF_BASE X86=$BUILD/qemu-x86$OF_BASE options=()
if [[ $OF_BASE && ! $* ]]; then
    options=(-Drunner=disabled -Dunit_tests=disabled "-Dbase=$BASE" "-Dqemu_source=build/qemu-$BASE"
        "-Dqemu_build=build/qemu-x86$OF_BASE")
else
    LAB=$BUILD/lab
fi
need meson ninja
take_lock "${LAB##*/}"
cd "$ROOT"
# what meson.build looks for when it is configured: look again when that has changed
key=$(for f in "$BUILD/qemu-$BASE/linux-headers/linux/iommufd.h" "$X86/qemu-system-aarch64" \
    "$X86/tests/qtest/libqos/libqos.a"; do if [[ -f $f ]]; then echo "$f"; fi; done | digest)
if [[ ! -f $LAB/build.ninja ]]; then
    stamp_clear "${LAB##*/}"
    rm -rf "$LAB"
    step "configure the lab" "$LOGS/configure-lab.log" meson setup "${options[@]}" "$LAB"
elif ! stamp_is "${LAB##*/}" "$key"; then
    step "configure the lab" "$LOGS/configure-lab.log" meson setup --reconfigure "$LAB"
fi
stamp_set "${LAB##*/}" "$key"
step "build the lab" "$LOGS/lab.log" ninja -C "$LAB" -j "$JOBS" "$@"
if [[ ! $* && -f $BUILD/qemu-arm64$OF_BASE/tests/qtest/libqos/libqos.a ]]; then
    "$ROOT/scripts/build-qtests.sh"
fi
