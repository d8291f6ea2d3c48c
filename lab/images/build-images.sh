#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Usage: lab/images/build-images.sh [--output DIR] [--qemu FILE]
#            [--kernel FILE] [--sysroot DIR] [--firmware FILE] [--agents DIR]
#
# Makes DIR/guest.cpio.gz (the guest's initrd: busybox, agent) and
# DIR/host.cpio (the emulated host's initramfs: busybox, smmu-lab-host, the
# arm64 QEMU under test with its libraries, firmware, guest kernel, guest
# initrd). DIR is build/images by default. Nothing is done when nothing changed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
output=$root/build/images
qemu=$root/build/qemu-arm64/qemu-system-aarch64
kernel=$root/build/kernel/arch/arm64/boot/Image
sysroot=$root/build/sysroot-arm64
agents=$root/build/lab-arm64
firmware=/usr/share/qemu-efi-aarch64/QEMU_EFI.fd

die() {
    echo "build-images.sh: $*" >&2
    exit 1
}

usage() {
    sed -n '/^# Usage:/,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
}

while (($#)); do
    case $1 in
    --help) usage; exit 0 ;;
    --output | --qemu | --kernel | --sysroot | --firmware | --agents)
        (($# > 1)) || { echo "build-images.sh: $1 needs a value" >&2; exit 2; }
        declare "${1#--}=$(realpath -m -- "$2")"
        shift 2 ;;
    *) echo "build-images.sh: unknown argument $1; see --help" >&2; exit 2 ;;
    esac
done

need() { # FILE WHAT FIX
    [[ -e $1 ]] || die "$2 is missing ($1): $3"
}

busybox() {
    local f
    for f in "$sysroot"/{usr/,}bin/busybox; do
        [[ -x $f ]] && { echo "$f"; return; }
    done
    die "no busybox in $sysroot: fetch the package busybox-static for arm64"
}

build_agents() {
    if [[ ! -f $agents/build.ninja ]]; then
        meson setup --cross-file "$root/lab/aarch64.cross" "$agents" "$root" \
            > /dev/null || die "meson setup $agents failed: see its meson-logs"
    fi
    ninja -C "$agents" lab/host/smmu-lab-host lab/guest/smmu-lab-guest \
        > "$agents/build.log" 2>&1 || { cat "$agents/build.log" >&2
        die "building the agents failed"; }
}

# Print every library that ELF files need, each with the place it was found at.
libraries() { # FILE...
    local -A seen=()
    local -a todo=("$@")
    local name dir found
    while ((${#todo[@]})); do
        local file=${todo[0]}
        todo=("${todo[@]:1}")
        while read -r name; do
            [[ -n ${seen[$name]:-} ]] && continue
            seen[$name]=1
            found=
            for dir in "$sysroot"/{usr/,}lib/aarch64-linux-gnu \
                       /usr/aarch64-linux-gnu/lib; do
                [[ -e $dir/$name ]] && { found=$dir/$name; break; }
            done
            [[ -n $found ]] || die "$name, which $file needs, is not in" \
                "$sysroot: fetch the arm64 package that has it"
            echo "$found"
            todo+=("$found")
        done < <(aarch64-linux-gnu-readelf -d "$file" |
                 sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    done
}

pack() { # DIR FILE: a reproducible cpio of DIR
    find "$1" -exec touch -h -d @0 {} +
    (cd "$1" && find . -mindepth 1 | LC_ALL=C sort |
        cpio --quiet -o -H newc -R 0:0 --reproducible) > "$2"
}

make_guest() {
    local tree=$work/guest
    mkdir -p "$tree"/{bin,dev,proc,sys,tmp}
    cp "$(busybox)" "$tree/bin/busybox"
    cp "$agents/lab/guest/smmu-lab-guest" "$tree/init"
    aarch64-linux-gnu-strip "$tree/init"
    pack "$tree" "$work/guest.cpio"
    gzip -n9 "$work/guest.cpio"
}

make_host() {
    local tree=$work/host lib loader
    mkdir -p "$tree"/{bin,boot,dev,lab,proc,sys,tmp,usr/bin,lib/aarch64-linux-gnu}
    mkdir -p "$tree/usr/share/qemu-efi-aarch64"
    cp "$(busybox)" "$tree/bin/busybox"
    cp "$root/lab/images/host-init" "$tree/init"
    cp "$agents/lab/host/smmu-lab-host" "$qemu" "$tree/usr/bin/"
    libraries "$qemu" > "$work/libraries"
    while read -r lib; do
        cp -L "$lib" "$tree/lib/aarch64-linux-gnu/$(basename "$lib")"
    done < "$work/libraries"
    find "$tree/usr/bin" "$tree/lib" -type f -exec aarch64-linux-gnu-strip {} +
    loader=ld-linux-aarch64.so.1
    ln -s "aarch64-linux-gnu/$loader" "$tree/lib/$loader"
    cp "$firmware" "$tree/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
    cp "$kernel" "$tree/boot/Image"
    cp "$work/guest.cpio.gz" "$tree/boot/"
    pack "$tree" "$work/host.cpio"
}

need "$qemu" "QEMU for arm64" "build it first"
need "$kernel" "the kernel" "build it first"
need "$firmware" "the guest's firmware" "apt-get install qemu-efi-aarch64"
command -v cpio > /dev/null || die "cpio is missing: apt-get install cpio"

build_agents
mkdir -p "$output"
inputs=$(sha256sum "$qemu" "$kernel" "$firmware" "$(busybox)" \
    "$agents/lab/host/smmu-lab-host" "$agents/lab/guest/smmu-lab-guest" \
    "$root"/lab/images/* | cut -d' ' -f1)
if [[ -f $output/host.cpio && -f $output/guest.cpio.gz &&
      $inputs == "$(cat "$output/inputs" 2> /dev/null)" ]]; then
    echo "images: up to date"
    exit 0
fi

work=$(mktemp -d "$output/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
make_guest
make_host
rm -f "$output/inputs"
mv "$work/guest.cpio.gz" "$work/host.cpio" "$output/"
echo "$inputs" > "$output/inputs"
du -h "$output/host.cpio" "$output/guest.cpio.gz"
