# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by tests that print TAP. A check that fails sets `failed`; ok NAME ends a test of such checks, and finish the
# program.

number=0 status=0 failed=0

ok()
{
    number=$((number + 1))
    if ((failed)); then
        status=1
        printf 'not '
    fi
    echo "ok $number - $1"
    failed=0
}

finish()
{
    echo "1..$number"
    exit $status
}
