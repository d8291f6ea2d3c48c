#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-variant.sh [VARIANT...]
#
# Builds build/variants/qemu-system-aarch64.VARIANT: the arm64 QEMU with one thing undone, to show that a test fails
# without it. Neither the source tree nor build/qemu-arm64 is touched: one file is compiled again from a changed copy
# and the program is linked with it. Without arguments: all variants.
#   no-doorbell    without the patch that makes KVM's MSI routes use the doorbell that the vIOMMU names
#   no-msi-direct  without the patch that delivers MSIs of QEMU's own through that doorbell

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-series.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-series.sh"

TREE=$BUILD/qemu-$BASE
QEMU_BUILD=$BUILD/qemu-arm64
OUT=$BUILD/variants

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

# commands SOURCE-FILE: prints the object that is made of it, the command that makes it, and the one that links
# qemu-system-aarch64, a line each, as ninja would run them
commands()
{
    ninja -C "$QEMU_BUILD" -t compdb -x | python3 -c '
import json, os, sys

source = os.path.realpath(sys.argv[1])
compiled = linked = None
for edge in json.loads("".join(l for l in sys.stdin if not l.startswith("ninja: "))):
    if edge["output"] == "qemu-system-aarch64":
        linked = edge
    elif edge["output"].endswith(".o") and \
            os.path.realpath(os.path.join(edge["directory"], edge["file"])) == source:
        compiled = edge
if not compiled or not linked:
    sys.exit("no object of qemu-system-aarch64 is made from " + sys.argv[1])
print(compiled["output"], compiled["command"], linked["command"], sep="\n")
' "$1"
}

build()
{
    local file=$1 patch=$2 result=$3 copy object compile link
    copy=$OUT/$(basename "$file" .c).$variant.c
    cp "$TREE/$file" "$copy.part"
    file_diff "$patch" "$file" | patch --quiet --reverse --fuzz=0 --no-backup-if-mismatch "$copy.part" ||
        die "${patch##*/} cannot be undone in $file: a later patch changes the same lines"
    mv "$copy.part" "$copy"
    { read -r object && read -r compile && read -r link; } < <(commands "$TREE/$file") ||
        die "ninja's commands cannot be read"
    # the copy lies elsewhere: its "..." includes are to be looked for where the file was
    compile=${compile/ -MD / -iquote "$(dirname "$TREE/$file")" -MD }
    compile=${compile/-MF $object.d/-MF $copy.d}
    compile=${compile/-o $object/-o $copy.o}
    compile="${compile% -c *} -c $copy"
    link=${link/-o qemu-system-aarch64 /-o $result.part }
    link=${link/ $object / $copy.o }
    [[ $compile == *"-o $copy.o"* && $link == *"-o $result.part "* ]] || die "ninja's commands are not as expected"
    (cd "$QEMU_BUILD" && eval "$compile" && eval "$link")
    mv "$result.part" "$result"
}

# build_variant VARIANT
build_variant()
{
    local variant=$1 file word patch result key
    case $variant in
    no-doorbell)
        file=target/arm/kvm.c
        word=pci_device_iommu_msi_direct_gpa
        ;;
    no-msi-direct)
        file=hw/pci/pci.c
        word=trace_pci_msi_direct
        ;;
    *) usage_error "unknown variant '$variant'; there are: ${VARIANTS[*]}" ;;
    esac
    patch=$(find_patch "$file" "$word")
    result=$OUT/qemu-system-aarch64.$variant
    key=$({ cat "$patch" "$TREE/$file" && digest <"$QEMU_BUILD/qemu-system-aarch64"; } | digest)
    if stamp_is "variant-$variant" "$key" && [[ -x $result ]]; then
        return
    fi
    stamp_clear "variant-$variant"
    step "build QEMU ($variant)" "$BUILD/logs/variant-$variant.log" build "$file" "$patch" "$result"
    stamp_set "variant-$variant" "$key"
}

VARIANTS=(no-doorbell no-msi-direct)
case ${1:-} in
--help | -h)
    usage
    exit
    ;;
esac
need ninja patch python3
take_lock variants
[[ -x $QEMU_BUILD/qemu-system-aarch64 ]] || die "'$QEMU_BUILD/qemu-system-aarch64' is missing" \
    "Run: scripts/build-qemu.sh arm64"
mkdir -p "$OUT"
(($#)) || set -- "${VARIANTS[@]}"
for name in "$@"; do
    build_variant "$name"
done
