#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: export-series.sh [--check] [TREE]
#
# Writes the commits base..accel-smmuv3-v10.2 of TREE (default: build/qemu-v10.2) to patches/v10.2, with the file
# `series`. Removes patches that are gone. When no commit changed, no byte changes.
#   --check      only tell what would change; exit 1 if anything would

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-series.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-series.sh"

# The commit that the series starts from: the tag `base` in the tree that apply-series.sh makes, QEMU's tag elsewhere
start_of()
{
    local tag
    for tag in base "v$QEMU_VERSION"; do
        if git -C "$1" rev-parse --verify --quiet "refs/tags/$tag^{commit}"; then
            return
        fi
    done
    die "'$1' has neither a tag 'base' nor 'v$QEMU_VERSION', so the start of the series is unknown" \
        "Tag it: git -C '$1' tag base COMMIT"
}

check_commits()
{
    local tree=$1 range=$2 bad
    [[ -n $(git -C "$tree" rev-list "$range") ]] || die "'$tree' has no commit on $BRANCH that the base does not have"
    bad=$(git -C "$tree" rev-list --merges "$range")
    [[ -z $bad ]] || die "the series must be a straight line, and these are merges: $bad" "git rebase makes it one."
    bad=$(git -C "$tree" log --format='%h %an <%ae>: %s' "$range" | grep -v " $PROJECT_NAME <$PROJECT_MAIL>: ") || true
    [[ -z $bad ]] || die "these commits are not by $PROJECT_NAME <$PROJECT_MAIL>:" "$bad" \
        "git commit --amend --reset-author, with user.name and user.email of the tree, changes that."
    bad=$(git -C "$tree" log --format='%h %s' "$range" | grep -E '^[0-9a-f]+ (fixup|squash|amend)!') || true
    [[ -z $bad ]] || die "these commits are to be squashed first (git rebase --autosquash):" "$bad"
}

# publish NEW CHECK: make PATCHES like NEW, touching only what differs
publish()
{
    local new=$1 check=$2 name changes=0
    mkdir -p "$PATCHES"
    while read -r name; do
        if [[ ! -f $new/$name ]]; then
            say "removed: $name"
        elif [[ ! -f $PATCHES/$name ]]; then
            say "new: $name"
        elif ! cmp -s "$new/$name" "$PATCHES/$name"; then
            say "changed: $name"
        else
            continue
        fi
        changes=$((changes + 1))
        ((check)) && continue
        if [[ -f $new/$name ]]; then
            cp "$new/$name" "$PATCHES/.$name.part" && mv "$PATCHES/.$name.part" "$PATCHES/$name"
        else
            rm "$PATCHES/$name"
        fi
    done < <({ ls "$new" && find "$PATCHES" -maxdepth 1 \( -name '*.patch' -o -name series \) -printf '%f\n'; } | sort -u)
    if ((changes == 0)); then
        say "patches/$BASE: nothing changed"
    fi
    ((changes == 0 || !check))
}

check=0 tree=''
while (($#)); do
    case $1 in
    --help | -h)
        usage
        exit
        ;;
    --check) check=1 ;;
    -*) usage_error "unknown option '$1'" ;;
    *)
        [[ -z $tree ]] || usage_error "only one TREE, and not also '$1'"
        tree=$1
        ;;
    esac
    shift
done
tree=${tree:-$BUILD/qemu-$BASE}
need git
[[ -e $tree/.git ]] || die "'$tree' is not a git checkout" "scripts/apply-series.sh makes build/qemu-$BASE."
git -C "$tree" show-ref --verify --quiet "refs/heads/$BRANCH" ||
    die "'$tree' has no branch $BRANCH" "The series is the commits on that branch: git -C '$tree' checkout -b $BRANCH"
take_lock series
is_clean "$tree" || warn "'$tree' has uncommitted changes, which are not exported"
start=$(start_of "$tree")
check_commits "$tree" "$start..refs/heads/$BRANCH"
out=$(mktemp -d)
write_patches "$tree" "$start..refs/heads/$BRANCH" "$out"
scratch "$tree" "$start" "$out"/*.patch
if ! am "$out"/*.patch || ! git -C "$tree" diff --quiet "$(scratch_head)" "refs/heads/$BRANCH"; then
    die "the patches do not give the branch's tree again: ${AM_PATCH:-no patch fails}${AM_WHY:+, $AM_WHY}" \
        "Is a line of a commit message the start of a diff (---, diff --git)? patches/$BASE is unchanged."
fi
publish "$out" "$check"
if ((!check)) && [[ $(realpath "$tree") == "$(realpath -m "$BUILD/qemu-$BASE")" ]]; then
    git -C "$tree" rev-parse "refs/heads/$BRANCH" >"$tree/.git/accel-smmuv3-synced"
fi
