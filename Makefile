# A thin front of meson and ninja. `make run` and `make test` install what they lack (packages.txt).
BUILD ?= build
CHECKED ?= build-checked
LINTED ?= build-lint
FUZZ ?= build-fuzz
FUZZ_SECONDS ?= 300
PREFIX ?= /usr/local
ARCH ?= $(shell dpkg --print-architecture)

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)
	@ln -sf src/cmd/tacho $(BUILD)/tacho && ln -sf src/cmd/metrics-server $(BUILD)/metrics-server

$(BUILD)/build.ninja:
	@scripts/install-packages.sh build
	@meson setup $(BUILD) -Dtests=disabled >/dev/null

run:
	@scripts/install-packages.sh build run
	@$(MAKE) --no-print-directory all
	@scripts/run.sh $(BUILD)

# Everything is checked under AddressSanitizer and UndefinedBehaviorSanitizer: the unit tests, a short run of each fuzz
# target, and the end-to-end tests with real clients.
test:
	@scripts/install-packages.sh build run test lint image deb
	@scripts/test.sh $(CHECKED) $(FUZZ)

# Against a real cluster that may be changed: KUBECONFIG is its admin's (tests/real).
test-real: image
	@scripts/install-packages.sh run test
	@scripts/test-real.sh $(BUILD)

lint:
	@scripts/install-packages.sh build test lint
	@scripts/lint.sh $(LINTED)

fuzz:
	@scripts/install-packages.sh build lint
	@scripts/fuzz.sh $(FUZZ) $(FUZZ_SECONDS)

bench: all
	@scripts/install-packages.sh build run test
	@scripts/bench.sh $(BUILD)

# An OCI archive of metrics-server, build/image/metrics-server.tar, for `ctr images import` and its kin. ARCH=arm64 cross-compiles,
# ARCH="amd64 arm64" makes one image for both.
image:
	@scripts/install-packages.sh build image $(if $(filter-out $(shell dpkg --print-architecture),$(ARCH)),cross)
	@deploy/image/build.sh $(BUILD)/image $(ARCH)

# A Debian package of both programs, build/deb/tacho_VERSION_ARCHITECTURE.deb
deb:
	@scripts/install-packages.sh build deb
	@deploy/deb/build.sh $(BUILD)/deb

# deploy/components.yaml and its variants, out of deploy/kustomize
manifests:
	@scripts/manifests.sh deploy

install: all
	install -D $(BUILD)/tacho $(DESTDIR)$(PREFIX)/bin/tacho
	install -D $(BUILD)/metrics-server $(DESTDIR)$(PREFIX)/bin/metrics-server

clean:
	rm -rf $(BUILD) $(CHECKED) $(LINTED) $(FUZZ) build-bench

.PHONY: all run test test-real lint fuzz bench image deb manifests install clean
