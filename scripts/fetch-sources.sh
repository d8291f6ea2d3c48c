#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: fetch-sources.sh [--dir] [qemu] [kernel] [kernel-VERSION] [kernel-debian-VERSION[-16k]] [tools] [sysroot]
#                         [newer-ARCH]
#
# Brings what the builds start from; without arguments all of it but other kernels and newer programs. What is there
# already is not fetched again.
#   qemu     QEMU's source into the cache: from the directory $SOURCE_CACHE, else the Debian source package,
#            else QEMU's own git (its address is in $QEMU_GIT if set)
#   kernel   Debian's linux-source package, into the cache
#   kernel-VERSION  another Linux, such as 6.18, into the cache: from a tarball in $SOURCE_CACHE (Debian's or
#            kernel.org's), else from Debian's source package
#   kernel-debian-VERSION[-16k]  Debian's packages of its newest arm64 kernel whose version begins so, into the cache
#   tools    the meson and Python packages that QEMU needs, into build/tools
#   sysroot  arm64 libraries, into build/sysroot-arm64
#   newer-ARCH  programs of a newer Debian for arm64 or amd64 with all their libraries, into build/newer-ARCH: libvirt,
#            and what checks ACPI tables (fwts, iasl)
#   --dir    print where the cache is, and do nothing else

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-apt.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-apt.sh"

QEMU_GIT=${QEMU_GIT:-https://gitlab.com/qemu-project/qemu.git}
QEMU=$CACHE/qemu-$QEMU_VERSION
MESON_AT_LEAST=1.5

# Each entry: one package; alternatives are names of it in other Debian releases.
SYSROOT_PACKAGES=(
    libc6 libgcc-s1 'libglib2.0-0 libglib2.0-0t64' libglib2.0-dev libpixman-1-0 libpixman-1-dev
    'libgio-2.0-dev libglib2.0-dev' 'libsysprof-capture-4-dev libglib2.0-dev' # parts of it since Debian 13
    'libfdt1' libfdt-dev zlib1g zlib1g-dev libpcre2-8-0 libpcre2-dev libffi8 libffi-dev
    libselinux1 libselinux1-dev 'libsepol2' libsepol-dev libblkid1 libblkid-dev libmount1 libmount-dev
    busybox-static
)

# Debian's suite whose libvirt has the attributes of an accelerated SMMUv3 (12.7), and what they depend on for other uses
NEWER_SUITE=forky
NEWER_PACKAGES=(libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients fwts acpica-tools)
NEWER_WITHOUT='^(qemu-system|systemd|cron|ipxe|seabios|debconf|sensible|logrotate|libpam|libasound)'

OFFLINE_HINT="Is there a network? Without one, put the files into a directory and set SOURCE_CACHE to it."

# --- QEMU -------------------------------------------------------------------------------------------------------

# check_qemu_source DIR: says what is wrong with it; silent and 0 if nothing is
check_qemu_source()
{
    local name sum
    while IFS='=' read -r name sum; do
        [[ -f $1/$name ]] || { echo "'$1' has no $name"; return 1; }
        [[ $(digest <"$1/$name") == "$sum" ]] || { echo "'$1/$name' is not the expected file: its SHA-256 differs"; return 1; }
    done < <(base_group sources)
}

qemu_from_directory()
{
    local dir=$1 part=$QEMU.part why name
    if ! why=$(check_qemu_source "$dir"); then
        warn "SOURCE_CACHE: $why; looking elsewhere"
        return 1
    fi
    rm -rf "$part"
    mkdir -p "$part"
    while IFS='=' read -r name _; do
        cp "$dir/$name" "$part/"
    done < <(base_group sources)
    chmod -R u+w "$part"
    mv "$part" "$QEMU"
}

# The archive has the source of its newest packages only.
qemu_from_debian()
{
    local part=$QEMU.part why version
    private_apt_update || return 1
    version=$(private_apt apt-cache madison qemu | awk -v v="1:$QEMU_VERSION+ds-" 'index($3, v) == 1 { print $3; exit }')
    [[ -n $version ]] || return 1
    rm -rf "$part"
    mkdir -p "$part"
    (cd "$part" && private_apt apt-get -qq source --download-only "qemu=$version") || return 1
    if ! why=$(check_qemu_source "$part"); then
        warn "Debian's source package: $why"
        return 1
    fi
    mv "$part" "$QEMU"
}

qemu_from_git()
{
    rm -rf "$QEMU.part"
    git -c advice.detachedHead=false clone --quiet --bare --depth 1 --branch "v$QEMU_VERSION" "$QEMU_GIT" "$QEMU.part" ||
        return 1
    mv "$QEMU.part" "$QEMU-git"
}

fetch_qemu()
{
    local why
    if [[ -d $QEMU-git ]]; then
        return
    fi
    if [[ -d $QEMU ]]; then
        # sums are compared once: when the files came, and after that only if a file is missing
        if [[ -f $QEMU/.verified && -z $(base_group sources | while IFS='=' read -r name _; do
            [[ -f $QEMU/$name ]] || echo "$name"
        done) ]]; then
            return
        fi
        if why=$(check_qemu_source "$QEMU"); then
            touch "$QEMU/.verified"
            return
        fi
        warn "$why; fetching it again"
        rm -rf "$QEMU"
    fi
    need_space "$CACHE" 500 "QEMU's source"
    if [[ -n ${SOURCE_CACHE:-} ]] && qemu_from_directory "$SOURCE_CACHE"; then
        say "QEMU $QEMU_VERSION: from $SOURCE_CACHE"
    elif qemu_from_debian; then
        say "QEMU $QEMU_VERSION: Debian's source package"
    elif warn "Debian's source package cannot be had; trying QEMU's git" && qemu_from_git; then
        say "QEMU $QEMU_VERSION: QEMU's git"
        return
    else
        die "QEMU $QEMU_VERSION cannot be had: tried SOURCE_CACHE ('${SOURCE_CACHE:-}'), Debian's source package, $QEMU_GIT" \
            "$OFFLINE_HINT" "Needed: $(base_group sources | cut -d= -f1 | paste -sd ' ')"
    fi
    touch "$QEMU/.verified"
}

# --- kernel -----------------------------------------------------------------------------------------------------

fetch_kernel()
{
    local deb name
    if compgen -G "$DEBS/kernel/linux-source-*.deb" >/dev/null; then
        return
    fi
    need_space "$CACHE" 500 "the kernel's source"
    mkdir -p "$DEBS"
    deb=$(compgen -G "${SOURCE_CACHE:-/nonexistent}/linux-source-7.*_all.deb" | sort -V | tail -n 1) || deb=
    if [[ -n $deb ]]; then
        rm -rf "$DEBS/kernel.part"
        mkdir -p "$DEBS/kernel.part"
        cp "$deb" "$DEBS/kernel.part/"
        mv "$DEBS/kernel.part" "$DEBS/kernel"
        say "kernel: $deb"
        return
    fi
    private_apt_update || die "the package lists cannot be fetched" "$OFFLINE_HINT"
    name=$(first_known linux-source-7.2) ||
        name=$(private_apt apt-cache pkgnames linux-source-7. | sort -V | tail -n 1)
    [[ -n $name ]] || die "the mirror has no linux-source-7.* package (suite trixie-backports)"
    download_debs "$DEBS/kernel" "$name" || die "$name cannot be downloaded" "$OFFLINE_HINT"
    say "kernel: $name"
}

# kernel_from_debian VERSION DIR: the tarball of the newest source package of that version
kernel_from_debian()
{
    local version
    private_apt_update || return 1
    version=$(private_apt apt-cache madison linux | awk -v v="$1." 'index($3, v) == 1 { print $3 }' |
        sort -V | tail -n 1)
    [[ -n $version ]] || { warn "Debian's archive has no source package of Linux $1"; return 1; }
    (cd "$2" && private_apt apt-get -qq source --download-only --tar-only "linux=$version")
}

# fetch_host_kernel VERSION
fetch_host_kernel()
{
    local dir=$DEBS/kernel-$1 from
    if compgen -G "$dir/linux*" >/dev/null; then
        return
    fi
    need_space "$CACHE" 500 "the kernel's source"
    rm -rf "$dir.part"
    mkdir -p "$dir.part"
    from=$(compgen -G "${SOURCE_CACHE:-/nonexistent}/linux[-_]$1.*.tar.xz" | grep -v '\.debian\.' | sort -V | tail -n 1) ||
        from=
    if [[ -n $from ]]; then
        cp "$from" "$dir.part/"
    else
        from="Debian's source package"
        kernel_from_debian "$1" "$dir.part" ||
            die "Linux $1 is neither in SOURCE_CACHE ('${SOURCE_CACHE:-}') nor in Debian's archive" \
                "Put kernel.org's linux-$1.N.tar.xz into a directory and set SOURCE_CACHE to it."
    fi
    mv "$dir.part" "$dir"
    say "kernel $1: $from"
}

# fetch_debian_kernel VERSION[-16k]
fetch_debian_kernel()
{
    local dir=$DEBS/kernel-debian-$1 flavour=arm64 release packages
    local APT_SUITE='bookworm trixie trixie-backports' APT_DIR=$CACHE/apt-kernels APT_UPDATED=''
    if compgen -G "$dir/linux*" >/dev/null; then
        return
    fi
    [[ $1 != *-* ]] || flavour=arm64-${1#*-}
    need_space "$CACHE" 500 "Debian's kernel"
    private_apt_update || die "the package lists cannot be fetched" "$OFFLINE_HINT"
    release=$(private_apt apt-cache pkgnames linux-image- | sed 's/^linux-image-//' |
        grep -E "^${1%-*}\\.[0-9.]+[-+][0-9a-z.]+-$flavour\$" | sort -V | tail -n 1)
    [[ -n $release ]] || die "the mirror has no kernel for arm64 whose version begins with ${1%-*} ($flavour)"
    # since 7.3 the image's package is empty
    mapfile -t packages < <(private_apt apt-cache pkgnames | grep -xF -e"linux-"{image,binary,modules}"-$release")
    download_debs "$dir" "${packages[@]}" || die "Linux $release cannot be downloaded" "$OFFLINE_HINT"
    say "kernel debian-$1: linux-image-$release"
}

# --- tools ------------------------------------------------------------------------------------------------------

# A Python environment whose meson is new enough for QEMU's configure, which makes its own environment from it.
fetch_tools()
{
    local python=$BUILD/tools/python key deb
    key="meson >= $MESON_AT_LEAST, pycotap, qemu.qmp, $(/usr/bin/python3 --version)"
    if stamp_is tools "$key"; then
        return
    fi
    stamp_clear tools
    if ! compgen -G "$DEBS/tools/python3-qemu-qmp_*.deb" >/dev/null; then
        need_space "$CACHE" 50 "the tools"
        private_apt_update || die "the package lists cannot be fetched" "$OFFLINE_HINT"
        local suite=
        [[ $APT_CODENAME != bookworm ]] || suite=/bookworm-backports
        download_debs "$DEBS/tools" "meson$suite" python3-pycotap python3-qemu-qmp ||
            die "meson, pycotap and qemu.qmp cannot be downloaded" "$OFFLINE_HINT"
    fi
    rm -rf "$python" "$BUILD/tools/meson"
    mkdir -p "$BUILD/tools/meson"
    /usr/bin/python3 -m venv --system-site-packages --without-pip "$python"
    for deb in "$DEBS/tools"/*.deb; do
        dpkg-deb -x "$deb" "$BUILD/tools/meson"
    done
    cp -r "$BUILD/tools/meson/usr/lib/python3/dist-packages/." "$("$python/bin/python3" -c \
        'import sysconfig; print(sysconfig.get_path("purelib"))')"
    rm -rf "$BUILD/tools/meson"
    stamp_set tools "$key"
}

# --- sysroot ----------------------------------------------------------------------------------------------------

# Libraries' absolute links would lead out of the sysroot.
relative_links()
{
    local link target
    while IFS= read -r -d '' link; do
        target=$(readlink "$link")
        ln -sfnr "$1$target" "$link"
    done < <(find "$1" -type l -lname '/*' -print0)
}

fetch_sysroot()
{
    local sysroot=$BUILD/sysroot-arm64 key deb entry names=() name
    key=$(printf '%s\n' "${SYSROOT_PACKAGES[@]}" | digest)
    if stamp_is sysroot "$key" && [[ -d $sysroot ]]; then
        return
    fi
    stamp_clear sysroot
    if [[ ! -f $DEBS/sysroot/.complete || $(<"$DEBS/sysroot/.complete") != "$key" ]]; then
        need_space "$CACHE" 100 "arm64 libraries"
        private_apt_update || die "the package lists cannot be fetched" "$OFFLINE_HINT"
        for entry in "${SYSROOT_PACKAGES[@]}"; do
            # shellcheck disable=SC2086 # the alternatives are words
            name=$(first_known $entry) || die "the mirror has no arm64 package '${entry// /\' or \'}'"
            names+=("$name")
        done
        download_debs "$DEBS/sysroot" "${names[@]}" || die "the arm64 libraries cannot be downloaded" "$OFFLINE_HINT"
        echo "$key" >"$DEBS/sysroot/.complete"
    fi
    rm -rf "$sysroot" "$sysroot.part"
    mkdir -p "$sysroot.part"
    for deb in "$DEBS/sysroot"/*.deb; do
        dpkg-deb -x "$deb" "$sysroot.part"
    done
    relative_links "$sysroot.part"
    mv "$sysroot.part" "$sysroot"
    stamp_set sysroot "$key"
}

# --- newer programs ---------------------------------------------------------------------------------------------

# download_newer ARCH DIR
download_newer()
{
    local APT_ARCH=$1 APT_SUITE=$NEWER_SUITE APT_DIR=$CACHE/apt-$NEWER_SUITE-$1 APT_UPDATED='' names
    private_apt_update || die "the package lists cannot be fetched" "$OFFLINE_HINT"
    mapfile -t names < <(private_apt apt-get -qq install --no-install-recommends --print-uris "${NEWER_PACKAGES[@]}" |
        sed -n 's/^[^ ]* \([^_ ]*\)_.*\.deb .*/\1/p' | grep -vE "$NEWER_WITHOUT")
    download_debs "$2" "${names[@]}" || die "${NEWER_PACKAGES[*]} cannot be downloaded from $NEWER_SUITE" "$OFFLINE_HINT"
}

# fetch_newer ARCH
fetch_newer()
{
    local root=$BUILD/newer-$1 debs=$DEBS/newer-$1 key deb
    if ! compgen -G "$debs/libvirt-daemon_*.deb" >/dev/null; then
        need_space "$CACHE" 150 "programs of $NEWER_SUITE"
        download_newer "$1" "$debs"
        say "newer-$1: ${NEWER_PACKAGES[*]} of $NEWER_SUITE"
    fi
    key=$(printf '%s\n' "$debs"/*.deb | digest)
    if stamp_is "newer-$1" "$key" && [[ -d $root ]]; then
        return
    fi
    stamp_clear "newer-$1"
    rm -rf "$root" "$root.part"
    mkdir -p "$root.part"
    for deb in "$debs"/*.deb; do
        dpkg-deb -x "$deb" "$root.part"
    done
    relative_links "$root.part"
    mv "$root.part" "$root"
    stamp_set "newer-$1" "$key"
}

# --- ------------------------------------------------------------------------------------------------------------

parts=()
for arg in "$@"; do
    case $arg in
    --help | -h)
        usage
        exit
        ;;
    --dir)
        say "$CACHE"
        exit
        ;;
    qemu | kernel | tools | sysroot) parts+=("fetch_$arg") ;;
    kernel-[0-9]*.[0-9]*) parts+=("fetch_host_kernel ${arg#*-}") ;;
    newer-arm64 | newer-amd64) parts+=("fetch_newer ${arg#*-}") ;;
    kernel-debian-[0-9]*) parts+=("fetch_debian_kernel ${arg#kernel-debian-}") ;;
    *) usage_error "unknown argument '$arg'" ;;
    esac
done
((${#parts[@]})) || parts=(fetch_{qemu,kernel,tools,sysroot})
[[ -z ${SOURCE_CACHE:-} || -d $SOURCE_CACHE ]] || die "SOURCE_CACHE is '$SOURCE_CACHE', which is no directory"
mkdir -p "$CACHE" 2>/dev/null || die "cannot create the cache directory '$CACHE'" "Set XDG_CACHE_HOME to a writable place."
need dpkg-deb git
take_lock fetch
for part in "${parts[@]}"; do
    # shellcheck disable=SC2086 # a function and its argument
    $part
done
