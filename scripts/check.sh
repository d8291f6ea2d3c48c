#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: check.sh [--smoke] [STAGE...]
#
# Builds everything and runs all tests: unit tests and qtests (stage tests), QEMU's own qtests for aarch64 (qemu-tests),
# the series (check-series), the qtests under sanitizers and with lines counted (sanitize, coverage), all scenarios of
# the lab (scenarios). Goes on after a stage that failed, as far as that makes sense. Ends with the seconds of each
# stage and `N passed, N failed, N skipped`.
#   --smoke   of the tests only the scenario `smoke`
#   STAGE...  of the tests only these stages
# DEV=1 in the environment: build build/qemu-v10.2 as it is, see apply-series.sh --dev.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib-tests.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib-tests.sh"

LOGS=$BUILD/logs
TESTS=(tests qemu-tests check-series sanitize coverage scenarios)

declare -A STATE SECONDS_OF
ORDER=()

# stage NAME "NEEDED STAGES" COMMAND...: STATE[NAME] becomes ok, failed or `not run`
stage()
{
    local name=$1 needs=$2 need start=$SECONDS
    shift 2
    ORDER+=("$name")
    SECONDS_OF[$name]=0
    for need in $needs; do
        if [[ ${STATE[$need]:-ok} != ok ]]; then
            STATE[$name]="not run"
            return
        fi
    done
    if "$@"; then STATE[$name]=ok; else STATE[$name]=failed; fi
    SECONDS_OF[$name]=$((SECONDS - start))
}

# --- tests ------------------------------------------------------------------------------------------------------

run_tests() { meson_test tests meson "$BUILD/lab"; }

# Debian's source has no firmware. The tests of bios-tables execute UEFI: Debian's package has it. Option and boot ROMs
# are only loaded, by no test executed: zeros do.
provide_firmware()
{
    local out=$BUILD/qemu-x86 data=$BUILD/qemu-x86/qemu-bundle/usr/local/share/qemu rom roms name
    roms=(npcm7xx_bootrom.bin npcm8xx_bootrom.bin ast27x0_bootrom.bin)
    for name in e1000 e1000e eepro100 ne2k_pci pcnet rtl8139 virtio vmxnet3; do
        roms+=("efi-$name.rom" "pxe-$name.rom")
    done
    for name in ati bochs-display cirrus qxl ramfb stdvga virtio vmware; do
        roms+=("vgabios-$name.bin")
    done
    mkdir -p "$data" "$out/pc-bios"
    for rom in "${roms[@]}"; do
        [[ -e $data/$rom ]] || head -c 2048 /dev/zero >"$data/$rom"
    done
    [[ -e $out/pc-bios/edk2-aarch64-code.fd ]] || ln -sf /usr/share/AAVMF/AAVMF_CODE.fd "$out/pc-bios/edk2-aarch64-code.fd"
    [[ -e $out/pc-bios/edk2-arm-vars.fd ]] || ln -sf /usr/share/AAVMF/AAVMF_VARS.fd "$out/pc-bios/edk2-arm-vars.fd"
}

# Two of the ACPI tests are left out: their tables hold an address that UEFI chose, and the expected ones are those of
# another UEFI build (the rest of these tables was compared by hand, and is the same).
run_qemu_tests()
{
    local out=$BUILD/qemu-x86 meson=$BUILD/qemu-x86/pyvenv/bin/meson names bad=0
    local acpi=/aarch64/acpi/virt
    provide_firmware
    mapfile -t names < <("$meson" test -C "$out" --suite qtest-aarch64 --list 2>/dev/null |
        sed -n 's|^.* / ||p' | grep -v -e bios-tables-test)
    meson_test qemu-tests "$meson" "$out" --timeout-multiplier 3 "${names[@]}" || bad=1
    meson_test qemu-acpi-tests "$meson" "$out" --timeout-multiplier 3 --test-args="-s $acpi -s $acpi/memhp" \
        qtest-aarch64/bios-tables-test || bad=1
    return "$bad"
}

# last_counts LOG: the numbers of its last line `N passed, N failed[, N skipped]`
last_counts()
{
    sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}.*/\1 \2 \4/p' "$1" | tail -n 1
}

# counted NAME COMMAND...: shows its output, and counts by its last line
counted()
{
    local name=$1 log=$LOGS/$1.out status=0 ok bad skip
    shift
    if ! "$@" 2>&1 | tee "$log"; then
        status=1
    fi
    read -r ok bad skip < <(last_counts "$log") || true
    ok=${ok:-0} bad=${bad:-0} skip=${skip:-0}
    if ((status && bad == 0)) || ((ok + bad + skip == 0)); then
        say "FAIL $name: ended without a result"
        bad=$((bad + 1))
    fi
    count "$ok" "$bad" "$skip"
    ((bad == 0))
}

run_check_series() { counted check-series "$ROOT/scripts/check-series.sh"; }

# ThreadSanitizer is left to `make sanitize`: it takes minutes, for one thread's work
run_sanitize() { counted sanitize "$ROOT/scripts/sanitize.sh" asan; }
run_coverage() { counted coverage "$ROOT/scripts/coverage.sh"; }

# On a terminal the runner shows what happens meanwhile; its counts are in the JUnit file.
run_scenarios()
{
    local junit=$LOGS/scenarios.xml status=0 all bad skip
    rm -f "$junit"
    "$BUILD/lab/smmu-lab" run --no-skip --junit "$junit" "$@" || status=$?
    ((status < 128)) || exit "$status"
    read -r all bad skip < <(junit_counts "$junit") || true
    all=${all:-0} bad=${bad:-0} skip=${skip:-0}
    if ((status != 0 && status != 77 && bad == 0)) || ((all == 0)); then
        say "FAIL scenarios: smmu-lab ended with status $status and without a result"
        bad=$((bad + 1)) all=$((all + 1))
    fi
    count $((all - bad - skip)) "$bad" "$skip"
    ((bad == 0))
}

# junit_counts FILE: "TESTS FAILED SKIPPED"
junit_counts()
{
    python3 -c '
import sys, xml.etree.ElementTree as tree

cases = list(tree.parse(sys.argv[1]).iter("testcase"))
bad = sum(1 for c in cases if c.find("failure") is not None or c.find("error") is not None)
print(len(cases), bad, sum(1 for c in cases if c.find("skipped") is not None))
' "$1"
}

# --- the whole --------------------------------------------------------------------------------------------------

apply_series()
{
    local options=()
    [[ -z ${DEV:-} || $DEV == 0 ]] || options=(--dev)
    "$ROOT/scripts/apply-series.sh" "${options[@]}"
}

build_all()
{
    local s=$ROOT/scripts
    stage deps '' "$s/install-deps.sh"
    stage sources 'deps' "$s/fetch-sources.sh"
    stage series 'sources' apply_series
    stage qemu-x86 'series' "$s/build-qemu.sh" x86
    stage qemu-arm64 'series' "$s/build-qemu.sh" arm64
    stage qemu-variant 'qemu-arm64' "$s/build-variant.sh"
    stage kernel 'sources' "$s/build-kernel.sh"
    stage lab 'qemu-x86' "$s/build-lab.sh"
    stage images 'lab kernel qemu-arm64' "$ROOT/lab/images/build-images.sh"
}

report()
{
    local name
    say ''
    for name in "${ORDER[@]}"; do
        printf '%-13s %5d s  %s\n' "$name" "${SECONDS_OF[$name]}" "${STATE[$name]}"
        # what could not be built or run hides tests: that must show in the numbers
        if [[ ${STATE[$name]} != ok && (${STATE[$name]} == 'not run' || " ${TESTS[*]} smoke " != *" $name "*) ]]; then
            count 0 1 0
        fi
    done >"$LOGS/phases.txt"
    printf '%-13s %5d s\n' total "$SECONDS" >>"$LOGS/phases.txt"
    cat "$LOGS/phases.txt"
    say ''
    if ((skipped)); then
        say "$passed passed, $failed failed, $skipped skipped"
    else
        say "$passed passed, $failed failed"
    fi
    ((failed == 0))
}

smoke=0 only=()
for arg in "$@"; do
    case $arg in
    --help | -h)
        usage
        exit
        ;;
    --smoke) smoke=1 ;;
    *)
        [[ " ${TESTS[*]} " == *" $arg "* ]] || usage_error "unknown argument '$arg'; stages: ${TESTS[*]}"
        only+=("$arg")
        ;;
    esac
done
((!smoke || ${#only[@]} == 0)) || usage_error "--smoke goes with no stage"
((${#only[@]})) || only=("${TESTS[@]}")
mkdir -p "$LOGS"
trap 'warn interrupted; exit 130' INT TERM
build_all
if ((smoke)); then
    stage smoke 'images lab qemu-x86' run_scenarios smoke
else
    for name in "${only[@]}"; do
        case $name in
        tests) stage tests 'lab' run_tests ;;
        qemu-tests) stage qemu-tests 'qemu-x86' run_qemu_tests ;;
        check-series) stage check-series 'series' run_check_series ;;
        sanitize) stage sanitize 'lab' run_sanitize ;;
        coverage) stage coverage 'lab' run_coverage ;;
        scenarios)
            stage host-kernels 'kernel' "$ROOT/scripts/build-kernel.sh" --hosts
            stage scenarios 'images lab qemu-x86' run_scenarios
            ;;
        esac
    done
fi
report
