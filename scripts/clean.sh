#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: clean.sh [--all]
#
# Removes what was built; source trees, downloads and inputs that the fuzzer found stay, so that the next build needs no
# network.
#   --all  removes build/ and results/ as a whole; refuses if a tree of a base holds work that patches/ has not

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

KEPT=('qemu-v*' qemu-lab ksrc sysroot-arm64 tools fuzz-inputs .stamps .locks)

if [[ ${1:-} != --all ]]; then
    no_arguments "$@"
    mapfile -t kept < <(printf '!\n-name\n%s\n' "${KEPT[@]}")
    mkdir -p "$BUILD"
    find "$BUILD" -mindepth 1 -maxdepth 1 "${kept[@]}" -exec rm -rf {} +
    find "$BUILD" -path '*/.stamps/*' ! -name tools ! -name sysroot ! -name 'ksrc*' -delete
    exit
fi
for BASE in $(cd "$ROOT/bases" && echo *); do
    tree=$BUILD/qemu-$BASE
    [[ -e $tree ]] || continue
    # fails, and says so, if there is work that would be lost
    BASE=$BASE "$ROOT/scripts/apply-series.sh" >/dev/null ||
        die "'$tree' is kept, and so is all of build/ (see above)"
    other=$(git -C "$tree" log --format='%h %s' --branches --glob=refs/stash --not "refs/heads/accel-smmuv3-$BASE" --max-count=5)
    [[ -z $other ]] || die "other branches or the stash of '$tree' hold commits, so build/ is kept:" "$other"
done
rm -rf "${BUILD:?}" "$ROOT/results"
[[ ! -L $ROOT/build ]] || rm "$ROOT/build"
say "removed; downloads are still in $CACHE"
