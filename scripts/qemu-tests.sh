#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: qemu-tests.sh
#
# Runs QEMU's own qtests for aarch64 on build/qemu-all, QEMU with the series and all of its devices. The last line is
# `N passed, N failed, N skipped`.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-tests.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-tests.sh"

OUT=$BUILD/qemu-all$OF_BASE
MESON=$OUT/pyvenv/bin/meson

# Debian's source has no firmware. The tests of bios-tables execute UEFI: Debian's package has it. Option and boot ROMs
# are only loaded, by no test executed: zeros do.
provide_firmware()
{
    local data=$OUT/qemu-bundle/usr/local/share/qemu rom roms name
    roms=(npcm7xx_bootrom.bin npcm8xx_bootrom.bin ast27x0_bootrom.bin)
    for name in e1000 e1000e eepro100 ne2k_pci pcnet rtl8139 virtio vmxnet3; do
        roms+=("efi-$name.rom" "pxe-$name.rom")
    done
    for name in ati bochs-display cirrus qxl ramfb stdvga virtio vmware; do
        roms+=("vgabios-$name.bin")
    done
    mkdir -p "$data" "$OUT/pc-bios"
    for rom in "${roms[@]}"; do
        [[ -e $data/$rom ]] || head -c 2048 /dev/zero >"$data/$rom"
    done
    [[ -e $OUT/pc-bios/edk2-aarch64-code.fd ]] || ln -sf /usr/share/AAVMF/AAVMF_CODE.fd "$OUT/pc-bios/edk2-aarch64-code.fd"
    [[ -e $OUT/pc-bios/edk2-arm-vars.fd ]] || ln -sf /usr/share/AAVMF/AAVMF_VARS.fd "$OUT/pc-bios/edk2-arm-vars.fd"
}

no_arguments "$@"
[[ -x $OUT/qemu-system-aarch64 ]] || die "'$OUT/qemu-system-aarch64' is missing" "Run: make qemu-all"
provide_firmware
mapfile -t names < <("$MESON" test -C "$OUT" --suite qtest-aarch64 --list 2>/dev/null |
    sed -n 's|^.* / ||p' | grep -v -e bios-tables-test)
options=(--timeout-multiplier 3 --num-processes "$JOBS")
meson_test qemu-tests "$MESON" "$OUT" "${options[@]}" "${names[@]}" || true
# Two of the ACPI tests are left out: their tables hold an address that UEFI chose, and the expected ones are those of
# another UEFI build (the rest of these tables was compared by hand, and is the same).
acpi=/aarch64/acpi/virt
meson_test qemu-acpi-tests "$MESON" "$OUT" "${options[@]}" --test-args="-s $acpi -s $acpi/memhp" \
    qtest-aarch64/bios-tables-test || true
say_counts
((failed == 0))
