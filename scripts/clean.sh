#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: clean.sh [--all]
#
# Removes what was built; source trees and downloads stay, so that the next build needs no network.
#   --all  removes build/ and results/ as a whole; refuses if build/qemu-v10.2 holds work that patches/ has not

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

all=0
case ${1:-} in
'') ;;
--all) all=1 ;;
--help | -h)
    usage
    exit
    ;;
*) usage_error "unknown argument '$1'" ;;
esac
if ((!all)); then
    for dir in qemu-x86 qemu-arm64 variants kernel images lab lab-arm64 qtests-arm64 check logs; do
        rm -rf "${BUILD:?}/$dir"
    done
    rm -rf "${BUILD:?}"/kernel-*
    rm -f "$BUILD"/.stamps/{configure-*,variant-*,kernel,kernel-*,lab,qtests-arm64,check-*}
    exit
fi
tree=$BUILD/qemu-$BASE
if [[ -e $tree ]]; then
    # fails, and says so, if there is work that would be lost
    "$ROOT/scripts/apply-series.sh" >/dev/null ||
        die "'$tree' is kept, and so is all of build/ (see above)"
    other=$(git -C "$tree" log --format='%h %s' --branches --glob=refs/stash --not "refs/heads/accel-smmuv3-$BASE" --max-count=5)
    [[ -z $other ]] || die "other branches or the stash of '$tree' hold commits, so build/ is kept:" "$other"
fi
rm -rf "${BUILD:?}" "$ROOT/results"
[[ ! -L $ROOT/build ]] || rm "$ROOT/build"
say "removed; downloads are still in $CACHE"
