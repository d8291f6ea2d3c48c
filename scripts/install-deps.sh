#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: install-deps.sh [--list | --check | --fuzz]
#
# Installs the Debian packages that `make` needs and that are missing (as root; otherwise says the command).
#   --list   only print the names of all packages
#   --check  only say what is missing; exit 1 if anything is
#   --fuzz   what only `make fuzz` needs, too

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PACKAGES=(
    # fetch, apply
    ca-certificates debian-archive-keyring dpkg-dev git patch perl xz-utils
    # compile
    bc bison flex gcc libc6-dev make meson ninja-build pkg-config
    python3 python3-pip python3-setuptools python3-venv python3-wheel
    # QEMU for x86, the lab's runner
    libattr1-dev libfdt-dev libglib2.0-dev libjson-glib-dev libpixman-1-dev zlib1g-dev
    # the kernel's own tools
    kmod libelf-dev libssl-dev rsync
    # images, tests
    acpica-tools cpio procps qemu-efi-aarch64 shellcheck
)

# The compiler for arm64. On arm64 it is gcc itself, which has the name aarch64-linux-gnu-gcc there, too.
[[ $(uname -m) == aarch64 ]] || PACKAGES+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)

# the compiler with libFuzzer, and what names its functions
FUZZ_PACKAGES=(clang libclang-rt-dev llvm)

missing()
{
    local installed
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${PACKAGES[@]}" 2>/dev/null |
        awk '$2 == "installed" { print $1 }' | sort -u) || true
    comm -13 <(printf '%s\n' "$installed") <(printf '%s\n' "${PACKAGES[@]}" | sort -u)
}

install()
{
    local log=$LOGS/install-deps.log
    if [[ $(id -u) != 0 ]]; then
        die "these packages are missing and only root can install them: $*" \
            "Run: sudo apt-get update && sudo apt-get install --no-install-recommends $*"
    fi
    need_space /var/cache/apt 1000 "packages"
    mkdir -p "$(dirname "$log")"
    say "installing: $*"
    export DEBIAN_FRONTEND=noninteractive
    # lists of today may be there already; if they are not, or are too old, update and try again
    if ! apt-get -qq -y install --no-install-recommends "$@" >"$log" 2>&1; then
        apt-get -qq update >>"$log" 2>&1 ||
            warn "apt-get update had errors (see $log)"
        if ! apt-get -qq -y install --no-install-recommends "$@" >>"$log" 2>&1; then
            tail -n 20 "$log" | sed 's/^/  | /' >&2
            die "apt-get could not install: $*" \
                "Is there a network, and is the mirror in /etc/apt reachable? The whole log: $log"
        fi
    fi
}

case ${1:-} in
'') ;;
--list)
    printf '%s\n' "${PACKAGES[@]}"
    exit
    ;;
--check) ;;
--fuzz) PACKAGES+=("${FUZZ_PACKAGES[@]}") ;;
--help | -h)
    usage
    exit
    ;;
*) usage_error "unknown argument '$1'" ;;
esac

have dpkg-query || die "dpkg is not here: only Debian 12 or newer is supported as the build machine"
mapfile -t todo < <(missing)
if ((${#todo[@]} == 0)); then
    exit 0
fi
if [[ ${1:-} == --check ]]; then
    say "missing: ${todo[*]}"
    exit 1
fi
install "${todo[@]}"
