#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: check.sh [--jobs N] TARGET...
#        check.sh --stage NAME COMMAND...
#
# Makes targets of the Makefile, tests, with all that they depend on; what a failed one does not stop goes on. Ends with
# the seconds of each stage, in their order, and `N passed, N failed, N skipped`: a stage that failed without a failed
# test and a target that was not reached count as one each.
#   --jobs N  N stages side by side: for targets that end in one test
#   --stage   a stage of the Makefile's: run the command, and note how it ended if check.sh has asked for it

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# lines `stage NAME SECONDS STATE`, and of tests `count NAME PASSED FAILED SKIPPED`, see lib-tests.sh
RECORD=$LOGS/stages.txt

stage()
{
    local status=0
    export STAGE=$1
    shift
    [[ -n ${STAGE_RECORD:-} ]] || exec "$@"
    "$@" || status=$?
    if ((status)) && ! grep -q "^count $STAGE [0-9]* [1-9]" "$STAGE_RECORD"; then
        echo "count $STAGE 0 1 0" >>"$STAGE_RECORD"
    fi
    echo "stage $STAGE $SECONDS $( ((status)) && echo failed || echo ok)" >>"$STAGE_RECORD"
    exit "$status"
}

# report TARGET...
report()
{
    local kind name seconds state skip passed=0 failed=0 skipped=0
    for name in "$@"; do
        grep -q "^stage $name " "$RECORD" || printf '%s\n' "count $name 0 1 0" "stage $name 0 not run" >>"$RECORD"
    done
    say ''
    while read -r kind name seconds state skip; do
        if [[ $kind == stage ]]; then
            printf '%-20s %5d s  %s\n' "$name" "$seconds" "$state${skip:+ $skip}"
        else
            passed=$((passed + seconds)) failed=$((failed + state)) skipped=$((skipped + skip))
        fi
    done <"$RECORD"
    printf '%-20s %5d s\n\n' total "$SECONDS"
    say "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0))
}

jobs=1
case ${1:-} in
--help | -h)
    usage
    exit
    ;;
--stage)
    (($# > 2)) || usage_error "--stage needs a name and a command"
    shift
    stage "$@"
    ;;
--jobs)
    (($# > 1)) || usage_error "--jobs needs a number"
    jobs=$2
    shift 2
    ;;
esac
(($#)) || usage_error "no target; make check has all of them"
[[ $1 != -* ]] || usage_error "unknown argument '$1'"
need make
mkdir -p "$LOGS"
: >"$RECORD"
export STAGE_RECORD=$RECORD
trap 'warn interrupted; exit 130' INT TERM
make --no-print-directory -C "$ROOT" --keep-going --jobs="$jobs" "$@" || true
report "$@" | tee "$LOGS/phases.txt"
