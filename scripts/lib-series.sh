# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What apply-, export- and check-series share: the list of patches, applying in a scratch worktree, writing patches.
# To be sourced after lib.sh.

BRANCH=accel-smmuv3-$BASE
PATCHES=$ROOT/patches/$BASE
LAB_PATCHES=$ROOT/patches/lab

# Nothing of the user's git configuration may change what is applied or written.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0
export GIT_COMMITTER_NAME=$PROJECT_NAME GIT_COMMITTER_EMAIL=$PROJECT_MAIL
# no clean-up in the background, which would outlive the script and hold its lock
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=gc.auto GIT_CONFIG_VALUE_0=0
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

# scratch TREE COMMIT PATCH...: sets SCRATCH to a repository that shares TREE's objects, has only the files that the
# patches touch checked out, and leaves TREE and its .git alone. Removed at exit.
scratch()
{
    local tree=$1 commit=$2 objects shallow
    shift 2
    commit=$(git -C "$tree" rev-parse --verify "$commit^{commit}")
    objects=$(cd "$tree" && realpath "$(git rev-parse --git-path objects)")
    shallow=$(cd "$tree" && realpath "$(git rev-parse --git-path shallow)")
    SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/accel-smmuv3.XXXXXX")
    trap 'rm -rf "$SCRATCH"' EXIT
    git init --quiet "$SCRATCH"
    echo "$objects" >"$SCRATCH/.git/objects/info/alternates"
    [[ ! -f $shallow ]] || cp "$shallow" "$SCRATCH/.git/shallow"
    mkdir -p "$SCRATCH/.git/info"
    git -C "$SCRATCH" config core.sparseCheckout true
    { echo /VERSION && touched "$@" | sed 's|^|/|'; } >"$SCRATCH/.git/info/sparse-checkout"
    git -C "$SCRATCH" update-ref --no-deref HEAD "$commit"
    git -C "$SCRATCH" -c advice.detachedHead=false read-tree --reset -u HEAD
}

# bring_home TREE COMMIT: put the commits that were made in SCRATCH since COMMIT into TREE's repository and print the last one
bring_home()
{
    local head
    head=$(git -C "$SCRATCH" rev-parse HEAD)
    printf '%s\n^%s\n' "$head" "$2" | git -C "$SCRATCH" pack-objects --quiet --revs --stdout |
        git -C "$1" unpack-objects -q
    echo "$head"
}

# am DIR PATCH...: apply in DIR. On a failure sets AM_PATCH and AM_WHY and returns 1, with DIR as before.
# git am never guesses: a hunk's context must match exactly.
am()
{
    local dir=$1 patch before log
    shift
    before=$(git -C "$dir" rev-parse HEAD)
    log=$(mktemp)
    for patch in "$@"; do
        if ! git -C "$dir" -c core.hooksPath=/dev/null -c commit.gpgSign=false am --quiet --no-3way \
            --keep-non-patch --committer-date-is-author-date "$(realpath "$patch")" >"$log" 2>&1; then
            AM_PATCH=${patch##*/}
            AM_WHY=$(sed -n -e 's/^error: //p' -e 's/^fatal: //p' "$log" | paste -sd ';' | sed 's/;/; /g')
            rm -f "$log"
            git -C "$dir" am --quiet --abort 2>/dev/null || rm -rf "$(git -C "$dir" rev-parse --git-path rebase-apply)"
            git -C "$dir" reset --quiet --hard "$before"
            return 1
        fi
    done
    rm -f "$log"
}

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

# same_patches DIR DIR: both hold the same series
same_patches() { diff -rq "$1" "$2" >/dev/null 2>&1; }

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
