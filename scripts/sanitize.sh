#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: sanitize.sh [--qemu DIR] [asan] [tsan]
#
# Runs all qtests with a QEMU under AddressSanitizer (leaks included) and UndefinedBehaviorSanitizer, and with one under
# ThreadSanitizer; without arguments with both, see build-instrumented.sh. Every report is a failure, except what
# tests/sanitize/*.supp names with a reason. Ends with `N passed, N failed, N skipped`.
#   --qemu DIR  use this QEMU, and do not build

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-tests.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-tests.sh"

SUPPRESSIONS=$ROOT/tests/sanitize

# show_reports DIR: each different report once, by its summary, and the beginning of those that have none, as their
# QEMU ended before. Fails if there is a report.
show_reports()
{
    local file summary='^SUMMARY: |runtime error:' found=()
    # a report has one of these in it, what a sanitizer says in passing has not
    mapfile -t found < <(grep -rlE 'ERROR: |WARNING: ThreadSanitizer|runtime error:' "$1")
    ((${#found[@]})) || return 0
    grep -hE "$summary" "${found[@]}" | sort | uniq -c | sort -rn | head -n 20 | sed 's/^/  | /'
    for file in "${found[@]}"; do
        grep -qE "$summary" "$file" || { say "  cut off, $file:" && head -n 20 "$file" | sed 's/^/  | /'; }
    done
    say "  whole reports: $1"
    return 1
}

# run KIND DIR
run()
{
    local kind=$1 dir=$2 reports=$BUILD/$1-reports options start=$SECONDS
    rm -rf "$reports"
    mkdir -p "$reports"
    options=log_path=$reports/report
    # G_SLICE: memory of GLib's own allocator is a block to a sanitizer, handed around between threads
    if [[ $kind == asan ]]; then
        meson_wrapper "$dir/run" "QTEST_QEMU_BINARY=$dir/qemu-system-aarch64" \
            "ASAN_OPTIONS=$options:detect_leaks=1:detect_stack_use_after_return=1" \
            "LSAN_OPTIONS=suppressions=$SUPPRESSIONS/leaks.supp:print_suppressions=0" \
            "UBSAN_OPTIONS=$options:print_stacktrace=1" \
            G_SLICE=always-malloc
    else
        meson_wrapper "$dir/run" "QTEST_QEMU_BINARY=$dir/qemu-system-aarch64" \
            "TSAN_OPTIONS=$options:suppressions=$SUPPRESSIONS/races.supp:history_size=4:atexit_sleep_ms=0" \
            G_SLICE=always-malloc
    fi
    meson_test "sanitize-$kind" meson "$BUILD/lab" --num-processes "$JOBS" --suite qtest --timeout-multiplier 5 \
        --wrapper "$dir/run" || true
    # QEMU may be stopped by a test before it can exit with an error: the reports count, too
    if show_reports "$reports"; then
        say "$kind: no report, $((SECONDS - start)) s"
        count 1 0 0
    else
        say "FAIL $kind: see the reports above"
        count 0 1 0
    fi
}

qemu='' kinds=()
while (($#)); do
    case $1 in
    --help | -h)
        usage
        exit
        ;;
    --qemu)
        (($# > 1)) || usage_error "--qemu needs a directory"
        qemu=$(realpath "$2")
        shift
        ;;
    asan | tsan) kinds+=("$1") ;;
    *) usage_error "unknown argument '$1'" ;;
    esac
    shift
done
[[ -z $qemu || ${#kinds[@]} == 1 ]] || usage_error "--qemu goes with asan or with tsan"
((${#kinds[@]})) || kinds=(asan tsan)
[[ $SUPPRESSIONS != *[[:space:]:]* ]] || die "'$ROOT' has white space or a colon in its name: sanitizers cannot be used"
for kind in "${kinds[@]}"; do
    [[ -n $qemu ]] || "$ROOT/scripts/build-instrumented.sh" "$kind"
    run "$kind" "${qemu:-$BUILD/$kind}"
done
say_counts
((failed == 0))
