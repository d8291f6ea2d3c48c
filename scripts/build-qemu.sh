#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-qemu.sh x86|arm64|all [--source DIR] [--build DIR] [--all-devices] [--configure-only]
#
# Configures (once) and builds qemu-system-aarch64 with the features and devices that are used, and no others.
#   x86     runs here with TCG, from build/qemu-lab: the emulated host, and libqos for the qtests (of another base
#           than v10.2 from build/qemu-$BASE, and only for the qtests)
#   arm64   runs on arm64 with KVM or TCG, from build/qemu-$BASE: what is tested, and libqos for the qtests there
#   all     runs here with TCG, from build/qemu-$BASE, with all boards and devices: for QEMU's own qtests
#   --source DIR, --build DIR  another source tree, another build directory
#   --all-devices              also for arm64; a QEMU without the series has no other way
#   --configure-only           do not build

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DEVICES=$ROOT/lab/qemu-devices.mak

# write_pkg_config FILE: a pkg-config that sees the sysroot only
write_pkg_config()
{
    local sysroot=$BUILD/sysroot-arm64
    cat >"$1" <<EOF
#!/bin/sh
export PKG_CONFIG_SYSROOT_DIR='$sysroot'
export PKG_CONFIG_LIBDIR='$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig'
unset PKG_CONFIG_PATH
exec pkg-config "\$@"
EOF
    chmod +x "$1"
}

# features KIND: fills FEATURES with configure's arguments
features()
{
    local lib=$BUILD/sysroot-arm64/usr/lib/aarch64-linux-gnu slib=$BUILD/sysroot-arm64/lib/aarch64-linux-gnu
    local copy=$BUILD/tools/qemu-devices-$1.mak devices
    FEATURES=(
        --target-list=aarch64-softmmu --without-default-features --disable-docs --disable-install-blobs
        --disable-debug-info --enable-werror --enable-trace-backends=log --enable-tcg --enable-fdt=system
    )
    devices=$(<"$DEVICES")
    case $1 in
    x86)
        FEATURES+=(--enable-attr --enable-virtfs)
        devices+=$'\nCONFIG_VIRTIO_9P=y'
        ;;
    arm64)
        FEATURES+=(
            --enable-kvm --cross-prefix=aarch64-linux-gnu-
            "--extra-ldflags=-L$lib -L$slib -Wl,-rpath-link,$lib -Wl,-rpath-link,$slib"
        )
        ;;
    esac
    if [[ $1 == all ]]; then
        FEATURES+=(--enable-attr --enable-virtfs --enable-pixman --enable-tools)
    elif ((all_devices)); then
        FEATURES+=(--enable-pixman --disable-tools)
    else
        # configure looks for NAME.mak in a directory of its tree; a copy, as QEMU needs a path without white space
        mkdir -p "$BUILD/tools"
        [[ -f $copy && $(<"$copy") == "$devices" ]] || echo "$devices" >"$copy"
        FEATURES+=(--without-default-devices --disable-tools
            "--with-devices-aarch64=$(realpath -m --relative-to="$SOURCE/configs/devices/aarch64-softmmu" "${copy%.mak}")")
    fi
    # Debian's source has what configure would download otherwise; QEMU's git has not
    if [[ -d $SOURCE/subprojects/keycodemapdb/data ]]; then
        FEATURES+=(--disable-download)
    fi
}

configure()
{
    local kind=$1 source=$2 out=$3
    mkdir -p "$out"
    cd "$out"
    if [[ $kind == arm64 ]]; then
        write_pkg_config "$BUILD/tools/aarch64-pkg-config"
        export PKG_CONFIG=$BUILD/tools/aarch64-pkg-config
    fi
    # a relative path makes commands the same in each build directory that lies beside its source
    "$(realpath --relative-to=. "$source")/configure" --python="$BUILD/tools/python/bin/python3" "${FEATURES[@]}"
}

kind='' SOURCE='' out='' all_devices=0 configure_only=0
while (($#)); do
    case $1 in
    --help | -h)
        usage
        exit
        ;;
    --source | --build)
        (($# > 1)) || usage_error "$1 needs a directory"
        if [[ $1 == --source ]]; then SOURCE=$2; else out=$2; fi
        shift
        ;;
    --all-devices) all_devices=1 ;;
    --configure-only) configure_only=1 ;;
    x86 | arm64 | all)
        [[ -z $kind ]] || usage_error "only one of x86, arm64 and all"
        kind=$1
        ;;
    *) usage_error "unknown argument '$1'" ;;
    esac
    shift
done
[[ -n $kind ]] || usage_error "x86, arm64 or all?"
if [[ -z $SOURCE ]]; then
    SOURCE=$BUILD/qemu-$BASE
    [[ $kind$OF_BASE != x86 ]] || SOURCE=$BUILD/qemu-lab
fi
[[ -x $SOURCE/configure ]] || die "'$SOURCE' is no QEMU source tree" "scripts/apply-series.sh makes it."
out=${out:-$BUILD/qemu-$kind$OF_BASE}
name=${out##*/}
need ninja gcc aarch64-linux-gnu-gcc pkg-config
take_lock "$name"
if [[ $kind == arm64 ]]; then
    "$ROOT/scripts/fetch-sources.sh" tools sysroot
else
    "$ROOT/scripts/fetch-sources.sh" tools
fi
features "$kind"
key=$({ printf '%s\n' "$SOURCE" "${FEATURES[@]}" && cat "$DEVICES"; } | digest)
if ! stamp_is "configure-$name" "$key" || [[ ! -f $out/build.ninja ]]; then
    stamp_clear "configure-$name"
    need_space "$BUILD" 2500 "QEMU's build"
    rm -rf "$out"
    step "configure QEMU ($name)" "$LOGS/configure-$name.log" configure "$kind" "$SOURCE" "$out"
    stamp_set "configure-$name" "$key"
fi
((configure_only)) && exit
targets=(qemu-system-aarch64 tests/qtest/libqos/libqos.a)
step "build QEMU ($name)" "$LOGS/$name.log" ninja -C "$out" -j "$JOBS" "${targets[@]}"
