#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: host.sh DEVICE [ARGUMENT...]
#
# The smoke run on real hardware: on this arm64 machine, as root, a guest gets the PCI device DEVICE (0000:01:00.0)
# behind an accelerated SMMU and reads from it. The device is bound only if the host lacks nothing, and always gets its
# driver back. ARGUMENTs are further ones of smmu-lab-host, such as --check. See docs/hardware.md.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
--help | -h)
    usage
    exit
    ;;
'' | -*) usage_error "which device? 'lspci -D' lists them: make host DEVICE=0000:01:00.0" ;;
esac
[[ $(uname -m) == aarch64 ]] || die "this machine is not arm64 but $(uname -m)" \
    "Run it on the host that has the device, or take the files there: docs/hardware.md"
cd "$BUILD"
exec lab-arm64/lab/host/smmu-lab-host --device "$1" --qemu qemu-arm64/qemu-system-aarch64 \
    --kernel kernel/arch/arm64/boot/Image --initrd images/guest.cpio.gz "${@:2}"
