# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What apply-, export- and check-series share: the list of patches, applying in a scratch worktree, writing patches.
# To be sourced after lib.sh.

BRANCH=accel-smmuv3-$BASE
PATCHES=$ROOT/patches/$BASE
LAB_PATCHES=$ROOT/patches/lab

# Nothing of the user's git configuration may change what is applied or written; whose trees are trusted is the user's.
# No clean-up in the background, which would outlive the script and hold its lock.
mapfile -t trusted < <(git config --get-all safe.directory 2>/dev/null)
export GIT_CONFIG_COUNT=$((1 + ${#trusted[@]})) GIT_CONFIG_KEY_0=gc.auto GIT_CONFIG_VALUE_0=0
for ((i = 1; i < GIT_CONFIG_COUNT; i++)); do
    export "GIT_CONFIG_KEY_$i=safe.directory" "GIT_CONFIG_VALUE_$i=${trusted[i - 1]}"
done
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0
export GIT_COMMITTER_NAME=$PROJECT_NAME GIT_COMMITTER_EMAIL=$PROJECT_MAIL
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

# read_series DIR: fills SERIES with the paths of DIR's patches, in order
read_series()
{
    local dir=$1 name
    SERIES=()
    [[ -f $dir/series ]] || die "'$dir/series' is missing"
    while read -r name; do
        [[ -n $name && $name != '#'* ]] || continue
        [[ -f $dir/$name ]] || die "'$dir/series' names '$name', which is not there"
        SERIES+=("$dir/$name")
    done <"$dir/series"
    ((${#SERIES[@]})) || die "'$dir/series' names no patch"
}

# lab_series: fills SERIES with the patches for the emulated host
lab_series() { mapfile -t SERIES < <(compgen -G "$LAB_PATCHES/*.patch" | sort); }

# touched PATCH...: the files that the patches change, create or remove
touched() { sed -n -e 's|^diff --git a/.* b/||p' -e 's|^diff --git a/\(.*\) b/.*|\1|p' "$@" | sort -u; }

# scratch TREE COMMIT PATCH...: sets SCRATCH to a worktree of TREE at COMMIT that has only the files that the patches touch.
# Commits made there are in TREE's repository, and unknown until a ref names them. Removed at exit.
scratch()
{
    local tree=$1 commit=$2 sparse
    shift 2
    drop_scratch
    SCRATCH_OF=$tree
    SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/accel-smmuv3.XXXXXX")/tree || die "cannot create a directory in '${TMPDIR:-/tmp}'"
    trap drop_scratch EXIT
    git -C "$tree" worktree add --quiet --force --detach --no-checkout "$SCRATCH" "$commit" ||
        die "cannot make a worktree of '$tree'" "git's message is above; '$tree' is unchanged."
    sparse=$(git -C "$SCRATCH" rev-parse --path-format=absolute --git-path info/sparse-checkout)
    mkdir -p "${sparse%/*}"
    { echo /VERSION && touched "$@" | sed 's|^|/|'; } >"$sparse"
    in_scratch read-tree --reset -u HEAD ||
        die "cannot check out the files of '$tree' that the patches change" "git's message is above; '$tree' is unchanged."
}

drop_scratch()
{
    [[ -n ${SCRATCH:-} ]] || return 0
    git -C "$SCRATCH_OF" worktree remove --force "$SCRATCH" 2>/dev/null || true
    rm -rf "${SCRATCH%/tree}"
    SCRATCH=
}

# am PATCH...: apply in SCRATCH. On a failure sets AM_PATCH and AM_WHY, goes back to where it began, and returns 1.
# git am never guesses: a hunk's context must match exactly.
am()
{
    local patches=() before log=${SCRATCH%/tree}/log next
    mapfile -t patches < <(realpath "$@")
    before=$(scratch_head)
    ! in_scratch am --quiet --no-3way --keep-non-patch --committer-date-is-author-date "${patches[@]}" >"$log" 2>&1 ||
        return 0
    next=$(cat "$(git -C "$SCRATCH" rev-parse --path-format=absolute --git-path rebase-apply/next)")
    AM_PATCH=${patches[next - 1]##*/}
    AM_WHY=$(sed -n -e 's/^error: //p' -e 's/^fatal: //p' "$log" | paste -sd ';' | sed 's/;/; /g')
    in_scratch am --quiet --abort
    in_scratch reset --quiet --hard "$before"
    return 1
}

in_scratch()
{
    git -C "$SCRATCH" -c core.sparseCheckout=true -c core.sparseCheckoutCone=false -c core.hooksPath=/dev/null \
        -c commit.gpgSign=false "$@"
}

# scratch_head: the last commit made in SCRATCH
scratch_head() { git -C "$SCRATCH" rev-parse HEAD; }

# write_patches TREE RANGE DIR: the commits as patches and their `series`, the same bytes for the same commits
write_patches()
{
    local tree=$1 range=$2 dir=$3
    git -C "$tree" -c core.quotePath=true -c diff.algorithm=myers -c diff.indentHeuristic=true format-patch \
        --quiet --zero-commit --no-signature --no-numbered --full-index --no-renames --binary --no-attach --no-thread \
        --no-cover-letter --no-base --no-ext-diff --no-textconv --unified=3 --inter-hunk-context=0 \
        --src-prefix=a/ --dst-prefix=b/ --output-directory "$dir" "$range"
    (cd "$dir" && printf '%s\n' *.patch >series)
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

is_clean() { [[ -z $(git -C "$1" status --porcelain --untracked-files=no) ]]; }

# is_worktree_of DIR TREE: is DIR a worktree of TREE's repository? In a moved or copied checkout, both sides' absolute
# paths are set right first (git's own repair would reach into the checkout that was copied).
is_worktree_of()
{
    local dir tree admin
    [[ -f $1/.git ]] || return 1
    dir=$(realpath "$1")
    tree=$(realpath "$2")
    admin=$tree/.git/worktrees/$(sed -n 's|^gitdir: .*/||p' "$dir/.git")
    [[ -f $admin/gitdir ]] || return 1
    if [[ $(<"$dir/.git") != "gitdir: $admin" ]]; then
        echo "gitdir: $admin" >"$dir/.git"
        echo "$dir/.git" >"$admin/gitdir"
    fi
    git -C "$dir" rev-parse --verify --quiet HEAD >/dev/null
}

# version_of TREE: the QEMU version of a source tree; fails if it is none
version_of()
{
    [[ -f $1/VERSION && -f $1/hw/arm/smmuv3.c && -f $1/qapi/qapi-schema.json ]] || return 1
    tr -d '[:space:]' <"$1/VERSION"
}
