#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: apply-series.sh [--check] TREE
#        apply-series.sh [--check] --quilt DIR
#        apply-series.sh [--dev]
#
# Applies the series to QEMU. With TREE, a git checkout of QEMU 10.2: makes the branch accel-smmuv3-v10.2 on top of
# what is checked out there, one commit a patch. Patches apply exactly or not at all. No file of TREE changes, and TREE
# stays on its branch: git switch accel-smmuv3-v10.2 is left to you.
# Without TREE: makes or updates build/qemu-v10.2 (the series) and build/qemu-lab (and the patches for the lab's
# emulated host on top). Commits and changes in build/qemu-v10.2 that the patches do not have are never lost.
#   --check      only report whether it would work
#   --quilt DIR  write the series for a distribution's debian/patches, which is DIR: to a directory of its own, with
#                lines in DIR/series, where an earlier release of the series had its lines or else at the end
#   --dev        without TREE: go on with commits and changes that the patches do not have (builds use them)

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
    local tree=$1 top
    local hint="For a package's source use --quilt; for a plain directory: git init, git add, git commit there first."
    TREE_VERSION=$(version_of "$tree") ||
        die "'$tree' is not a QEMU source tree" "Give the top directory of a QEMU checkout."
    top=$(git -C "$tree" rev-parse --show-toplevel) ||
        die "'$tree' is not a git checkout that git can use: its message is above" "$hint"
    [[ $(realpath "$top") == "$tree" ]] || die "'$tree' is a part of the git checkout '$top', not one of its own" "$hint"
    git -C "$tree" rev-parse --verify --quiet HEAD >/dev/null || die "'$tree' has no commit yet"
    [[ ! -f $tree/debian/source/format || $(<"$tree/debian/source/format") != '3.0 (quilt)'* ]] ||
        warn "'$tree' is a package's source: dpkg-source takes patches only from debian/patches, see --quilt"
}

# apply_to TREE CHECK
apply_to()
{
    local tree check=$2 head now on patch
    [[ -d $1 ]] || die "'$1' is not a directory"
    tree=$(realpath "$1")
    read_series "$PATCHES"
    check_tree "$tree"
    scratch "$tree" HEAD "${SERIES[@]}"
    on=$(git -C "$tree" rev-parse --short HEAD)
    if ! am "${SERIES[@]}"; then
        for patch in "${SERIES[@]}"; do
            ! git -C "$SCRATCH" apply --check -R "$patch" 2>/dev/null ||
                die "'$tree' has the series or a part of it already: $on contains ${patch##*/}" \
                    "Check out a commit without it."
        done
        die "$AM_PATCH does not apply to '$tree' ($on, QEMU $TREE_VERSION; the series is for QEMU $QEMU_VERSION): $AM_WHY" \
            "'$tree' is unchanged. If it has changed these lines, apply the patch by hand: git am -3 '$PATCHES/$AM_PATCH'"
    fi
    head=$(scratch_head)
    if now=$(git -C "$tree" rev-parse --verify --quiet "refs/heads/$BRANCH"); then
        [[ $now == "$head" ]] ||
            die "'$tree' has a branch $BRANCH with other commits than this release of the series on $on" \
                "Rename it (git branch -m $BRANCH NAME) or remove it (git branch -D $BRANCH), and run this again."
        say "'$tree': the branch $BRANCH is there, with ${#SERIES[@]} patches on $on"
        return
    fi
    if ((check)); then
        printf '%s\n' start "create refs/heads/$BRANCH $head" prepare abort |
            git -C "$tree" update-ref --stdin >/dev/null || die "'$tree': the branch $BRANCH cannot be created"
        say "'$tree': all ${#SERIES[@]} patches apply to $on"
        return
    fi
    git -C "$tree" update-ref "refs/heads/$BRANCH" "$head" '' ||
        die "the branch $BRANCH cannot be created in '$tree'" "git's message is above; '$tree' is unchanged."
    say "'$tree': ${#SERIES[@]} patches on $on are the new branch $BRANCH"
    say "Next: git -C '$tree' switch $BRANCH"
}

# --- build/qemu-v10.2 and build/qemu-lab ------------------------------------------------------------------------

# The base: Debian's source with its patches, or QEMU's git; a commit that is the same on every machine.
prepare_base()
{
    local work=$OWN_TREE.part part=$OWN_TREE.part/qemu source
    "$ROOT/scripts/fetch-sources.sh" qemu
    source=$("$ROOT/scripts/fetch-sources.sh" --dir)/qemu-$QEMU_VERSION
    need_space "$BUILD" 1500 "QEMU's source tree"
    rm -rf "$work"
    mkdir "$work"
    if [[ -d $source-git ]]; then
        git -c advice.detachedHead=false clone --quiet "$source-git" "$part"
    else
        if compgen -G "$source/*.dsc" >/dev/null; then
            dpkg-source --no-check -x "$source"/*.dsc "$part" >/dev/null
            rm -rf "$part/.pc"
        else
            mkdir "$part"
            tar -xf "$source"/*.orig.tar.xz -C "$part" --strip-components=1
            # the firmware that Debian removed
            sed -i -e 's/^if unpack_edk2_blobs$/& and false/' -e "s/^subdir('dtb')$/#&/" "$part/pc-bios/meson.build"
        fi
        git init --quiet --initial-branch=import "$part"
        git -C "$part" add --all --force
        GIT_AUTHOR_NAME=$PROJECT_NAME GIT_AUTHOR_EMAIL=$PROJECT_MAIL GIT_AUTHOR_DATE=$BASE_DATE \
            GIT_COMMITTER_DATE=$BASE_DATE git -C "$part" commit --quiet --no-verify \
            --message "QEMU $QEMU_VERSION, Debian's source package$(! compgen -G "$source/*.dsc" >/dev/null ||
                echo " with its patches")"
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
    am "${SERIES[@]}" || die "$AM_PATCH does not apply to QEMU $QEMU_VERSION: $AM_WHY"
    new=$(scratch_head)
    drop_scratch
    # moves only the files that differ, so that the next build compiles no more than it must
    git -C "$OWN_TREE" checkout --quiet -B "$BRANCH" "$new"
    echo "$new" >"$(note_file synced)"
    say "$OWN_TREE: ${#SERIES[@]} patches applied to QEMU $QEMU_VERSION"
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
            die "'$LAB_TREE' is not a worktree of '$OWN_TREE'" "Remove it (rm -r): this script creates it again."
        is_clean "$LAB_TREE" || die "'$LAB_TREE' has uncommitted changes" \
            "It is made from '$OWN_TREE' and patches/lab: work there. To throw the changes away: rm -r '$LAB_TREE'"
        [[ $(note lab) != "$key $(git -C "$LAB_TREE" rev-parse HEAD)" ]] || return 0
    fi
    scratch "$OWN_TREE" "$head" "${SERIES[@]}"
    am "${SERIES[@]}" || die "patches/lab/$AM_PATCH does not apply on the series: $AM_WHY"
    new=$(scratch_head)
    drop_scratch
    if [[ -e $LAB_TREE ]]; then
        git -C "$LAB_TREE" -c advice.detachedHead=false checkout --quiet --detach "$new"
    else
        git -C "$OWN_TREE" worktree prune
        git -C "$OWN_TREE" worktree add --quiet --detach "$LAB_TREE" "$new"
    fi
    echo "$key $new" >"$(note_file lab)"
}

# --- a distribution's patches -----------------------------------------------------------------------------------

# check_quilt DIR: may the patches be written there?
check_quilt()
{
    local dir=$1 source version patch
    source=$(realpath "$dir/../..")
    [[ -d $dir ]] || die "'$dir' is not a directory" "Give the debian/patches directory of QEMU's source package."
    [[ $(basename "$(realpath "$dir")") == patches || -f $dir/series ]] ||
        die "'$dir' is not a directory of patches: it has no file 'series'" "Give debian/patches of QEMU's source package."
    if [[ -f $dir/../changelog ]]; then
        version=$(sed -n '1s/.*(\([0-9]*:\)\?\([0-9.]*\).*/\2/p' "$dir/../changelog")
    else
        version=$(version_of "$source") || version=
    fi
    [[ -z $version || $version == "${QEMU_VERSION%.*}" || $version == "${QEMU_VERSION%.*}".* ]] ||
        die "'$dir' belongs to QEMU $version, and this series is for QEMU $QEMU_VERSION"
    ! grep -qs '^accel-smmuv3/' "$source/.pc/applied-patches" ||
        die "the series is applied in '$source' by quilt" "Take it off first: quilt pop -a, in that directory."
    for patch in "$dir"/accel-smmuv3/*; do
        [[ ! -e $patch ]] || grep -q "^From: $PROJECT_NAME <$PROJECT_MAIL>$" "$patch" ||
            die "'$patch' is not of this series" "Move it elsewhere in '$dir': this directory is replaced as a whole."
    done
    ! grep -l '^GIT binary patch' "${SERIES[@]}" || die "quilt cannot apply the binary patches named above"
}

# write_quilt DIR CHECK
write_quilt()
{
    local dir=$1 check=$2 new=$1/.accel-smmuv3.new patch
    read_series "$PATCHES"
    check_quilt "$dir"
    if ((check)); then
        say "'$dir': ${#SERIES[@]} patches can be written; dpkg-source --before-build shows whether they apply"
        return
    fi
    rm -rf "$new"
    # shellcheck disable=SC2064 # the name of now is meant
    trap "rm -rf '$new'" EXIT
    mkdir "$new" || die "cannot write to '$dir'"
    for patch in "${SERIES[@]}"; do
        sed '0,/^Date: /s//Forwarded: not-needed\n&/' "$patch" >"$new/${patch##*/}" ||
            die "cannot write '$new/${patch##*/}'" "'$dir' is unchanged."
        echo "accel-smmuv3/${patch##*/}" >>"$new/lines"
    done
    # in the place of earlier ones, which may have other patches on top
    touch "$dir/series"
    awk -v lines="$new/lines" '
        function put() { while (!done && (getline line <lines) > 0) print line; done = 1 }
        /^accel-smmuv3\// { put(); next }
        { print }
        END { put() }' "$dir/series" >"$new/series" || die "cannot write '$new/series'" "'$dir' is unchanged."
    rm -rf "$dir/accel-smmuv3"
    mkdir "$dir/accel-smmuv3"
    mv "$new"/*.patch "$dir/accel-smmuv3"
    cat "$new/series" >"$dir/series" # it may be a link
    say "'$dir': ${#SERIES[@]} patches in accel-smmuv3/, and their lines in series"
}

# --- ------------------------------------------------------------------------------------------------------------

check=0 dev=0 mode=own arg=''
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
        [[ $mode == own ]] || usage_error "--quilt goes with no TREE"
        mode=quilt arg=$2
        [[ -n $arg ]] || usage_error "the directory of --quilt is empty"
        shift
        ;;
    -*) usage_error "unknown option '$1'" ;;
    *)
        [[ $mode == own ]] || usage_error "one TREE or --quilt, and not also '$1'"
        [[ -n $1 ]] || usage_error "TREE is empty"
        mode=tree arg=$1
        ;;
    esac
    shift
done
((!dev)) || [[ $mode == own ]] || usage_error "--dev goes with no TREE and no --quilt"
((!check)) || [[ $mode != own ]] || usage_error "--check needs a TREE or --quilt"
need git
case $mode in
quilt) write_quilt "$arg" "$check" ;;
tree) apply_to "$arg" "$check" ;;
own)
    need dpkg-source
    take_lock series
    update_own_tree "$dev"
    [[ $BASE != v10.2 ]] || update_lab_tree
    ;;
esac
