# Padarozhnik. Two commands do everything: `make demo` (or `make run`) and `make test`.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps build run demo test test-long test-guest test-ui bench fuzz torture lint screenshots package package-check clean

GO       ?= go
# Without animations: a cursor that blinks has the whole window drawn anew twelve times a second.
TAGS     := no_emoji,no_metadata,no_animations,migrated_fynedo
GOFLAGS  := -trimpath -tags=$(TAGS)
BIN      := build/bin
PROGRAMS := station stationctl headquarters simulator
export GOFLAGS

# What a fresh Debian 12 needs: compiler, PC/SC, USB, window system, judges of our tests.
PACKAGES := gcc libc6-dev pkg-config \
  libpcsclite-dev pcscd vsmartcard-vpcd libusb-1.0-0-dev \
  libgl1-mesa-dev xorg-dev libxkbcommon-dev libgl1-mesa-dri xvfb xauth xdotool x11-apps x11-xkb-utils imagemagick \
  fonts-ocr-b libopenjp2-7-dev libopenjp2-tools openssl opensc softhsm2 poppler-utils sane-utils sane-airscan \
  cups-daemon cups-client cups-ipp-utils cups-filters avahi-daemon dbus \
  postgresql strace \
  qemu-system-x86 busybox-static kmod xz-utils usbip \
  dpkg-dev udev desktop-file-utils

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

deps: ## install the Debian packages that are missing
	@missing=""; for p in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo"; \
	  echo "deps: installing$$missing"; \
	  $$sudo apt-get update -q >/dev/null && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing >/dev/null \
	    || { echo "deps: apt-get could not install$$missing"; exit 1; }; \
	else echo "deps: every Debian package is here"; fi
	@command -v $(GO) >/dev/null || { echo "deps: Go 1.26 or later is needed: https://go.dev/dl"; exit 1; }

build: deps ## build the four programs into build/bin
	@mkdir -p $(BIN)
	@for p in $(PROGRAMS); do echo "build: $$p"; $(GO) build -o $(BIN)/$$p ./cmd/$$p || exit 1; done

run: build ## the window, on virtual devices, with an embedded headquarters (training)
	@$(BIN)/station --training build/training

demo: build ## one Utopian applicant from scan to hand-over, without a window
	@$(BIN)/stationctl demo --out build/demo

# What draws, compares and reads pictures, and whole lives of passports, take minutes with the race detector and
# little of it is concurrent: these packages run without it, and what is concurrent in two of them once more with it.
# The process that opens JPEG 2000 may have less memory than the detector takes.
LONG := padarozhnik/(printing/calibration|printing/inspection|station/mrz/ocr|station/issuance|station/jp2)
UI   := padarozhnik/station/ui

test: build lint ## every test
	$(GO) test -race -timeout 25m $$($(GO) list ./... | grep -vxE '$(LONG)|$(UI)')
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-guest test-long test-ui

test-long: ## what takes minutes, without the race detector, and its concurrent part with it
	$(GO) test -timeout 25m $$($(GO) list ./... | grep -xE '$(LONG)')
	$(GO) test -race -timeout 25m -run 'OnePassport|Scenario6BatchRun|TakeTurns|IdleDesk|Scenario7F' ./station/issuance
	$(GO) test -race -timeout 25m -run 'DoubleClick$$|Stop|Lock|Camera|BatchTaps|TechnicianBy|DecidedBy' ./station/ui

# What needs a kernel of its own is named TestGuest... and stands behind the build tag "guest".
GUEST_TAGS     := $(TAGS),guest
GUEST_PACKAGES := $(shell grep -rl --include='*_test.go' '^//go:build guest' cmd devices printing station | xargs -r -n1 dirname | sort -u | sed 's|^|./|')

# The race detector watches all but what turns pixels over: under emulation that alone would take minutes. A whole
# office, and what other programs are run for, does without it.
GUEST_PLAIN := ./cmd/stationctl ./station/issuance
GUEST_RACE  := $(filter-out $(GUEST_PLAIN),$(GUEST_PACKAGES))
NO_RACE := image/... compress/... hash/... golang.org/x/image/... padarozhnik/printing/... padarozhnik/devices/virtual/printer
test-guest: deps ## what is plugged in and torn out: tests on a kernel of their own, in QEMU
	@mkdir -p $(BIN)
	CGO_ENABLED=0 $(GO) build -o $(BIN)/guest ./devices/internal/guest
	@for p in simulator stationctl; do $(GO) build -o $(BIN)/$$p ./cmd/$$p || exit 1; done
	$(GO) test -tags $(GUEST_TAGS) -exec $(CURDIR)/$(BIN)/guest -p 1 -race $(NO_RACE:%=-gcflags=%=-race=false) \
	  -timeout 10m -run '^TestGuest' $(GUEST_RACE)
	$(GO) test -tags $(GUEST_TAGS) -exec $(CURDIR)/$(BIN)/guest -p 1 -timeout 10m -run '^TestGuest' $(GUEST_PLAIN)

test-ui: ## the window's tests, with the wrong-thread warnings of Fyne on
	GOFLAGS="-trimpath -tags=no_emoji,no_metadata,no_animations" $(GO) test ./station/ui/...

BENCH_PACKAGES := tesseract-ocr tesseract-ocr-eng

bench: deps ## every benchmark that a claim rests on
	@$(MAKE) --no-print-directory deps PACKAGES="$(BENCH_PACKAGES)"
	$(GO) test -run '^$$' -bench . -benchtime 3x -count 1 ./...

# How long each fuzz target runs: go test takes one at a time.
FUZZ_TIME ?= 1m

fuzz: deps ## every fuzz target for a minute (FUZZ_TIME=5m for five)
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' cmd devices printing station | sort | \
	while IFS=: read -r file target; do echo "fuzz: $$file $${target#func }"; \
	  $(GO) test -run '^$$' -fuzz "^$${target#func }\$$" -fuzztime $(FUZZ_TIME) -fuzzminimizetime 1s ./$$(dirname $$file) \
	    </dev/null || exit 1; done

torture: build ## kills at every step, many times, and what is fuzzed
	PADAROZHNIK_TORTURE=1 $(GO) test -count 1 -timeout 90m -run 'Kill|Crash|Tear|Tor[nt]|Mutat|Histor|ClosedLoop|Planted|GoodPrints|Replugged|Reproducible|TestWalk|Unplugged' ./...
	CGO_ENABLED=0 $(GO) build -o $(BIN)/guest ./devices/internal/guest
	PADAROZHNIK_TORTURE=1 $(GO) test -tags $(GUEST_TAGS) -exec $(CURDIR)/$(BIN)/guest -timeout 60m \
	  -run '^TestGuestUnplugged' ./station/issuance
	@$(MAKE) --no-print-directory fuzz

lint: ## gofmt, go vet, staticcheck
	@bad=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "lint: gofmt these: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) vet -tags $(GUEST_TAGS) $(GUEST_PACKAGES)
	$(GO) tool staticcheck -tags $(GUEST_TAGS) $(GUEST_PACKAGES)

screenshots: build ## every screen as a picture in build/screens, and a passport taken through the real window by its keys
	PADAROZHNIK_SCREENS=$(CURDIR)/build/screens $(GO) test -count 1 -run TestScreens ./station/ui/...
	PADAROZHNIK_WALKED=$(CURDIR)/build/screens $(GO) test -count 1 -run TestWalk ./cmd/station

# A package is built apart from build/bin: of the commit alone, without what a linker would say about this machine.
PACKAGED         := station stationctl headquarters
PACKAGE_FLAGS    := -buildvcs=true -ldflags='-s -w -buildid= -B none'

package: deps ## a .deb with programs, udev rule, desktop file and icon; the same commit gives the same bytes
	@rm -rf build/package && mkdir -p build/package && for p in $(PACKAGED); do echo "package: $$p"; \
	  $(GO) build $(PACKAGE_FLAGS) -o build/package/$$p ./cmd/$$p || exit 1; done
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) resources/linux/deb build/package build/deb

package-check: package ## install the package on a fresh Debian 12 in build/debian12 and run it (as root)
	@$(MAKE) --no-print-directory deps PACKAGES=debootstrap
	@resources/linux/fresh build/deb/*.deb build/debian12

clean: ## remove what was built
	rm -rf build
