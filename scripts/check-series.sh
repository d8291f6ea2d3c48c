#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: check-series.sh [--no-cache] [--no-compile]
#
# Checks the patches, and needs no built QEMU for it:
#   - they apply without fuzz, with git and with patch, to the base's tree and to the pristine one;
#   - tree to patches gives the same bytes again;
#   - checkpatch.pl has no error and no warning, patch by patch;
#   - after each patch, every C file that the series touches compiles for x86 (TCG) and for arm64 (KVM);
#   - apply-series.sh keeps its promises on trees and packages of users (tests/unit/apply-series.sh).
# What was proved for the same patches is not done again.
#   --no-cache    prove all of it again
#   --no-compile  leave the compiling out

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-series.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-series.sh"
# shellcheck source=scripts/lib-tests.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-tests.sh"

OWN_TREE=$BUILD/qemu-$BASE
TREE=$BUILD/check$OF_BASE/qemu
PROVED=$BUILD/check$OF_BASE/proved
LOGS=$LOGS/check-series

pass() { count 1 0 0; }
fail()
{
    count 0 1 0
    say "FAIL $*"
}

# --- the series as a whole --------------------------------------------------------------------------------------

check_listing()
{
    local stray
    stray=$(comm -13 <(printf '%s\n' "${SERIES[@]##*/}" | sort) <(cd "$PATCHES" && printf '%s\n' *.patch | sort))
    if [[ -n $stray ]]; then
        fail "patches/$BASE/series does not name: ${stray//$'\n'/ }"
    else
        pass
    fi
}

# check_patch DIR NAME: apply all to the files in DIR, with patch and no fuzz
check_patch()
{
    local dir=$1 name=$2 patch log=$LOGS/patch-$2.log
    : >"$log"
    for patch in "${SERIES[@]}"; do
        if ! patch --batch --forward --fuzz=0 --no-backup-if-mismatch -p1 -d "$dir" <"$patch" >>"$log" 2>&1; then
            fail "${patch##*/} does not apply to QEMU $QEMU_VERSION $name: $(grep -m 1 -E 'FAILED|already|No file' "$log")"
            return
        fi
        if grep -q ' with fuzz ' "$log"; then
            fail "${patch##*/} applies to QEMU $QEMU_VERSION $name with fuzz only"
            return
        fi
    done
    pass
}

# The same files of both trees that users may have.
check_apply()
{
    local work orig files existing
    work=$(mktemp -d)
    mapfile -t files < <(touched "${SERIES[@]}")
    mkdir "$work/base" "$work/pristine"
    mapfile -t existing < <(git -C "$OWN_TREE" ls-tree -r --name-only refs/tags/base -- "${files[@]}")
    git -C "$OWN_TREE" archive refs/tags/base -- "${existing[@]}" | tar -x -C "$work/base"
    check_patch "$work/base" base
    orig=$(compgen -G "$CACHE/qemu-$QEMU_VERSION/*.orig.tar.xz") || orig=
    if [[ -n $orig ]]; then
        # a file that is in only one of the two trees is no error for tar here, but will be one for patch
        tar -xJf "$orig" -C "$work/pristine" --strip-components=1 --no-anchored --wildcards \
            "${files[@]/#/*/}" 2>/dev/null || true
        check_patch "$work/pristine" pristine
    fi
    rm -rf "$work"
}

# git am, and back to patches. Leaves the commits in OWN_TREE's repository and their names in COMMITS.
check_round_trip()
{
    local base out
    base=$(git -C "$OWN_TREE" rev-parse 'refs/tags/base^{commit}')
    scratch "$OWN_TREE" "$base" "${SERIES[@]}"
    if ! am "${SERIES[@]}"; then
        fail "$AM_PATCH does not apply (git am): $AM_WHY"
        return 1
    fi
    pass
    out=${SCRATCH%/tree}/patches
    write_patches "$SCRATCH" "$base..HEAD" "$out"
    if same_series "$out" "$PATCHES"; then
        pass
    else
        fail "patches to tree to patches is not byte-identical: run scripts/export-series.sh"
    fi
    mapfile -t COMMITS < <(git -C "$OWN_TREE" rev-list --reverse "$base..$(scratch_head)")
    drop_scratch
}

check_users_trees()
{
    local line
    while read -r line; do
        case $line in
        'ok '*) pass ;;
        'not ok '*) fail "apply-series.sh: ${line#not ok }" ;;
        '#'*) say "  $line" ;;
        esac
    done < <("$ROOT/tests/unit/apply-series.sh" "$BUILD" || true)
}

# --- patch by patch ---------------------------------------------------------------------------------------------

# is_proved KEY: the claim KEY was proved for all of the files in FILES at least
is_proved()
{
    ((use_cache)) && [[ -f $PROVED/$1 ]] &&
        [[ -z $(comm -13 "$PROVED/$1" <(printf '%s\n' "${FILES[@]}" | sort)) ]]
}

set_proved()
{
    mkdir -p "$PROVED"
    printf '%s\n' "${FILES[@]}" | sort >"$PROVED/.$1"
    mv "$PROVED/.$1" "$PROVED/$1"
}

check_style()
{
    local patch=$1 log=$LOGS/checkpatch-${1##*/}.log
    # of the warnings, only the question about new files is answered here: somebody maintains each of them
    (cd "$TREE" && scripts/checkpatch.pl --no-signoff "$(realpath "$patch")") >"$log" 2>&1 || true
    if grep -q '^total: 0 errors' "$log" &&
        ! grep '^WARNING' "$log" | grep -qv ': added, moved or deleted file(s)' && new_files_maintained "$patch"; then
        pass
    else
        fail "checkpatch: ${patch##*/}"
        grep -E -A 2 '^(ERROR|WARNING)' "$log" | sed -e 's/^/  | /' -e '20q' || true
        return 1
    fi
}

# new_files_maintained PATCH: does MAINTAINERS cover the files that it adds? get_maintainer.pl requires them to exist.
new_files_maintained()
{
    local file status=0
    while read -r file; do
        mkdir -p "$TREE/${file%/*}" && : >>"$TREE/$file"
        (cd "$TREE" && scripts/get_maintainer.pl --nogit --nogit-fallback -f "$file" 2>/dev/null) |
            grep -E '\((maintainer|supporter):' >/dev/null || status=1
    done < <(awk '/^diff --git/ { sub("^b/", "", $4); name = $4 } /^new file/ { print name }' "$1")
    git -C "$TREE" clean --quiet -fd
    return "$status"
}

# compile_kind KIND FILE...: those of the files that this build has, whose names go to compiled-KIND; prints the first
# error and returns 1 on a failure
compile_kind()
{
    local kind=$1 out=$BUILD/check$OF_BASE/check-$1$OF_BASE log=$LOGS/compile-$1.log sources
    shift
    # first what meson.build and Kconfig changed: it takes as long as compiling, on one CPU
    ninja -C "$out" build.ninja >"$log" 2>&1 || { tail -n 20 "$log"; return 1; }
    # configure was given the tree as ../qemu
    sources=$(grep -oE '^build [^ ]+\.o: c_COMPILER \.\./qemu/[^ ]+' "$out/build.ninja" | sed 's|.* \.\./qemu/||' |
        sort -u | comm -12 - <(printf '%s\n' "$@" | sort))
    echo "$sources" >"$LOGS/compiled-$kind"
    # shellcheck disable=SC2046,SC2086 # words: FILE^ is ninja's name for what is made of FILE
    [[ -z $sources ]] || ninja -C "$out" -j $(((JOBS + 1) / 2)) $(printf '../qemu/%s^ ' $sources) >>"$log" 2>&1 ||
        { grep -E -m 5 ' (error|warning):|^FAILED' "$log" | cut -c1-300; return 1; }
}

# compile_patch: everything that is there of FILES, for both
compile_patch()
{
    local file here=() arm64 status=0
    for file in "${FILES[@]}"; do
        [[ ! -f $TREE/$file ]] || here+=("$file")
    done
    compile_kind arm64 "${here[@]}" &
    arm64=$!
    compile_kind x86 "${here[@]}" || status=1
    wait "$arm64" || status=1
    ((status == 0)) || return 1
    for file in "${here[@]}"; do
        grep -qxF "$file" "$LOGS"/compiled-{x86,arm64} || { echo "$file is compiled nowhere"; return 1; }
    done
}

check_compile()
{
    local label=$1 patch=$2 commit=$3 log=$LOGS/compile-${2##*/}.log
    git -C "$TREE" -c advice.detachedHead=false checkout --quiet --force --detach "$commit"
    if compile_patch >"$log" 2>&1; then
        pass
        return
    fi
    fail "$label does not compile:"
    sed -e 's/^/  | /' -e '20q' "$log"
    return 1
}

# The two build directories, set up when the first patch has to be compiled.
prepare_compile()
{
    local kind pid pids=()
    [[ -z ${PREPARED:-} ]] || return 0
    for kind in 'all x86' 'arm64 arm64'; do
        "$ROOT/scripts/build-qemu.sh" "${kind% *}" --all-devices --source "$TREE" \
            --build "$BUILD/check$OF_BASE/check-${kind#* }$OF_BASE" --configure-only &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || die "QEMU cannot be configured (see above)"
    done
    PREPARED=1
}

prepare_tree()
{
    need_space "$BUILD" 2000 "the check of the series"
    if ! is_worktree_of "$TREE" "$OWN_TREE"; then
        rm -rf "$TREE"
        git -C "$OWN_TREE" worktree prune
        git -C "$OWN_TREE" worktree add --quiet --force --detach "$TREE" refs/tags/base
    fi
}

progress()
{
    if [[ -t 1 ]]; then printf '\r\033[K%s' "$*"; fi
}

check_patches()
{
    local n=0 total=${#SERIES[@]} patch so_far tools start key label
    tools=$({ gcc --version && aarch64-linux-gnu-gcc --version && sed -n '/^features/,/^}/p' \
        "$ROOT/scripts/build-qemu.sh" && git -C "$OWN_TREE" rev-parse 'refs/tags/base^{tree}'; } | digest)
    so_far=$tools
    for patch in "${SERIES[@]}"; do
        n=$((n + 1))
        label="[$n/$total] ${patch##*/}"
        start=$SECONDS
        so_far=$({ echo "$so_far" && cat "$patch"; } | digest)
        progress "$label: checkpatch"
        key=style-$({ echo "$tools" && cat "$patch"; } | digest)
        if is_proved "$key"; then
            pass
        elif check_style "$patch"; then
            set_proved "$key"
        fi
        if ((compile)); then
            progress "$label: compiling"
            if is_proved "compile-$so_far"; then
                pass
                progress ''
                say "$label: proved before"
                continue
            fi
            prepare_compile
            if check_compile "$label" "$patch" "${COMMITS[n - 1]}"; then
                set_proved "compile-$so_far"
            fi
        fi
        progress ''
        say "$label: $((SECONDS - start)) s"
    done
}

use_cache=1 compile=1
while (($#)); do
    case $1 in
    --help | -h)
        usage
        exit
        ;;
    --no-cache) use_cache=0 ;;
    --no-compile) compile=0 ;;
    *) usage_error "unknown argument '$1'" ;;
    esac
    shift
done
need git patch perl ninja gcc aarch64-linux-gnu-gcc
[[ -e $OWN_TREE ]] || die "'$OWN_TREE' is missing" "Run: scripts/apply-series.sh"
take_lock check
read_series "$PATCHES"
mapfile -t FILES < <(touched "${SERIES[@]}" | grep '\.c$' || true)
mkdir -p "$LOGS"
check_listing
check_apply
[[ $OF_BASE ]] || check_users_trees
if check_round_trip; then
    prepare_tree
    check_patches
fi
say_counts
((failed == 0))
