# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by all scripts: paths, messages, stamps, locks, disk space and steps with a heartbeat.
# To be sourced after `set -euo pipefail`. Sets ROOT, CACHE, BUILD, LOGS, JOBS and the base's names.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/accel-smmuv3
JOBS=${JOBS:-$(nproc)}
export LC_ALL=C.UTF-8
# what is called by make may call make: with options of its own
unset MAKEFLAGS MFLAGS MAKELEVEL

PROJECT_NAME=accel-smmuv3
PROJECT_MAIL=accel-smmuv3@invalid

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# die MESSAGE [HINT...]: each hint on a line of its own; exits 1.
die()
{
    warn "error: $1"
    shift
    local hint
    for hint in "$@"; do
        printf '  %s\n' "$hint" >&2
    done
    exit 1
}

# The usage text is the comment block at the head of the script, up to its first empty line.
usage() { sed -n -e '/^# usage:/,/^$/s/^# \{0,1\}//p' "$0"; }

usage_error()
{
    warn "error: $1"
    usage | sed '/^$/,$d' >&2
    printf '%s\n' "--help says more" >&2
    exit 2
}

# no_arguments "$@": for a script that has none but --help
no_arguments()
{
    case ${1:-} in
    '') ;;
    --help | -h)
        usage
        exit
        ;;
    *) usage_error "unknown argument '$1'" ;;
    esac
}

# The base: what bases/$BASE describes. OF_BASE ends the names of its build directories, but for the default's.
BASE=${BASE:-v10.2}
BASE_FILE=$ROOT/bases/$BASE
[[ -f $BASE_FILE ]] || die "BASE is '$BASE', and there are only: $(cd "$ROOT/bases" && echo *)"
# base_group GROUP: its lines
base_group() { sed -n "/^\[$1\]$/,/^\[/{ /^[[#]/d; /./p }" "$BASE_FILE"; }
QEMU_VERSION=$(base_group base | sed -n 's/^version=//p')
OF_BASE=
[[ $BASE == v10.2 ]] || OF_BASE=-$BASE

digest() { sha256sum | cut -d' ' -f1; }

# QEMU's configure and the kernel's make refuse white space and colons in paths. A checkout in such a place gets its
# build trees below the cache (or /var/tmp), with a link at its usual place.
resolve_build_dir()
{
    local place
    if [[ $ROOT != *[[:space:]:]* && ! -L $ROOT/build ]]; then
        BUILD=$ROOT/build
        return
    fi
    if [[ ! -L $ROOT/build ]]; then
        [[ ! -e $ROOT/build ]] ||
            die "'$ROOT/build' cannot be used: QEMU does not build in a path with white space or a colon" \
                "Remove it, and it will be replaced by a link to a directory elsewhere."
        place=$CACHE
        [[ $place != *[[:space:]:]* ]] || place=/var/tmp/accel-smmuv3-$(id -u)
        place=$place/build-$(printf %s "$ROOT" | digest | cut -c1-12)
        mkdir -p "$place" || die "cannot create '$place' for the build trees of '$ROOT'"
        ln -s "$place" "$ROOT/build"
    fi
    place=$(readlink "$ROOT/build")
    mkdir -p "$place" || die "cannot create '$place', where '$ROOT/build' points to"
    BUILD=$(cd "$ROOT/build" && pwd -P)
}
resolve_build_dir
LOGS=$BUILD/logs$OF_BASE

# need_space DIR MIB WHAT: refuse early instead of failing in the middle.
need_space()
{
    local dir=$1 want=$2 what=$3 have
    mkdir -p "$dir" || die "cannot create '$dir' for $what"
    have=$(df -Pm "$dir" | awk 'NR == 2 { print $4 }')
    ((have >= want)) ||
        die "not enough space for $what: '$dir' has $have MiB free, $want MiB are needed" \
            "Free some, or set XDG_CACHE_HOME (downloads) or make '$ROOT/build' a link to a larger place."
}

# A stamp says with which inputs (KEY) a step was last completed. It is removed before the step begins and renamed
# into place after its end, so an interrupted step is done again.
stamp_is() { [[ -f $BUILD/.stamps/$1 && $(<"$BUILD/.stamps/$1") == "$2" ]]; }
stamp_clear() { rm -f "$BUILD/.stamps/$1"; }
stamp_set()
{
    mkdir -p "$BUILD/.stamps"
    printf '%s\n' "$2" >"$BUILD/.stamps/.$1.$$"
    mv -f "$BUILD/.stamps/.$1.$$" "$BUILD/.stamps/$1"
}

# take_lock NAME: one at a time; held until the script ends.
take_lock()
{
    local fd
    mkdir -p "$BUILD/.locks"
    exec {fd}>"$BUILD/.locks/$1"
    if ! flock -n "$fd"; then
        warn "waiting for another run that holds '$BUILD/.locks/$1'"
        flock "$fd"
    fi
}

have() { command -v "$1" >/dev/null 2>&1; }

# need PROGRAM...: all must be there.
need()
{
    local program
    for program in "$@"; do
        have "$program" || die "'$program' is not installed" "Run: scripts/install-deps.sh (as root)"
    done
}

# arm64_libraries FILE...: where the shared libraries are that the files need, and what those need: all of libc, too.
# They are those of $SYSROOT, or of the sysroot.
arm64_libraries()
{
    local sysroot=${SYSROOT:-$BUILD/sysroot-arm64} name dir found todo=("$@")
    local -A seen=()
    while ((${#todo[@]})); do
        found=()
        while read -r name; do
            [[ -z ${seen[$name]:-} ]] || continue
            for dir in "$sysroot"/{usr/,}lib/aarch64-linux-gnu /; do
                [[ ! -f $dir/$name ]] || break
            done
            [[ $dir != / ]] || die "'$name' for arm64 is missing, needed by: ${todo[*]}" \
                "Run: scripts/fetch-sources.sh sysroot"
            seen[$name]=1
            found+=("$dir/$name")
            echo "$dir/$name"
        done < <(aarch64-linux-gnu-readelf -d "${todo[@]}" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u)
        todo=("${found[@]}")
    done
}

# pack DIR FILE: DIR as a cpio archive, the same bytes for the same files
pack()
{
    find "$1" -exec touch -h -d @0 {} +
    (cd "$1" && find . -mindepth 1 | sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$2"
}

# heartbeat LABEL LOG PID: on a terminal, one line that is drawn again: elapsed time and the log's last line. Of steps
# side by side the first one has it.
heartbeat()
{
    local label=$1 log=$2 pid=$3 start=$SECONDS last width fd
    exec {fd}>"$BUILD/.locks/heartbeat"
    while kill -0 "$pid" 2>/dev/null; do
        flock -n "$fd" || { sleep 0.5 && continue; }
        width=$(tput cols 2>/dev/null || echo 80)
        last=$(tail -c 2000 "$log" 2>/dev/null | tr '\r' '\n' | tr -cd '[:print:]\n' | grep . | tail -n 1) || last=
        printf '\r\033[K%.*s' $((width - 1)) "$label $((SECONDS - start)) s: $last" >&2
        sleep 0.5
    done
    printf '\r\033[K' >&2
    exec {fd}>&-
}

# step LABEL LOG COMMAND...: run it with its output in LOG; say its time, or on a failure the end of LOG.
# Steps of under two seconds that succeed are silent.
step()
{
    local label=$1 log=$2 start=$SECONDS pid status=0
    shift 2
    mkdir -p "$(dirname "$log")" "$BUILD/.locks"
    set -m # a process group of its own, so that all of it can be stopped
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    set +m
    # shellcheck disable=SC2064 # the pid of now is meant
    trap "kill -TERM -- -$pid 2>/dev/null || :; wait $pid 2>/dev/null || :; warn 'interrupted: $label'; exit 130" INT TERM
    if [[ -t 2 && ${TERM:-dumb} != dumb ]]; then
        heartbeat "$label" "$log" "$pid"
    fi
    wait "$pid" || status=$?
    trap - INT TERM
    if ((status)); then
        tail -n 20 "$log" | sed 's/^/  | /' >&2
        if grep -q 'No space left on device' "$log"; then
            die "$label: the disk is full" "Free some space and run it again: it goes on where it stopped."
        fi
        die "$label failed (status $status)" "The whole log: $log"
    fi
    if ((SECONDS - start >= 2)); then
        [[ ! -t 1 ]] || printf '\r\033[K' # of another step's heartbeat
        say "$label: $((SECONDS - start)) s"
    fi
}
