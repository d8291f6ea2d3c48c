#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-qtests.sh
#
# Builds the programs of tests/qtest for arm64, to be run where a real /dev/iommu is (scenario qtest-kernel, or an arm64
# host), and those of tests/kernel-model, as qtest-uapi-NAME. The result is build/qtests-arm64/out: programs, their data,
# and the libraries beyond libc that they need. The arm64 QEMU is to be built before, as they use its libqos.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=$BUILD/qtests-arm64$OF_BASE
SYSROOT=$BUILD/sysroot-arm64
LIBDIRS=("$SYSROOT/usr/lib/aarch64-linux-gnu" "$SYSROOT/lib/aarch64-linux-gnu")

# write_cross_file FILE: what lab/aarch64.cross cannot know, where GLib for arm64 is
write_cross_file()
{
    cat >"$1" <<EOT
[binaries]
pkgconfig = '$BUILD/tools/aarch64-pkg-config'

[built-in options]
c_link_args = [$(printf "'-Wl,-rpath-link,%s', " "${LIBDIRS[@]}")'-Wl,--disable-new-dtags,-rpath,\$ORIGIN/lib']
EOT
}

configure()
{
    write_cross_file "$BUILD/tools/aarch64-qtests.cross"
    rm -rf "$DIR"
    meson setup --cross-file "$ROOT/lab/aarch64.cross" --cross-file "$BUILD/tools/aarch64-qtests.cross" \
        -Dqtests=enabled "-Dbase=$BASE" "-Dqemu_source=build/qemu-$BASE" \
        "-Dqemu_build=build/qemu-arm64$OF_BASE" "$DIR" "$ROOT"
}

# Replaced as a whole, so that nothing old stays in it
collect()
{
    local out=$DIR/out.part file
    rm -rf "$out"
    mkdir -p "$out/lib"
    find "$DIR/tests/qtest" -maxdepth 1 -type f -name 'qtest-*' -perm -u+x -exec cp {} "$out/" \;
    for file in "$DIR"/tests/kernel-model/uapi-*; do
        if [[ -f $file ]]; then cp "$file" "$out/qtest-${file##*/}"; fi
    done
    # libc is the host's own
    arm64_libraries "$out"/qtest-* | grep -vE '/(lib(c|m|dl|rt|pthread|resolv)|ld-linux-.*)\.so' |
        xargs -r cp -L -t "$out/lib"
    aarch64-linux-gnu-strip "$out"/qtest-* "$out"/lib/*
    cp -r "$ROOT/tests/qtest/data" "$out/"
    cp "$BASE_FILE" "$out/data/base"
    rm -rf "$DIR/out"
    mv "$out" "$DIR/out"
}

no_arguments "$@"
need meson ninja aarch64-linux-gnu-gcc pkg-config
[[ -f $BUILD/qemu-arm64$OF_BASE/tests/qtest/libqos/libqos.a ]] ||
    die "QEMU's libqos for arm64 is missing" "Run: scripts/build-qemu.sh arm64"
take_lock "${DIR##*/}"
cd "$ROOT"
key=$(cat lab/aarch64.cross "${BASH_SOURCE[0]}" | digest)
if ! stamp_is "${DIR##*/}" "$key" || [[ ! -f $DIR/build.ninja ]]; then
    stamp_clear "${DIR##*/}"
    step "configure the qtests for arm64" "$LOGS/configure-qtests-arm64.log" configure
    stamp_set "${DIR##*/}" "$key"
fi
step "build the qtests for arm64" "$LOGS/qtests-arm64.log" ninja -C "$DIR" -j "$JOBS" qtests
step "collect the qtests for arm64" "$LOGS/qtests-arm64-collect.log" collect
