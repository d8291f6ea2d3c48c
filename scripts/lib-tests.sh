# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Running `meson test` and counting. To be sourced after lib.sh. Sets passed, failed and skipped, the sums.

passed=0 failed=0 skipped=0

# count PASSED FAILED SKIPPED
count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

# say_counts: the last line of every script that tests; check.sh adds it to those of the others
say_counts()
{
    say "$passed passed, $failed failed, $skipped skipped"
    [[ -z ${STAGE_RECORD:-} ]] || echo "count $STAGE $passed $failed $skipped" >>"$STAGE_RECORD"
}

# count_results FILE: shows and adds what results.py finds in it. Fails when a test did.
count_results()
{
    local result ok bad skip
    result=$(python3 "$ROOT/scripts/results.py" "$1") || [[ -n $result ]] || result='0 passed, 1 failed, 0 skipped'
    sed '$d' <<<"$result"
    read -r ok _ bad _ skip _ <<<"${result##*$'\n'}"
    count "$ok" "$bad" "$skip"
    ((bad == 0))
}

# meson_test NAME MESON BUILD ARGUMENT...: the log of all output is build/logs/NAME.log
meson_test()
{
    local name=$1 meson=$2 dir=$3 results=$3/meson-logs
    shift 3
    rm -f "$results/$name".* "$results/$name"-*
    # step ends the shell on a failure: that may only be this one
    (step "$name" "$LOGS/$name.log" "$meson" test -C "$dir" --print-errorlogs --logbase "$name" "$@") ||
        (($? != 130)) || exit 130
    # with a wrapper, meson adds the wrapper's name
    count_results "$(compgen -G "$results/$name*.json")"
}

# meson_wrapper FILE NAME=VALUE...: makes FILE, a program for `meson test --wrapper` that sets these variables.
# (It has to be one word, and what a test's own environment sets has to be set again.)
meson_wrapper()
{
    local file=$1
    shift
    { echo '#!/bin/sh' && printf 'export %s\n' "${@@Q}" && echo 'exec "$@"'; } >"$file.part"
    chmod +x "$file.part"
    mv "$file.part" "$file"
}
