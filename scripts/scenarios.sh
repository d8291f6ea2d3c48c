#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: scenarios.sh [--dir DIR] [SCENARIO...]
#
# Runs these scenarios of lab/scenarios (or DIR), or all, with smmu-lab; what is missing is a failure. build/logs/scenarios.xml is the
# JUnit file. The last line is `N passed, N failed, N skipped`.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-tests.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-tests.sh"

dir=()
if [[ ${1:-} == --dir ]]; then
    (($# > 1)) || usage_error "--dir needs a directory"
    dir=(--scenario-dir "$2")
    shift 2
fi
[[ ${1:-} != -* ]] || no_arguments "$@"
junit=$LOGS/scenarios.xml status=0
rm -f "$junit"
"$BUILD/lab/smmu-lab" run --base "$BASE" --no-skip --junit "$junit" "${dir[@]}" "$@" || status=$?
((status < 128)) || exit "$status"
count_results "$junit" >/dev/null || true
if ((status != 0 && status != 77 && failed == 0)); then
    say "FAIL scenarios: smmu-lab ended with status $status"
    count 0 1 0
fi
say_counts
((failed == 0))
