#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: fuzz.sh [--replay] [--update] [--qemu DIR] [FILE...]
#
# Feeds guests made of random bytes (see tests/fuzz/guest.h) to an accelerated SMMUv3 with two devices, on the model of
# iommufd and VFIO, under AddressSanitizer and UndefinedBehaviorSanitizer. Starts from tests/fuzz/corpus; what is new
# is kept in build/fuzz-inputs/corpus. Each of two configurations gets half of FUZZ_SECONDS, 600 by default.
#   --replay    only run what is in tests/fuzz/corpus, once
#   --update    replace tests/fuzz/corpus by the smallest set that reaches all that build/fuzz-inputs/corpus does; inputs that
#               somebody gave a name stay
#   --qemu DIR  use this QEMU, and do not build
#   FILE...     run these inputs, as those that made it crash: build/fuzz-inputs/found/*
# Fails when something was found, or a function of the accelerated SMMU that a guest can reach was not. The last line is
# `N passed, N failed, N skipped`.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-tests.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-tests.sh"

SAVED=$ROOT/tests/fuzz/corpus
CORPUS=$BUILD/fuzz-inputs/corpus
FOUND=$BUILD/fuzz-inputs/found
# What a guest's bytes can reach, so the corpus has to
FUNCTIONS=(
    smmuv3_accel_update smmuv3_accel_reset smmuv3_accel_cmdq_consume smmuv3_accel_batch_cmd smmuv3_accel_push
    smmuv3_accel_alloc_nested smmuv3_accel_install_dirty smmuv3_accel_mark_dirty
    accel_clean_range accel_clean_atc_inv accel_cmd_for_host accel_cfgi_ste accel_sync accel_invalidate
    accel_decode accel_host_ste accel_update accel_install accel_report accel_new_nested
    accel_alloc_vdev accel_free_vdev accel_enter_s1 accel_attach accel_read_events accel_handle_event accel_put_event
)
CONFIGS=(default plain)

# qemu_args CONFIG
qemu_args()
{
    local smmu=arm-smmuv3,primary-bus=pcie.0,id=smmu0,accel=on
    case $1 in
    default) smmu+=,ats=on ;;
    plain) smmu+=,ril=off,oas=44,ats=off ;;
    esac
    echo "-object iommufd,id=iommufd0 -device $smmu" \
        "-device vfio-pci,host=0000:01:00.0,iommufd=iommufd0,addr=1,id=dev0" \
        "-device vfio-pci,host=0000:01:01.0,iommufd=iommufd0,addr=2,id=dev1"
}

# fuzzer CONFIG ARGUMENT...: runs libFuzzer
fuzzer()
{
    local config=$1
    shift
    # leaks are found by `make sanitize`: here another thread frees what one input allocates
    FUZZ_FIRMWARE=$ROOT/tests/qtest/data/firmware FUZZ_QEMU_ARGS=$(qemu_args "$config") \
    LD_PRELOAD=$MODEL UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
        nice "$qemu/qemu-fuzz-aarch64" --fuzz-target=smmuv3-accel -detect_leaks=0 -timeout=30 -rss_limit_mb=4096 \
        -artifact_prefix="$FOUND/" -print_final_stats=1 "$@"
}

# number LOG NAME: of libFuzzer's statistics at the end
number() { sed -n "s/^stat::$2: *\([0-9]*\)$/\1/p" "$1" | tail -n 1 | grep . || echo 0; }

# verdict NAME LOG STATUS: what libFuzzer found
verdict()
{
    local name=$1 log=$2 status=$3
    if ((status == 0)); then
        count 1 0 0
        return
    fi
    count 0 1 0
    say "FAIL $name: libFuzzer ended with status $status, see $log"
    grep -E '^SUMMARY: |^==[0-9]+== ?ERROR|runtime error: |Test unit written to|Assertion|kernel-model: ' "$log" |
        head -n 12 | sed 's/^/  | /' || true
}

# replay CONFIG INPUT...: each once; then what was reached is known
replay()
{
    local config=$1 log=$LOGS/fuzz-replay-$1.log status=0
    shift
    fuzzer "$config" -runs=1 "$@" >"$log" 2>&1 || status=$?
    verdict "replay of $# inputs, $config" "$log" "$status"
}

# search CONFIG SECONDS: from the corpus on
search()
{
    local config=$1 log=$LOGS/fuzz-$1.log
    fuzzer "$config" -max_total_time="$2" -max_len=1024 -len_control=20 -reload=5 -print_pcs=0 "$CORPUS" "$SAVED" \
        >"$log" 2>&1
}

# search_all: the configurations side by side, if there are CPUs
search_all()
{
    local seconds=$((${FUZZ_SECONDS:-600} / ${#CONFIGS[@]})) config status pids=()
    for config in "${CONFIGS[@]}"; do
        search "$config" "$seconds" &
        pids+=($!)
        ((JOBS > 1)) || wait "$!" || true
    done
    for config in "${CONFIGS[@]}"; do
        status=0
        wait "${pids[0]}" || status=$?
        pids=("${pids[@]:1}")
        say "$config: $(number "$LOGS/fuzz-$config.log" number_of_executed_units) inputs," \
            "$(number "$LOGS/fuzz-$config.log" average_exec_per_sec) a second," \
            "$(sed -n 's/.*\bcov: \([0-9]*\) .*/\1/p' "$LOGS/fuzz-$config.log" | sed -n '1p;$p' | paste -sd '>' |
                sed 's/>/ edges at the start, /') at the end"
        verdict "$config" "$LOGS/fuzz-$config.log" "$status"
    done
}

# reached: were FUNCTIONS executed by the corpus?
reached()
{
    local log=$LOGS/fuzz-reached.log name missing=()
    fuzzer default -runs=0 -print_coverage=1 "$@" >"$log" 2>&1 || true
    sed -nE 's/^COVERED_FUNC: .* edges: ([0-9/]*) ((smmuv3_)?accel_[a-z0-9_]*) .*/\2 \1/p' "$log" |
        sort -u >"$LOGS/fuzz-functions.txt"
    for name in "${FUNCTIONS[@]}"; do
        grep -q "^$name " "$LOGS/fuzz-functions.txt" || missing+=("$name")
    done
    say "accelerated SMMU: $(wc -l <"$LOGS/fuzz-functions.txt") functions reached, edges of each:"
    paste -sd ';' "$LOGS/fuzz-functions.txt" | sed 's/;/; /g' | fold -s -w 110 | sed 's/^/  /'
    if ((${#missing[@]})); then
        say "FAIL not reached: ${missing[*]}"
        count 0 1 0
    else
        count 1 0 0
    fi
}

mode=search qemu='' inputs=()
while (($#)); do
    case $1 in
    --help | -h)
        usage
        exit
        ;;
    --replay | --update) mode=${1#--} ;;
    --qemu)
        (($# > 1)) || usage_error "--qemu needs a directory"
        qemu=$(realpath "$2")
        shift
        ;;
    -*) usage_error "unknown argument '$1'" ;;
    *)
        [[ -f $1 ]] || usage_error "there is no input '$1'"
        inputs+=("$(realpath "$1")")
        ;;
    esac
    shift
done
[[ ${FUZZ_SECONDS:-600} =~ ^[1-9][0-9]*$ ]] || usage_error "FUZZ_SECONDS is '$FUZZ_SECONDS', not a number of seconds"
[[ -f $BUILD/lab/build.ninja ]] || die "'$BUILD/lab' is not there" "Run: make lab"
step "build the model of iommufd" "$LOGS/model.log" ninja -C "$BUILD/lab" tests/kernel-model/libkernel-model.so
if [[ -z $qemu ]]; then
    "$ROOT/scripts/install-deps.sh" --fuzz
    "$ROOT/scripts/build-instrumented.sh" fuzz
    qemu=$BUILD/fuzz
fi
mkdir -p "$CORPUS" "$FOUND" "$LOGS"
# a copy, as another build may replace it meanwhile; and a place for its files that is gone after crashes, too
MODEL=$qemu/libkernel-model.so
cp "$BUILD/lab/tests/kernel-model/libkernel-model.so" "$MODEL"
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
if ((${#inputs[@]} == 0)); then
    mapfile -t inputs < <(find "$SAVED" -type f | sort)
elif [[ $mode != search ]]; then
    usage_error "inputs go without --$mode"
else
    mode=replay
fi
for config in "${CONFIGS[@]}"; do
    ((${#inputs[@]} == 0)) || replay "$config" "${inputs[@]}"
done
case $mode in
search)
    search_all
    say "corpus: $(find "$CORPUS" "$SAVED" -type f | wc -l) inputs"
    reached "$CORPUS" "$SAVED"
    ;;
update)
    rm -rf "$SAVED.part"
    mkdir -p "$SAVED.part"
    # by edges only, not by how often each was taken, to keep it small
    fuzzer default -merge=1 -use_counters=0 "$SAVED.part" "$SAVED" "$CORPUS" >"$LOGS/fuzz-merge.log" 2>&1
    fuzzer plain -merge=1 -use_counters=0 "$SAVED.part" "$SAVED" "$CORPUS" >>"$LOGS/fuzz-merge.log" 2>&1
    # what has a name of ours once found something: libFuzzer's names are digests
    find "$SAVED" -type f -regextype posix-extended -not -regex '.*/[0-9a-f]{40}' -exec cp -t "$SAVED.part" {} +
    rm -rf "$SAVED"
    mv "$SAVED.part" "$SAVED"
    say "$SAVED: $(find "$SAVED" -type f | wc -l) inputs, $(du -sb "$SAVED" | cut -f1) bytes"
    reached "$SAVED"
    ;;
esac
say_counts
((failed == 0))
