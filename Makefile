# SPDX-License-Identifier: Apache-2.0
# A front door: meson builds, scripts do the work.

help:
	@echo "make demo    set up, build, make the Debian guest, lay out one cold and one hot read()"
	@echo "make test    set up, build, run all tests"
	@echo "make quick   build and run the tests that take seconds"
	@echo "make build   set up and build build/doorbell"
	@echo "make bench   compare speed with QEMU"
	@echo "make docs    write the pages that are made from the program's tables"
	@echo "make clean   remove what was built (the guest stays in ~/.cache/doorbell)"

build:
	@tools/setup
	@tools/build

demo:
	@tools/demo

test:
	@tests/run

quick:
	@tests/run --quick --no-setup

bench:
	@tools/setup --guest --test
	@tools/build
	@guest/fetch
	@guest/initrd
	@guest/initrd --net
	@bench/run

docs: build
	@ninja -C build docs

clean:
	rm -rf build build-asan build-harsh

.PHONY: help build demo test quick bench docs clean
