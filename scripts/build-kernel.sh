#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-kernel.sh [VERSION | 64k | debian-VERSION[-16k] | --others]
#
# Builds build/kernel/arch/arm64/boot/Image, for the emulated host and its guest, from Debian's linux-source package
# and lab/kernel/lab.config (everything else is off), with lab/kernel/lab-edu.c as one more driver. Does nothing when
# none of them changed. With an argument it makes build/kernel-ARGUMENT/arch/arm64/boot/Image:
#   VERSION  another Linux, such as 6.18, built alike
#   64k      the same Linux with pages of 64 KiB
#   debian-VERSION[-16k]  Debian's own kernel, for the guest: modules.cpio beside it holds what its NVMe driver needs
#   --others  each that a scenario's `kernel=` names

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CONFIG=$ROOT/lab/kernel/lab.config
DRIVER=$ROOT/lab/kernel/lab-edu.c

# The same input gives the same Image.
export ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- KBUILD_BUILD_USER=$PROJECT_NAME KBUILD_BUILD_HOST=build
export KBUILD_BUILD_TIMESTAMP='2026-01-01 00:00:00 UTC' KBUILD_BUILD_VERSION=1

# tarball FILE: the source in a linux-source package, or the file itself
tarball()
{
    case $1 in
    *.deb) dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' ;;
    *) cat "$1" ;;
    esac
}

extract()
{
    local file=$1 dir=$2
    rm -rf "$dir" "$dir.part"
    mkdir -p "$dir.part"
    tarball "$file" | tar -xJ --strip-components=1 -C "$dir.part"
    mv "$dir.part" "$dir"
}

# Everything is built in, so the driver has to be in the tree.
add_driver()
{
    local dir=$source/drivers/misc line="obj-y += lab-edu.o"
    cp "$DRIVER" "$dir/lab-edu.c"
    grep -qxF "$line" "$dir/Makefile" || echo "$line" >>"$dir/Makefile"
}

# Options that depend on something that is off are dropped silently by kconfig: here they are an error.
check_config()
{
    local option lost=()
    while read -r option; do
        grep -qxF -e "$option" "$OUT/.config" || lost+=("$option")
    done < <(grep -E '^CONFIG_[A-Z0-9_]+=[^n]' "$OUT/lab.config")
    ((${#lost[@]} == 0)) ||
        die "these options of '$OUT/lab.config' did not take effect: ${lost[*]}" "Something that they depend on is off."
}

kernel_make() { make -C "$source" O="$OUT" -j "$JOBS" "$@"; }

# The kernel in Debian's packages, and as modules.cpio what its nvme needs, decompressed and named in order.
unpack_debian()
{
    local tree=$OUT.part deb image release module n=0
    rm -rf "$tree" "$OUT"
    mkdir -p "$tree/modules" "${IMAGE%/*}"
    for deb in "$CACHE/debs/$name"/*.deb; do
        dpkg-deb -x "$deb" "$tree"
    done
    [[ -d $tree/lib ]] || ln -s usr/lib "$tree/lib"
    release=$(ls "$tree/lib/modules")
    for image in "$tree/boot/vmlinuz-$release" "$tree/lib/modules/$release/vmlinuz"; do
        [[ ! -f $image ]] || cp "$image" "$IMAGE"
    done
    find "$tree/lib/modules/$release/kernel/"{block,crypto,lib,drivers/nvme} -name '*.ko*' -exec \
        depmod -b "$tree" "$release" {} +
    while read -r _ module; do
        printf -v image '%s/modules/%02d-%s' "$tree" "$((n++))" "$(basename "${module%.xz}")"
        xz -dcf "$module" >"$image"
    done < <(modprobe -d "$tree" -S "$release" --show-depends nvme | grep ^insmod | awk '!seen[$0]++')
    [[ -f $IMAGE && $n -gt 0 ]] || die "Debian's packages of Linux $release have no vmlinuz or no module nvme"
    mkdir "$tree/initrd"
    mv "$tree/modules" "$tree/initrd/"
    pack "$tree/initrd" "$OUT/modules.cpio"
    rm -rf "$tree"
}

page_size=
case ${1:-} in
'' | [0-9]*.[0-9]* | debian-[0-9]*) ;;
64k) page_size=CONFIG_ARM64_64K_PAGES=y ;;
--others)
    awk '/^\[/ { on = /^\[(host|vm)\]/ } on && sub(/^kernel=/, "")' "$ROOT"/lab/scenarios/*.scenario | sort -u |
        xargs -r -n 1 "$0"
    exit
    ;;
--help | -h)
    usage
    exit
    ;;
*) usage_error "unknown argument '$1'" ;;
esac
name=kernel${1:+-$1}
OUT=$BUILD/$name
IMAGE=$OUT/arch/arm64/boot/Image
[[ -f $CONFIG ]] || die "'$CONFIG' is missing"
take_lock "$name"
from=$name # what is fetched
[[ -z $page_size ]] || from=kernel
"$ROOT/scripts/fetch-sources.sh" "$from"
archive=$(compgen -G "$CACHE/debs/$from/linux*" | sort -V | tail -n 1)
version=${archive##*/}
if [[ $name == kernel-debian-* ]]; then
    need depmod modprobe xz cpio
    key=$(echo "$version" "$(declare -f unpack_debian)" | digest)
    if ! stamp_is "$name" "$key" || [[ ! -f $OUT/modules.cpio ]]; then
        stamp_clear "$name"
        need_space "$BUILD" 500 "Debian's kernel"
        step "unpack ${version%.deb}" "$LOGS/unpack-$name.log" unpack_debian
        stamp_set "$name" "$key"
    fi
    exit 0
fi
need make aarch64-linux-gnu-gcc flex bison bc cpio
ksrc=ksrc${from#kernel}
source=$BUILD/ksrc/${version%%_*}
[[ $from == kernel ]] || source=$BUILD/ksrc/${from#kernel-}
key=$({ echo "$version$page_size" && aarch64-linux-gnu-gcc --version && cat "$CONFIG" "$DRIVER"; } | digest)
if stamp_is "$name" "$key" && [[ -f $IMAGE ]]; then
    exit 0
fi
stamp_clear "$name"
take_lock "$ksrc"
if ! stamp_is "$ksrc" "$version" || [[ ! -f $source/Makefile ]]; then
    stamp_clear "$ksrc"
    need_space "$BUILD" 4000 "the kernel's source and build"
    step "unpack ${version%%_all.deb}" "$LOGS/unpack-$name.log" extract "$archive" "$source"
    stamp_set "$ksrc" "$version"
fi
mkdir -p "$OUT"
# a copy, as kconfig needs a path without white space; an unchanged .config makes make do less
{ cat "$CONFIG" && echo "$page_size"; } >"$OUT/lab.config"
step "configure $name" "$LOGS/configure-$name.log" \
    kernel_make KCONFIG_ALLCONFIG="$OUT/lab.config" allnoconfig
check_config
add_driver
step "build $name" "$LOGS/$name.log" kernel_make Image
stamp_set "$name" "$key"
