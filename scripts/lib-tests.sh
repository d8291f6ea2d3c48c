# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Running `meson test` and counting. To be sourced after lib.sh. Sets passed, failed and skipped, the sums.

passed=0 failed=0 skipped=0

# count PASSED FAILED SKIPPED
count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

# meson_number LOG LABEL: from the summary of `meson test`
meson_number() { sed -n "s/^$2: *\([0-9][0-9]*\) *$/\1/p" "$1" | tail -n 1 | grep . || echo 0; }

# meson_test NAME MESON BUILD ARGUMENT...
meson_test()
{
    local name=$1 meson=$2 dir=$3 log=$BUILD/logs/$1.log ok bad skip
    shift 3
    # step ends the shell on a failure: that may only be this one
    (step "$name" "$log" "$meson" test -C "$dir" --print-errorlogs --num-processes "$JOBS" "$@") || true
    ok=$(($(meson_number "$log" Ok) + $(meson_number "$log" 'Expected Fail')))
    bad=$(($(meson_number "$log" Fail) + $(meson_number "$log" 'Unexpected Pass') + $(meson_number "$log" Timeout)))
    skip=$(meson_number "$log" Skipped)
    if ((ok + bad + skip == 0)); then
        say "FAIL $name: no test was run, see $log"
        bad=1
    fi
    say "$name: $ok passed, $bad failed, $skip skipped"
    grep -E '^ *[0-9]+/[0-9]+ .* (FAIL|TIMEOUT|ERROR|UNEXPECTEDPASS) ' "$log" || true
    count "$ok" "$bad" "$skip"
    ((bad == 0))
}

# say_counts: the last line of every script that tests
say_counts() { say "$passed passed, $failed failed, $skipped skipped"; }

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
