#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-instrumented.sh KIND [--out DIR] [--replace FILE=COPY]
#
# Builds build/KIND/qemu-system-aarch64: the x86 QEMU of build/qemu-x86, where the files of the series and those that
# they work with are compiled again, with checks or counters. The rest of QEMU is linked as it is.
#   asan      AddressSanitizer with leaks, UndefinedBehaviorSanitizer: `make sanitize`
#   tsan      ThreadSanitizer: `make sanitize`
#   coverage  line counters, only in files of the series: `make coverage`
#   fuzz      libFuzzer with both of asan's, and tests/fuzz in place of QEMU's main(): `make fuzz`. Needs clang.
#   --out DIR            another directory
#   --replace FILE=COPY  with COPY in place of QEMU's FILE, to see that a mistake in it is found

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TREE=$BUILD/qemu-lab
QEMU_BUILD=$BUILD/qemu-x86

# Whole names of C files in QEMU's tree, as regular expressions: the SMMU, and what it calls or is called by
FILES=(
    'hw/arm/(smmu|virt).*\.c' 'hw/pci/.*\.c' 'hw/pci-(host/gpex|bridge/).*\.c' 'hw/vfio/.*\.c' 'backends/.*iommu.*\.c'
    'hw/acpi/(aml|pci|pcihp|acpi).*\.c' 'hw/core/(bus|qdev|reset|sysbus|machine|hotplug).*\.c'
    'hw/intc/arm_gicv(2m|3).*\.c' 'qom/.*\.c' 'system/(memory|physmem|dma-helpers|qdev-monitor|runstate|qtest)\.c'
)

# C files that the series changes
series_files() { git -C "$TREE" diff --name-only base..HEAD -- '*.c' | sed 's/[.]/\\./g'; }

case ${1:-} in
--help | -h)
    usage
    exit
    ;;
asan | tsan | coverage | fuzz) kind=$1 ;;
'') usage_error "asan, tsan, coverage or fuzz?" ;;
*) usage_error "unknown kind '$1'" ;;
esac
shift
out=$BUILD/$kind options=()
while (($#)); do
    (($# > 1)) || usage_error "$1 needs an argument"
    case $1 in
    --out) out=$(realpath -m "$2") ;;
    --replace) options+=(--replace "$2") ;;
    *) usage_error "unknown argument '$1'" ;;
    esac
    shift 2
done
need ninja python3
[[ -x $QEMU_BUILD/qemu-system-aarch64 ]] ||
    die "'$QEMU_BUILD/qemu-system-aarch64' is missing" "Run: make qemu"
name=${out##*/}
take_lock "instrumented-$name"
mkdir -p "$out/include"
cflags='-g -fno-omit-frame-pointer'
case $kind in
asan)
    # The runtime is linked statically: it comes before any library that is preloaded.
    cflags+=' -O1 -fsanitize=address,undefined'
    ldflags='-fsanitize=address,undefined -static-libasan -static-libubsan'
    options+=(--add "$ROOT/tests/sanitize/exit.c=system/main.c")
    # it reports other stacks to AddressSanitizer
    FILES+=('util/coroutine-ucontext\.c')
    ;;
tsan)
    # All of QEMU's own locks are in util; without them each use of one would look like a race.
    cflags+=' -O1 -fsanitize=thread -Wno-tsan'
    ldflags='-fsanitize=thread -static-libtsan'
    header=$(sed 's/^#undef CONFIG_TSAN$/#define CONFIG_TSAN/' "$QEMU_BUILD/config-host.h")
    if [[ ! -f $out/include/config-host.h || $(<"$out/include/config-host.h") != "$header" ]]; then
        printf '%s\n' "$header" >"$out/include/config-host.h"
    fi
    FILES+=('util/.*\.c' 'system/(cpus|main|rcu|cpu-.*)\.c' 'accel/.*\.c' 'monitor/.*\.c' 'iothread\.c')
    ;;
coverage)
    cflags+=' -O0 -U_FORTIFY_SOURCE --coverage -fprofile-update=atomic'
    ldflags='--coverage'
    FILES=()
    ;;
fuzz)
    have clang || die "'clang' is not installed" "Run: scripts/install-deps.sh --fuzz (as root)"
    options+=(--cc clang --program qemu-fuzz-aarch64 --drop system/main.c)
    # one that is compiled for the target, as fuzz.c needs its name
    for file in "$TREE/tests/qtest/fuzz/fuzz.c" "$ROOT"/tests/fuzz/*.c \
        "$ROOT/tests/kernel-model/client.c"; do
        options+=(--add "$file=hw/vfio/pci.c")
    done
    cflags+=" -O1 -fno-inline -fsanitize=address,undefined,fuzzer-no-link -iquote '$ROOT/tests/include'"
    ldflags='-fsanitize=address,undefined,fuzzer -Wl,--start-group tests/qtest/libqos/libqos.a libqemuutil.a'
    ldflags+=' -Wl,--end-group'
    # fewer, so that the fuzzer looks for what is new in these and is quick
    FILES=('hw/arm/smmu.*\.c' 'hw/pci/.*\.c' 'hw/vfio/.*\.c' 'backends/.*iommu.*\.c' 'util/coroutine-ucontext\.c')
    ;;
esac
mapfile -t changed < <(series_files)
for file in "${FILES[@]}" "${changed[@]}"; do
    options+=(--files "$file")
done
# where QEMU finds its data, next to itself
ln -sfn "$QEMU_BUILD/qemu-bundle" "$out/qemu-bundle"
python3 "$ROOT/scripts/instrument.py" --build "$QEMU_BUILD" --out "$out" "--cflags=$cflags" \
    "--ldflags=$ldflags" \
    "${options[@]}"
step "build QEMU ($name)" "$LOGS/instrumented-$name.log" \
    ninja -C "$QEMU_BUILD" -f "$out/build.ninja" -j "$JOBS"
