# SPDX-License-Identifier: GPL-2.0-or-later
# The front door: `make help` lists the targets. Each is one script or one command.
#   DEV=1          build build/qemu-v10.2 as it is, although it has changes that patches/ has not
#   SOURCE_CACHE=  a directory with downloaded sources
#   JOBS=          how many compilers at once (default: all CPUs)

DEV ?=
series_options = $(if $(filter-out 0,$(DEV)),--dev)
export DEV JOBS SOURCE_CACHE FUZZ_SECONDS

.PHONY: help deps fetch series qemu kernel host-kernels images lab smoke check check-series check-fast coverage \
	sanitize fuzz clean distclean

help:           ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
deps:           ## install the Debian packages that are missing (root)
	@scripts/install-deps.sh
fetch: deps     ## bring the sources: QEMU, Linux, arm64 libraries
	@scripts/fetch-sources.sh
series: fetch   ## build/qemu-v10.2: QEMU 10.2.2 with the series applied
	@scripts/apply-series.sh $(series_options)
qemu: series    ## build QEMU: for x86 (emulated host), for arm64 (under test), and its variants
	@scripts/build-qemu.sh x86 && scripts/build-qemu.sh arm64 && scripts/build-variant.sh
kernel: fetch   ## build the kernel of the emulated host and its guest
	@scripts/build-kernel.sh
host-kernels: fetch ## build other kernels for the emulated host, which some scenarios need
	@scripts/build-kernel.sh --hosts
lab: qemu       ## build the lab's runner and its tests: build/lab/smmu-lab
	@scripts/build-lab.sh
images: lab kernel ## make the initial file systems of the emulated host and its guest
	@lab/images/build-images.sh
smoke:          ## everything from nothing to a guest that gets its interrupts
	@scripts/check.sh --smoke
check:          ## all tests: unit tests, qtests, QEMU's own, the series, all scenarios
	@scripts/check.sh
check-series: series ## does each patch apply, pass checkpatch and compile
	@scripts/check-series.sh
check-fast: lab ## unit tests and qtests: all that needs no emulated host
	@scripts/check-fast.sh
coverage: lab   ## which lines of the series do the qtests execute
	@scripts/coverage.sh
sanitize: lab   ## all qtests under AddressSanitizer, UBSan and ThreadSanitizer
	@scripts/sanitize.sh
fuzz: lab       ## random guests for the accelerated SMMU, FUZZ_SECONDS= (600)
	@scripts/fuzz.sh
clean:          ## remove what was built; sources, trees and downloads stay
	@scripts/clean.sh
distclean:      ## remove build/ and results/; what git does not have in build/qemu-v10.2 is not removed
	@scripts/clean.sh --all
