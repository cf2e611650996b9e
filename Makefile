# hello - one graph for everything; `make help` lists what a person types.
VERSION := 0.1.0
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# V=1 shows the commands.
Q := $(if $(V),,@)

MODULES := address client conns cpus error flags healthcheck inspect inspect_file \
	inspect_image inspect_parse inspect_process inspect_tree inspect_value \
	inspect_write lifecycle listener log main metrics mux options routes screen server text \
	version whoami
OBJECTS := $(MODULES:%=%.o)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2 -Wundef
COMMON := -std=c11 -D_GNU_SOURCE -DHELLO_VERSION='"$(VERSION)"' -Isrc -MMD -MP

# A flavour is a directory: what it compiles with, and for whom its libraries are built.
release_CC := musl-gcc
release_CFLAGS := -Os -ffunction-sections -fdata-sections
release_LDFLAGS := -static -Wl,--gc-sections -Wl,--build-id=none -s
asan_CC := gcc
asan_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
asan_LDFLAGS := -fsanitize=address,undefined

all: build/release/hello ## the static release binary, build/release/hello

# ---- third-party sources and libraries -------------------------------------------------

lock_file = deps/cache/$(shell awk '$$1 == "$(1)" { print $$3 }' deps/deps.lock)

fetch: ## bring the pinned sources into deps/cache; the only step that uses the network for them
	deps/fetch

deps/cache/libmicrohttpd-%:
	deps/fetch libmicrohttpd
deps/cache/mbedtls-%:
	deps/fetch mbedtls
deps/cache/check-%:
	deps/fetch check

# $(1) flavour, $(2) library, $(3) archive that proves it was built
define library
build/$(1)/deps/lib/$(3): deps/build deps/$(2).sh $(wildcard deps/patches/$(2)/*.patch) deps/deps.lock $(call lock_file,$(2))
	$(Q)CC='$($(1)_CC)' CFLAGS='$($(1)_CFLAGS)' deps/build $(2) build/$(1)/deps
	$(Q)touch $$@
endef
$(eval $(call library,release,libmicrohttpd,libmicrohttpd.a))
$(eval $(call library,release,mbedtls,libmbedcrypto.a))
$(eval $(call library,asan,libmicrohttpd,libmicrohttpd.a))
$(eval $(call library,asan,check,libcheck.a))

libraries: build/release/deps/lib/libmicrohttpd.a ## build the libraries that the release links
deps: libraries build/release/deps/lib/libmbedcrypto.a build/asan/deps/lib/libcheck.a ## build every pinned library

# ---- the service -----------------------------------------------------------------------

# The user's CFLAGS and LDFLAGS come last.
define flavour
build/$(1)/src/%.o: src/%.c build/$(1)/deps/lib/libmicrohttpd.a Makefile | build/$(1)/src
	$(Q)echo "  CC  $$@"
	$(Q)$$($(1)_CC) $(COMMON) $(WARNINGS) $$($(1)_CFLAGS) -Ibuild/$(1)/deps/include $$(CFLAGS) -c -o $$@ $$<
build/$(1)/hello: $(OBJECTS:%=build/$(1)/src/%) build/$(1)/deps/lib/libmicrohttpd.a
	$(Q)echo "  LD  $$@"
	$(Q)$$($(1)_CC) $$($(1)_CFLAGS) $$($(1)_LDFLAGS) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ -pthread
build/$(1)/src:
	$(Q)mkdir -p $$@
-include $(OBJECTS:%.o=build/$(1)/src/%.d)
endef
$(eval $(call flavour,release))
$(eval $(call flavour,asan))

# ---- tests -----------------------------------------------------------------------------

UNIT := $(basename $(notdir $(wildcard tests/unit/*.c)))

build/asan/unit/%.o: tests/unit/%.c build/asan/deps/lib/libcheck.a Makefile | build/asan/unit
	$(Q)echo "  CC  $@"
	$(Q)$(asan_CC) $(COMMON) -Wall -Wextra -Wno-missing-field-initializers $(asan_CFLAGS) -Ibuild/asan/deps/include $(CFLAGS) -c -o $@ $<
build/asan/unit/runner: $(UNIT:%=build/asan/unit/%.o) $(filter-out %/main.o,$(OBJECTS:%=build/asan/src/%)) \
		build/asan/deps/lib/libmicrohttpd.a build/asan/deps/lib/libcheck.a
	$(Q)echo "  LD  $@"
	$(Q)$(asan_CC) $(asan_CFLAGS) $(asan_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ build/asan/deps/lib/libcompat.a -pthread -lm -lrt
build/asan/unit:
	$(Q)mkdir -p $@
-include $(UNIT:%=build/asan/unit/%.d)

unit: build/asan/unit/runner ## unit tests, under AddressSanitizer and UBSan
	build/asan/unit/runner

# The system's Python, which has python3-pytest; not one that happens to come first in PATH.
PYTEST := /usr/bin/python3 -m pytest -c tests/pytest.ini

http: build/release/hello build/asan/hello ## black-box HTTP tests of the release and the sanitizer build
	$(PYTEST) tests/http

image-tests: ## build the four images and test them
	ci/setup images
	ci/engine run ci/images
	ci/engine run $(PYTEST) tests/image

test: setup deps build/release/hello build/asan/hello ## everything that must hold; brings what it needs
	$(MAKE) --no-print-directory unit
	ci/engine run sh -c 'ci/images && $(PYTEST) tests'

# ---- images and the comparison ---------------------------------------------------------

images: ## build the images hello:naive, :builder, :alpine, :scratch and :scratch-minimal
	ci/setup images
	ci/engine run ci/images

compare: ## build, run and measure the images side by side; RUNS=n samples
	ci/setup compare
	ci/engine run ci/compare/run

# ---- the rest --------------------------------------------------------------------------

setup: ## install what building, testing and comparing need (Debian, root), or say what is missing
	ci/setup build test compare

readme: build/release/hello ## write the generated parts of README.md
	ci/readme

lint: ## formatting and static analysis; brings what it needs
	ci/setup build lint
	ci/lint

run: build/release/hello ## serve on port 1234
	build/release/hello

clean: ## remove build/ (fetched sources stay in deps/cache)
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: all fetch libraries deps unit http image-tests test images compare setup readme lint run clean help
