# SPDX-License-Identifier: GPL-2.0-or-later
# The front door: `make help` lists the targets. Each calls one script; what it depends on is said here and nowhere else.
#   BASE=          what the series is applied to, a file of bases/ (v10.2); make TARGET-v11.1 is make BASE=v11.1 TARGET
#   DEV=1          build the base's tree as it is, although it has changes that patches/ has not
#   SOURCE_CACHE=  a directory with downloaded sources
#   BENCH=         options of scripts/bench.py: --peer FILE, --rounds N
#   MUTATE=        options of scripts/mutate.py: --seed N, --count N, --all, --again, --file F, --jobs N
#   JOBS=          how many compilers at once (default: all CPUs)
#   CHECK=         the tests of `make check`

DEV ?=
BASE ?= v10.2
export BASE DEV JOBS SOURCE_CACHE FUZZ_SECONDS

# What CI runs. ThreadSanitizer is left to `make sanitize`: it takes minutes, for one thread's work. Of another base than
# the default, what needs no emulated host; by hand all that its QEMU is built for.
CHECK = check-fast qemu-tests check-series sanitize-asan coverage scenarios check-fast-v11.1 check-patches-v11.1
ifneq ($(BASE),v10.2)
CHECK = check-fast qemu-tests check-series scenarios
of_base = -$(BASE)
endif

stage = @scripts/check.sh --stage $@$(of_base)

.PHONY: $(shell sed -n 's/^\([a-z][a-z0-9-]*\):.*/\1/p' Makefile)

help:           ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

deps:           ## install the Debian packages that are missing (root)
	$(stage) scripts/install-deps.sh
fetch: deps     ## bring the sources: QEMU, Linux, arm64 libraries
	$(stage) scripts/fetch-sources.sh
series: fetch   ## build/qemu-v10.2: QEMU with the series applied
	$(stage) scripts/apply-series.sh $(if $(filter-out 0,$(DEV)),--dev)

qemu: qemu-x86 qemu-arm64 variants ## build QEMU: for x86 (emulated host), for arm64 (under test), and its variants
qemu-x86: series
	$(stage) scripts/build-qemu.sh x86
qemu-arm64: series
	$(stage) scripts/build-qemu.sh arm64
ifeq ($(BASE),v10.2)
qemu-host: qemu-x86
else
qemu-host: fetch
	@$(MAKE) BASE=v10.2 qemu-x86
endif
variants: qemu-arm64
	$(stage) scripts/build-variant.sh
kernel: fetch   ## build the kernel of the emulated host and its guest
	$(stage) scripts/build-kernel.sh
kernels: fetch  ## make the other kernels of emulated host and guest, which some scenarios need
	$(stage) scripts/build-kernel.sh --others
kernel-64k: fetch
	$(stage) scripts/build-kernel.sh 64k
images: qemu-arm64 kernel ## make the initial file systems of the emulated host and its guest
	$(stage) scripts/build-images.sh
runner: deps
	$(stage) scripts/build-lab.sh smmu-lab
lab: qemu-x86 qemu-arm64 ## build the lab's runner, build/lab/smmu-lab, and all tests
	$(stage) scripts/build-lab.sh

smoke:          ## everything from nothing to a guest that gets its interrupts
	@scripts/check.sh --jobs 2 scenario-smoke$(of_base)
check:          ## all tests: unit tests, qtests, QEMU's own, the series, all scenarios
	@scripts/check.sh $(addsuffix $(of_base),$(CHECK))
check-unit: series ## unit tests of the lab, and the model's own: without a build of QEMU, in seconds
	$(stage) scripts/check-fast.sh --unit
check-fast: qemu-x86 ## unit tests and qtests: all that needs no emulated host
	$(stage) scripts/check-fast.sh
check-patches: series ## does each patch apply and pass checkpatch, in seconds
	$(stage) scripts/check-series.sh --no-compile
check-series: series ## does each patch apply, pass checkpatch and compile
	$(stage) scripts/check-series.sh
qemu-all: series
	$(stage) scripts/build-qemu.sh all
qemu-tests: qemu-all ## QEMU's own qtests for aarch64
	$(stage) scripts/qemu-tests.sh
coverage: lab   ## which lines of the series do the qtests execute
	$(stage) scripts/coverage.sh
sanitize: lab   ## all qtests under AddressSanitizer, UBSan and ThreadSanitizer
	$(stage) scripts/sanitize.sh
sanitize-asan: lab
	$(stage) scripts/sanitize.sh asan
fuzz: lab       ## random guests for the accelerated SMMU, FUZZ_SECONDS= (600)
	$(stage) scripts/fuzz.sh
mutate: lab     ## do the qtests fail on mutants of the series? MUTATE= gives options, see docs/testing.md
	$(stage) scripts/mutate.py $(MUTATE)
scenarios: lab qemu-host images variants kernels ## all scenarios of the lab
	$(stage) scripts/scenarios.sh
scenarios-64k: lab qemu-host images kernel-64k ## some scenarios with 64K pages on host, guest or both: 15 minutes
	$(stage) scripts/scenarios.sh --dir lab/scenarios/64k
scenario-smoke: runner qemu-host images
	$(stage) scripts/scenarios.sh smoke
host: $(if $(DEVICE),images) ## on an arm64 host: a guest gets the PCI device DEVICE=0000:01:00.0, see docs/hardware.md
	$(stage) scripts/host.sh $(DEVICE)
bench: runner qemu-host images ## measure map, unmap and reads; BENCH= gives options, see docs/bench.md
	$(stage) scripts/bench.py $(BENCH)

%-v11.1:
	@$(MAKE) BASE=v11.1 $*

clean:          ## remove what was built; sources, trees and downloads stay
	@scripts/clean.sh
distclean:      ## remove build/ and results/; what git does not have in build/qemu-v10.2 is not removed
	@scripts/clean.sh --all
