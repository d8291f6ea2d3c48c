#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-images.sh
#
# Builds the programs that run on the emulated host and in its guest (build/lab-arm64), and puts together
# build/images/guest.cpio.gz, the guest's initrd, and build/images/host.cpio, the host's: busybox, smmu-lab-host, the
# arm64 QEMU under test with its libraries, and firmware, kernel and initrd for the guest. Does nothing when none of
# them changed.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

OUT=$BUILD/images$OF_BASE
AGENTS=$BUILD/lab-arm64
QEMU=$BUILD/qemu-arm64$OF_BASE/qemu-system-aarch64
KERNEL=$BUILD/kernel/arch/arm64/boot/Image
BUSYBOX=$BUILD/sysroot-arm64/usr/bin/busybox
[[ -f $BUSYBOX ]] || BUSYBOX=$BUILD/sysroot-arm64/bin/busybox # Debian 12
FIRMWARE=/usr/share/qemu-efi-aarch64/QEMU_EFI.fd
PROGRAMS=(lab/host/smmu-lab-host lab/guest/smmu-lab-guest)

build_agents()
{
    [[ -f $AGENTS/build.ninja ]] || meson setup --cross-file "$ROOT/lab/aarch64.cross" "$AGENTS" "$ROOT"
    ninja -C "$AGENTS" -j "$JOBS" "${PROGRAMS[@]}"
}

make_guest()
{
    local tree=$1/guest
    mkdir -p "$tree"/{bin,dev,proc,sys,tmp}
    cp "$BUSYBOX" "$tree/bin/"
    aarch64-linux-gnu-strip -o "$tree/init" "$AGENTS/lab/guest/smmu-lab-guest"
    pack "$tree" "$1/guest.cpio"
    gzip -n9 "$1/guest.cpio"
}

make_host()
{
    local tree=$1/host libraries
    libraries=$(arm64_libraries "$QEMU")
    mkdir -p "$tree"/{bin,boot,dev,lab,proc,sys,tmp,usr/bin,usr/share/qemu-efi-aarch64,lib/aarch64-linux-gnu}
    cp "$BUSYBOX" "$tree/bin/"
    cp "$ROOT/lab/host-init" "$tree/init"
    cp "$AGENTS/lab/host/smmu-lab-host" "$QEMU" "$tree/usr/bin/"
    # shellcheck disable=SC2086 # words: build paths have no white space
    cp -L $libraries "$tree/lib/aarch64-linux-gnu/"
    find "$tree/usr/bin" "$tree/lib" -type f -exec aarch64-linux-gnu-strip {} +
    ln -s aarch64-linux-gnu/ld-linux-aarch64.so.1 "$tree/lib/"
    cp "$FIRMWARE" "$tree/usr/share/qemu-efi-aarch64/"
    cp "$KERNEL" "$1/guest.cpio.gz" "$tree/boot/"
    pack "$tree" "$1/host.cpio"
}

make_images()
{
    local work=$OUT.part
    rm -rf "$work"
    mkdir -p "$work" "$OUT"
    make_guest "$work"
    make_host "$work"
    mv "$work/guest.cpio.gz" "$work/host.cpio" "$OUT/"
    rm -rf "$work"
}

no_arguments "$@"
need meson ninja cpio aarch64-linux-gnu-gcc
take_lock "${OUT##*/}"
[[ -f $QEMU ]] || die "'$QEMU' is missing" "Run: make qemu"
[[ -f $KERNEL ]] || die "'$KERNEL' is missing" "Run: make kernel"
[[ -f $BUSYBOX ]] || die "'$BUSYBOX' is missing" "Run: scripts/fetch-sources.sh sysroot"
[[ -f $FIRMWARE ]] || die "'$FIRMWARE' is missing" "Run: apt-get install qemu-efi-aarch64 (as root)"
step "build the lab for arm64" "$LOGS/lab-arm64.log" build_agents
key=$(cat "$QEMU" "$KERNEL" "$FIRMWARE" "$BUSYBOX" "${PROGRAMS[@]/#/$AGENTS/}" "$ROOT/lab/host-init" \
    "${BASH_SOURCE[0]}" | digest)
if ! stamp_is "${OUT##*/}" "$key" || [[ ! -f $OUT/host.cpio || ! -f $OUT/guest.cpio.gz ]]; then
    stamp_clear "${OUT##*/}"
    need_space "$BUILD" 500 "the images"
    step "make the images" "$LOGS/images.log" make_images
    stamp_set "${OUT##*/}" "$key"
fi
