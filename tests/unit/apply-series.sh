#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: apply-series.sh BUILD
#
# Tests scripts/apply-series.sh TREE and --quilt on trees that have only the files of QEMU that the series changes, from
# BUILD/qemu-v10.2. Whatever happens, a tree is as before, or has one more branch. Prints TAP.

set -euo pipefail
# shellcheck source=tests/unit/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
SCRIPTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)
SOURCE=$1/qemu-v10.2
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export HOME=$WORK GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@invalid GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@invalid
# of a caller that is one of our scripts
unset "${!GIT_CONFIG_@}"
BRANCH=accel-smmuv3-v10.2
LAST=$(tail -n 1 "$SCRIPTS/../patches/v10.2/series")
FIRST=$(head -n 1 "$SCRIPTS/../patches/v10.2/series")

must() { "$@" || { echo "# failed: $*" && failed=1; }; }

# says STATUS TEXT ARGUMENT...: apply-series.sh with these arguments ends so, and says that
says()
{
    local want=$1 text=$2 got=0
    shift 2
    "$SCRIPTS/apply-series.sh" "$@" >"$WORK/out" 2>&1 </dev/null || got=$?
    must [ "$got" = "$want" ]
    if ! grep -qF -- "$text" "$WORK/out"; then
        sed 's/^/# /' "$WORK/out"
        must false "'$text' is not there"
    fi
}

# tree NAME [INIT-OPTION]: sets TREE to a new one
tree()
{
    local files
    TREE="$WORK/$1"
    mapfile -t files < <({ sed -n 's|^diff --git a/.* b/||p' "$SCRIPTS"/../patches/v10.2/*.patch &&
        echo VERSION && echo qapi/qapi-schema.json; } | sort -u)
    mkdir "$TREE"
    git -C "$SOURCE" archive base | tar -x -C "$TREE" "${files[@]}" 2>/dev/null || true
    git init --quiet --initial-branch=main "${@:2}" "$TREE"
    git -C "$TREE" add --all --force
    git -C "$TREE" commit --quiet -m base
}

state() { { git -C "$TREE" show-ref --head; git -C "$TREE" symbolic-ref HEAD; git -C "$TREE" status --porcelain
    git -C "$TREE" worktree list | wc -l; cd "$TREE" && find . -path ./.git -prune -o -type f -print0 | sort -z |
    xargs -0 sha256sum; } 2>&1 | grep -v "refs/heads/$BRANCH\$"; }
# unchanged COMMAND...: but for the branch
unchanged()
{
    local before
    before=$(state)
    "$@"
    must [ "$before" = "$(state)" ]
}
no_branch() { must [ -z "$(git -C "$TREE" for-each-ref "refs/heads/$BRANCH")" ]; }

tree plain
unchanged says 0 "patches apply" --check "$TREE"
no_branch
unchanged says 0 "are the new branch $BRANCH" "$TREE"
must [ "$(git -C "$TREE" rev-list --count "main..$BRANCH")" = "$(wc -l <"$SCRIPTS/../patches/v10.2/series")" ]
must git -C "$TREE" cat-file -e "$BRANCH:hw/arm/smmuv3-accel.c"
unchanged says 0 "is there" "$TREE"
ok "a branch is made, the rest of the tree is as before, and a second run finds it"

git -C "$TREE" switch --quiet "$BRANCH"
unchanged says 1 "has the series or a part of it" "$TREE"
git -C "$TREE" switch --quiet main
git -C "$TREE" commit --quiet --allow-empty -m more
unchanged says 1 "with other commits" "$TREE"
unchanged says 1 "with other commits" --check "$TREE"
ok "a tree that is patched, and a branch of another base or release"

tree dirty
echo change >>"$TREE/hw/pci/pci.c"
echo new >"$TREE/hw/arm/smmuv3-accel.c"
unchanged says 0 "are the new branch" "$TREE"
ok "changes that are not committed stay, and are in nobody's way"

tree "a space"
mkdir "$TREE/.git/refs/heads/$BRANCH"
cp "$TREE/.git/refs/heads/main" "$TREE/.git/refs/heads/$BRANCH/mine"
unchanged says 1 "cannot be created" --check "$TREE"
unchanged says 1 "cannot be created" "$TREE"
rm -r "$TREE/.git/refs/heads/$BRANCH"
touch "$TREE/.git/refs/heads/$BRANCH.lock"
unchanged says 1 "cannot be created" "$TREE"
ok "a branch of a like name, and refs that cannot be written"

tree other
sed -i '0,/MSIMessage/s//MSIMessagE/' "$TREE/hw/pci/pci.c"
sed -i 's/bus_master_as, msg.address/bus_master_as, MSG.address/' "$TREE/hw/pci/pci.c"
git -C "$TREE" commit --quiet -am change
unchanged says 1 "does not apply" "$TREE"
no_branch
tree older
echo 10.2.0 >"$TREE/VERSION"
git -C "$TREE" commit --quiet -am version
says 0 "are the new branch" "$TREE"
ok "a conflict names the patch; the version alone is none"

tree sha256 --object-format=sha256
unchanged says 0 "are the new branch" "$TREE"
ok "a repository with SHA-256"

tree full
before=$(state)
(ulimit -f 2 && "$SCRIPTS/apply-series.sh" "$TREE" >"$WORK/out" 2>&1) && must false "no failure"
must [ "$before" = "$(state)" ]
no_branch
TMPDIR=$WORK/missing says 1 "cannot create a directory" "$TREE"
ok "a disk that is full"

mkdir "$WORK/none" "$WORK/part"
says 1 "is not a directory" "$WORK/missing"
says 1 "not a QEMU source tree" "$WORK/none"
says 2 "TREE is empty" ""
says 2 "the directory of --quilt is empty" --quilt ""
says 2 "not also" "$TREE" "$TREE"
says 2 "--check needs" --check
ok "arguments that are no tree"

if [[ $(id -u) == 0 ]] && id nobody >/dev/null 2>&1; then
    tree foreign
    chown -R nobody "$TREE"
    says 1 "dubious ownership" "$TREE"
    printf '%s\n' '[safe]' 'directory = *' >"$WORK/.gitconfig"
    says 0 "are the new branch" "$TREE"
    rm "$WORK/.gitconfig"
    ok "a tree of somebody else, until the user trusts it"
else
    number=$((number + 1))
    echo "ok $number - a tree of somebody else # SKIP needs root"
fi

# --- --quilt
P=$WORK/pkg/debian/patches
mkdir -p "$P"
printf 'first.patch' >"$WORK/real-series"
ln -s ../../../real-series "$P/series"
echo 'qemu (1:10.2.2+ds-1) unstable; urgency=medium' >"$WORK/pkg/debian/changelog"
says 0 "can be written" --check --quilt "$P"
must [ ! -e "$P/accel-smmuv3" ]
says 0 "lines in series" --quilt "$P"
must [ -L "$P/series" ]
must [ "$(head -n 1 "$P/series")" = first.patch ]
must [ "$(tail -n 1 "$P/series")" = "accel-smmuv3/$LAST" ]
must grep -q '^Forwarded: not-needed' "$P/accel-smmuv3/$FIRST"
cp -r "$P/accel-smmuv3" "$WORK/once"
ok "patches for a package, with their headers"

echo local-fix.patch >>"$P/series"
sed "s/^Subject: /&older /" "$P/accel-smmuv3/$LAST" >"$P/accel-smmuv3/9000-gone.patch"
sed -i "s|^accel-smmuv3/$LAST\$|accel-smmuv3/9000-gone.patch|" "$WORK/real-series"
says 0 "lines in series" --quilt "$P"
must diff -r "$P/accel-smmuv3" "$WORK/once"
must [ "$(tail -n 2 "$P/series")" = "accel-smmuv3/$LAST"$'\n'local-fix.patch ]
ok "an older release is replaced, below the patches on top of it"

cp -rL "$P" "$WORK/before"
echo mine >"$P/accel-smmuv3/9999-mine.patch"
says 1 "is not of this series" --quilt "$P"
rm "$P/accel-smmuv3/9999-mine.patch"
mkdir "$WORK/pkg/.pc"
cp "$P/series" "$WORK/pkg/.pc/applied-patches"
says 1 "quilt pop -a" --quilt "$P"
rm -r "$WORK/pkg/.pc"
says 1 "not a directory of patches" --quilt "$WORK/pkg/debian"
sed -i 's/10.2.2/10.1.3/' "$WORK/pkg/debian/changelog"
says 1 "belongs to QEMU 10.1.3" --quilt "$P"
must diff -r "$P" "$WORK/before"
ok "a package that has the series applied, files of others, another version, another directory"

finish
