#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: apply-series.sh [--check] [--dev] [TREE]
#        apply-series.sh --quilt DIR
#
# Applies the series to QEMU. With TREE, a git checkout of QEMU 10.2.2: on a new branch accel-smmuv3-v10.2, one commit
# a patch. Either all patches apply, exactly, or TREE stays as it is.
# Without TREE: makes or updates build/qemu-v10.2 (the series) and build/qemu-lab (and the patches for the lab's
# emulated host on top). Commits and changes in build/qemu-v10.2 that the patches do not have are never lost.
#   --check      only tell whether it would work
#   --dev        without TREE: go on with commits and changes that the patches do not have (builds use them)
#   --quilt DIR  write the series for a distribution's debian/patches, which is DIR: a directory of its own, and lines
#                at the end of DIR/series

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-series.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-series.sh"

OWN_TREE=$BUILD/qemu-$BASE
LAB_TREE=$BUILD/qemu-lab
BASE_DATE='2026-01-01T00:00:00Z'

# --- a user's tree ----------------------------------------------------------------------------------------------

check_tree()
{
    local tree=$1 version top
    version=$(version_of "$tree") || die "'$tree' is not a QEMU source tree" "Give the top directory of a QEMU checkout."
    top=$(git -C "$tree" rev-parse --show-toplevel 2>/dev/null) || top=
    [[ -n $top && $(realpath "$top") == "$tree" ]] ||
        die "'$tree' is not a git checkout" \
            "For a package's source use --quilt; for a plain directory: git init, git add, git commit there first."
    git -C "$tree" rev-parse --verify --quiet HEAD >/dev/null || die "'$tree' has no commit yet"
    [[ $version == "$QEMU_VERSION" ]] ||
        die "'$tree' is QEMU $version, and this series is for QEMU $QEMU_VERSION" \
            "Check out the tag v$QEMU_VERSION there (git checkout v$QEMU_VERSION)."
    is_clean "$tree" || die "'$tree' has uncommitted changes" "Commit or stash them: git -C '$tree' status"
    if git -C "$tree" show-ref --verify --quiet "refs/heads/$BRANCH"; then
        die "the series is already applied: '$tree' has the branch $BRANCH" \
            "Use it (git checkout $BRANCH), or remove it first (git branch -D $BRANCH)."
    fi
    if git -C "$tree" apply --check -R "${SERIES[-1]}" 2>/dev/null; then
        die "the series is already applied: '$tree' contains ${SERIES[-1]##*/}" \
            "Check out a commit without it, for example the tag v$QEMU_VERSION."
    fi
}

apply_to()
{
    local tree check=$2 head base
    [[ -d $1 ]] || die "'$1' is no directory"
    tree=$(realpath "$1")
    read_series "$PATCHES"
    check_tree "$tree"
    base=$(git -C "$tree" rev-parse HEAD)
    scratch "$tree" "$base" "${SERIES[@]}"
    am "$SCRATCH" "${SERIES[@]}" ||
        die "$AM_PATCH does not apply to '$tree': $AM_WHY" "'$tree' is unchanged."
    if ((check)); then
        say "'$tree': QEMU $QEMU_VERSION, all ${#SERIES[@]} patches apply"
        return
    fi
    head=$(bring_home "$tree" "$base")
    git -C "$tree" -c core.hooksPath=/dev/null checkout --quiet -b "$BRANCH" "$head" ||
        die "cannot switch '$tree' to the new branch" "Its files are unchanged; git's message is above."
    say "'$tree': ${#SERIES[@]} patches applied on the new branch $BRANCH"
}

# --- build/qemu-v10.2 and build/qemu-lab ------------------------------------------------------------------------

# The base: Debian's source with its patches, or QEMU's git; a commit that is the same on every machine.
prepare_base()
{
    local work=$OWN_TREE.part part=$OWN_TREE.part/qemu cache
    "$ROOT/scripts/fetch-sources.sh" qemu
    cache=$("$ROOT/scripts/fetch-sources.sh" --dir)
    need_space "$BUILD" 1500 "QEMU's source tree"
    rm -rf "$work"
    mkdir "$work"
    if [[ -d $cache/qemu-git ]]; then
        git -c advice.detachedHead=false clone --quiet "$cache/qemu-git" "$part"
    else
        dpkg-source --no-check -x "$cache/qemu/"*.dsc "$part" >/dev/null
        rm -rf "$part/.pc"
        git init --quiet --initial-branch=import "$part"
        git -C "$part" add --all --force
        GIT_AUTHOR_NAME=$PROJECT_NAME GIT_AUTHOR_EMAIL=$PROJECT_MAIL GIT_AUTHOR_DATE=$BASE_DATE \
            GIT_COMMITTER_DATE=$BASE_DATE git -C "$part" commit --quiet --no-verify \
            --message "QEMU $QEMU_VERSION, Debian's source package with its patches"
    fi
    git -C "$part" config gc.auto 0
    git -C "$part" config user.name "$PROJECT_NAME"
    git -C "$part" config user.email "$PROJECT_MAIL"
    git -C "$part" tag --force base >/dev/null
    git -C "$part" checkout --quiet -b "$BRANCH"
    mv "$part" "$OWN_TREE"
    rm -rf "$work"
}

note_file() { echo "$OWN_TREE/.git/accel-smmuv3-$1"; }
note() { cat "$(note_file "$1")" 2>/dev/null || true; }

# Does the tree hold anything that the patches do not? Says what, in CHANGES.
own_changes()
{
    local head=$1
    CHANGES=
    if [[ -d $OWN_TREE/.git/rebase-merge || -d $OWN_TREE/.git/rebase-apply ]]; then
        CHANGES="a rebase or am that is not finished"
    elif [[ $(git -C "$OWN_TREE" rev-parse HEAD) != "$head" ]]; then
        CHANGES="HEAD elsewhere than on the branch $BRANCH"
    elif ! is_clean "$OWN_TREE"; then
        CHANGES="uncommitted changes"
    fi
}

# update_own_tree DEV
update_own_tree()
{
    local dev=$1 head now new
    read_series "$PATCHES"
    [[ -e $OWN_TREE ]] || prepare_base
    git -C "$OWN_TREE" rev-parse --verify --quiet refs/tags/base >/dev/null ||
        die "'$OWN_TREE' was not made by this script (it has no tag 'base')" "Move it away and run this again."
    if ! head=$(git -C "$OWN_TREE" rev-parse --verify --quiet "refs/heads/$BRANCH"); then
        head=$(git -C "$OWN_TREE" rev-parse HEAD)
    fi
    own_changes "$head"
    if [[ -z $CHANGES ]]; then
        now=$(mktemp -d)
        [[ $head == "$(git -C "$OWN_TREE" rev-parse 'refs/tags/base^{commit}')" ]] ||
            write_patches "$OWN_TREE" "refs/tags/base..$head" "$now"
        if same_series "$now" "$PATCHES"; then
            rm -rf "$now"
            echo "$head" >"$(note_file synced)"
            return
        fi
        if [[ $(note synced) != "$head" && -f $now/series ]]; then
            CHANGES="commits that differ from patches/$BASE"
        fi
        rm -rf "$now"
    fi
    if [[ -n $CHANGES ]]; then
        if ((dev)); then
            warn "'$OWN_TREE' has $CHANGES: builds use the tree as it is"
            return
        fi
        die "'$OWN_TREE' has $CHANGES" \
            "To keep them: commit there, then scripts/export-series.sh (writes patches/$BASE)." \
            "To build the tree as it is: scripts/apply-series.sh --dev, or make DEV=1." \
            "To throw them away: rm -r '$OWN_TREE'"
    fi
    scratch "$OWN_TREE" refs/tags/base "${SERIES[@]}"
    am "$SCRATCH" "${SERIES[@]}" || die "$AM_PATCH does not apply to QEMU $QEMU_VERSION: $AM_WHY"
    new=$(bring_home "$OWN_TREE" "$(git -C "$OWN_TREE" rev-parse 'refs/tags/base^{commit}')")
    rm -rf "$SCRATCH"
    # moves only the files that differ, so that the next build compiles no more than it must
    git -C "$OWN_TREE" checkout --quiet -B "$BRANCH" "$new"
    echo "$new" >"$(note_file synced)"
    say "$OWN_TREE: ${#SERIES[@]} patches applied to QEMU $QEMU_VERSION"
}

# same_series DIR DIR: the same patches, whatever else lies there
same_series()
{
    local name
    cmp -s "$1/series" "$2/series" || return 1
    while read -r name; do
        cmp -s "$1/$name" "$2/$name" || return 1
    done <"$1/series"
}

# The lab's tree is made from the other one and is no place to work in.
update_lab_tree()
{
    local head new key
    lab_series
    ((${#SERIES[@]})) || die "'$LAB_PATCHES' has no patch"
    head=$(git -C "$OWN_TREE" rev-parse HEAD)
    key=$({ echo "$head" && cat "${SERIES[@]}"; } | digest)
    if [[ -e $LAB_TREE ]]; then
        is_worktree_of "$LAB_TREE" "$OWN_TREE" ||
            die "'$LAB_TREE' is no worktree of '$OWN_TREE'" "Remove it (rm -r), and it will be made anew."
        is_clean "$LAB_TREE" || die "'$LAB_TREE' has uncommitted changes" \
            "It is made from '$OWN_TREE' and patches/lab: work there. To throw the changes away: rm -r '$LAB_TREE'"
        [[ $(note lab) != "$key $(git -C "$LAB_TREE" rev-parse HEAD)" ]] || return 0
    fi
    scratch "$OWN_TREE" "$head" "${SERIES[@]}"
    am "$SCRATCH" "${SERIES[@]}" || die "patches/lab/$AM_PATCH does not apply on the series: $AM_WHY"
    new=$(bring_home "$OWN_TREE" "$head")
    rm -rf "$SCRATCH"
    if [[ -e $LAB_TREE ]]; then
        git -C "$LAB_TREE" -c advice.detachedHead=false checkout --quiet --detach "$new"
    else
        git -C "$OWN_TREE" worktree prune
        git -C "$OWN_TREE" worktree add --quiet --detach "$LAB_TREE" "$new"
    fi
    echo "$key $new" >"$(note_file lab)"
}

# --- a distribution's patches -----------------------------------------------------------------------------------

write_quilt()
{
    local dir=$1 patch name
    [[ -d $dir ]] || die "'$dir' is no directory" "Give the debian/patches directory of QEMU's source package."
    if [[ -f $dir/../../VERSION && $(tr -d '[:space:]' <"$dir/../../VERSION") != "$QEMU_VERSION" ]]; then
        die "'$dir' belongs to QEMU $(tr -d '[:space:]' <"$dir/../../VERSION"), and this series is for QEMU $QEMU_VERSION"
    fi
    read_series "$PATCHES"
    if grep -l '^GIT binary patch' "${SERIES[@]}"; then
        die "quilt cannot apply the binary patches named above"
    fi
    touch "$dir/series" || die "cannot write '$dir/series'"
    rm -rf "$dir/accel-smmuv3"
    mkdir "$dir/accel-smmuv3"
    sed -i '\|^accel-smmuv3/|d' "$dir/series"
    [[ -z $(tail -c 1 "$dir/series") ]] || echo >>"$dir/series"
    for patch in "${SERIES[@]}"; do
        name=accel-smmuv3/${patch##*/}
        cp "$patch" "$dir/$name"
        echo "$name" >>"$dir/series"
    done
    say "'$dir': ${#SERIES[@]} patches in accel-smmuv3/, and their lines at the end of series"
}

# --- ------------------------------------------------------------------------------------------------------------

check=0 dev=0 quilt='' tree=''
while (($#)); do
    case $1 in
    --help | -h)
        usage
        exit
        ;;
    --check) check=1 ;;
    --dev) dev=1 ;;
    --quilt)
        (($# > 1)) || usage_error "--quilt needs a directory"
        quilt=$2
        shift
        ;;
    -*) usage_error "unknown option '$1'" ;;
    *)
        [[ -z $tree ]] || usage_error "only one TREE, and not also '$1'"
        [[ -n $1 ]] || usage_error "TREE is empty"
        tree=$1
        ;;
    esac
    shift
done
need git
if [[ -n $quilt ]]; then
    [[ -z $tree$check$dev || $tree$check$dev == 00 ]] || usage_error "--quilt goes with no other option and no TREE"
    write_quilt "$quilt"
elif [[ -n $tree ]]; then
    ((dev == 0)) || usage_error "--dev goes with no TREE"
    apply_to "$tree" "$check"
elif ((check)); then
    usage_error "--check needs a TREE"
else
    need dpkg-source
    take_lock series
    update_own_tree "$dev"
    update_lab_tree
fi
