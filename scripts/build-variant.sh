#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-variant.sh [VARIANT...]
#
# Builds build/variants/qemu-system-aarch64.VARIANT: the arm64 QEMU with one thing undone or broken, to show that a
# test fails. Neither the source tree nor build/qemu-arm64 is touched: one file is compiled again from a changed copy
# and the program is linked with it. Without arguments: all variants.
#   no-doorbell    without the patch that makes KVM's MSI routes use the doorbell that the vIOMMU names
#   no-msi-direct  without the patch that delivers MSIs of QEMU's own through that doorbell
#   command-error  one TLBI of the guest is carried out, but reported as an illegal command (CERROR_ILL)
# One is no QEMU, but is called as one:
#   libvirt        a script with libvirt in it, which starts the QEMU under test on the emulated host

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-series.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-series.sh"

TREE=$BUILD/qemu-$BASE
QEMU_BUILD=$BUILD/qemu-arm64$OF_BASE
OUT=$BUILD/variants$OF_BASE

# The patch of the series that changes FILE and mentions WORD in an added line of it
find_patch()
{
    local file=$1 word=$2 patch found=()
    read_series "$PATCHES"
    for patch in "${SERIES[@]}"; do
        # no pipe: grep -q would end it early, and pipefail take the writer's SIGPIPE for a failure
        if grep -q "^+.*$word" <<<"$(file_diff "$patch" "$file")"; then
            found+=("$patch")
        fi
    done
    ((${#found[@]} == 1)) ||
        die "exactly one patch should add '$word' to $file; found: ${found[*]:-none}"
    echo "${found[0]}"
}

# file_diff PATCH FILE: the part of the patch that concerns FILE
file_diff()
{
    awk -v head="diff --git a/$2 b/$2" '/^diff --git / { on = ($0 == head) } /^-- $/ { on = 0 } on' "$1"
}

# build FILE PATCH SCRIPT: QEMU with FILE as it was before PATCH or, if that is empty, as SCRIPT for sed changes it
build()
{
    local file=$1 patch=$2 script=$3 dir=$OUT/$variant copy
    copy=$dir/$(basename "$file")
    mkdir -p "$dir"
    cp "$TREE/$file" "$copy.part"
    if [[ -n $patch ]]; then
        file_diff "$patch" "$file" | patch --quiet --reverse --fuzz=0 --no-backup-if-mismatch "$copy.part" ||
            die "${patch##*/} cannot be undone in $file: a later patch changes the same lines"
    else
        sed -i "$script" "$copy.part"
        ! cmp -s "$TREE/$file" "$copy.part" || die "variant '$variant' found nothing to change in $file"
    fi
    mv "$copy.part" "$copy"
    python3 "$ROOT/scripts/instrument.py" --build "$QEMU_BUILD" --out "$dir" --replace "$file=$copy" \
        --program "../qemu-system-aarch64.$variant"
    ninja -C "$QEMU_BUILD" -f "$dir/build.ninja"
}

# Unpacked over the emulated host's files: libvirt and all libraries, for QEMU, too, that replace those of the image.
build_libvirt()
{
    local root=$BUILD/newer-arm64 tree=$OUT/libvirt script=$ROOT/lab/host-libvirt file libraries
    local files=(usr/sbin/libvirtd usr/bin/virsh usr/lib/aarch64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so)
    rm -rf "$tree"
    mkdir -p "$tree"/{etc/libvirt,lib/aarch64-linux-gnu,usr/share/libvirt}
    libraries=$(SYSROOT=$root arm64_libraries "${files[@]/#/$root/}" "$QEMU_BUILD/qemu-system-aarch64")
    # shellcheck disable=SC2086 # words: build paths have no white space
    cp -L $libraries "$tree/lib/aarch64-linux-gnu/"
    cp -r "$root/usr/share/libvirt/cpu_map" "$tree/usr/share/libvirt/"
    for file in "${files[@]}"; do
        install -D "$root/$file" "$tree/$file"
    done
    printf '%s\n' root:x:0:0::/:/bin/sh libvirt-qemu:x:1:1::/:/bin/false >"$tree/etc/passwd"
    printf '%s\n' root:x:0: kvm:x:1: libvirt-qemu:x:1: >"$tree/etc/group"
    # no cgroups, namespaces, seccomp or log daemon there, and all runs as root; stamps would change the trace
    printf '%s\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' 'namespaces = []' 'seccomp_sandbox = 0' \
        'cgroup_controllers = []' 'remember_owner = 0' 'stdio_handler = "file"' \
        'log_timestamp = 0' >"$tree/etc/libvirt/qemu.conf"
    pack "$tree" "$OUT/libvirt.cpio"
    { sed "s/+PAYLOAD/+$(($(wc -l <"$script") + 1))/" "$script" && cat "$OUT/libvirt.cpio"; } >"$result.part"
    chmod +x "$result.part"
    mv "$result.part" "$result"
    rm -rf "$tree" "$OUT/libvirt.cpio"
}

# build_variant VARIANT
build_variant()
{
    local variant=$1 file='' word='' patch='' script='' result key inputs build
    case $variant in
    no-doorbell)
        file=target/arm/kvm.c
        word=pci_device_iommu_msi_direct_gpa
        ;;
    no-msi-direct)
        file=hw/pci/pci.c
        word=trace_pci_msi_direct
        ;;
    command-error)
        file=hw/arm/smmuv3-accel-cmdq.c
        script='/result = accel_execute(s, cmd);/a\
        static bool done;\
        if (!done \&\& CMD_TYPE(cmd) == SMMU_CMD_TLBI_NH_VA) {\
            done = true;\
            result = ACCEL_ILLEGAL;\
        }'
        ;;
    libvirt)
        "$ROOT/scripts/fetch-sources.sh" newer-arm64
        inputs=("$ROOT/lab/host-libvirt" "$BUILD/.stamps/newer-arm64")
        build=(build_libvirt)
        ;;
    *) usage_error "unknown variant '$variant'; there are: ${VARIANTS[*]}" ;;
    esac
    if [[ -n $word ]]; then patch=$(find_patch "$file" "$word"); fi
    if [[ -n $file ]]; then
        inputs=(${patch:+"$patch"} "$TREE/$file")
        build=(build "$file" "$patch" "$script")
    fi
    result=$OUT/qemu-system-aarch64.$variant
    key=$({ cat "${inputs[@]}" "${BASH_SOURCE[0]}" && digest <"$QEMU_BUILD/qemu-system-aarch64"; } | digest)
    if stamp_is "variant-$variant$OF_BASE" "$key" && [[ -x $result ]]; then
        return
    fi
    stamp_clear "variant-$variant$OF_BASE"
    step "build QEMU ($variant)" "$LOGS/variant-$variant.log" "${build[@]}"
    stamp_set "variant-$variant$OF_BASE" "$key"
}

read -ra VARIANTS < <(base_group base | sed -n 's/^variants=//p')
[[ ${1:-} != -* ]] || no_arguments "$@"
need cpio ninja patch python3
take_lock "${OUT##*/}"
[[ -x $QEMU_BUILD/qemu-system-aarch64 ]] || die "'$QEMU_BUILD/qemu-system-aarch64' is missing" \
    "Run: scripts/build-qemu.sh arm64"
mkdir -p "$OUT"
(($#)) || set -- "${VARIANTS[@]}"
for name in "$@"; do
    build_variant "$name"
done
