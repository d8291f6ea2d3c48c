#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: build-kernel.sh [VERSION | --hosts]
#
# Builds build/kernel/arch/arm64/boot/Image, for the emulated host and its guest, from Debian's linux-source package
# and lab/kernel/lab.config (everything else is off), with lab/kernel/lab-edu.c as one more driver. Does nothing when
# none of them changed.
#   VERSION  another Linux for the emulated host, such as 6.18: build/kernel-VERSION/arch/arm64/boot/Image
#   --hosts  each version that a scenario's `[host] kernel=` names

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
    done < <(grep -E '^CONFIG_[A-Z0-9_]+=[^n]' "$CONFIG")
    ((${#lost[@]} == 0)) ||
        die "these options of '$CONFIG' did not take effect: ${lost[*]}" "Something that they depend on is off."
}

kernel_make() { make -C "$source" O="$OUT" -j "$JOBS" "$@"; }

case ${1:-} in
'' | [0-9]*.[0-9]*) ;;
--hosts)
    sed -sn '/^\[host\]/,/^\[/s/^kernel=//p' "$ROOT"/lab/scenarios/*.scenario | sort -u | xargs -r -n 1 "$0"
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
"$ROOT/scripts/fetch-sources.sh" "$name"
need make aarch64-linux-gnu-gcc flex bison bc cpio
archive=$(compgen -G "$CACHE/debs/$name/linux*" | sort -V | tail -n 1)
version=${archive##*/}
source=$BUILD/ksrc/${1:-${version%%_*}}
key=$({ echo "$version" && aarch64-linux-gnu-gcc --version && cat "$CONFIG" "$DRIVER"; } | digest)
if stamp_is "$name" "$key" && [[ -f $IMAGE ]]; then
    exit 0
fi
stamp_clear "$name"
if ! stamp_is "ksrc${1:+-$1}" "$version" || [[ ! -f $source/Makefile ]]; then
    stamp_clear "ksrc${1:+-$1}"
    need_space "$BUILD" 4000 "the kernel's source and build"
    step "unpack ${version%%_all.deb}" "$LOGS/unpack-$name.log" extract "$archive" "$source"
    stamp_set "ksrc${1:+-$1}" "$version"
fi
mkdir -p "$OUT"
# a copy, as kconfig needs a path without white space; an unchanged .config makes make do less
cp "$CONFIG" "$OUT/lab.config"
step "configure $name" "$LOGS/configure-$name.log" \
    kernel_make KCONFIG_ALLCONFIG="$OUT/lab.config" allnoconfig
check_config
add_driver
step "build $name" "$LOGS/$name.log" kernel_make Image
stamp_set "$name" "$key"
