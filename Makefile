# hello - one graph for everything; `make help` lists the targets for people.
VERSION := 0.1.0
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# What the binaries run on: amd64 or arm64. For another machine than this one they are
# cross-compiled, in a directory of its own.
ARCH_x86_64 := amd64
ARCH_aarch64 := arm64
ARCH_arm64 := arm64
MACHINE_amd64 := x86_64
MACHINE_arm64 := aarch64
HOST_ARCH := $(ARCH_$(shell uname -m))
ARCH := $(HOST_ARCH)
# An empty one is this machine's, too: docker's legacy builder has no TARGETARCH.
override ARCH := $(or $(ARCH),$(HOST_ARCH))
BUILD := build$(if $(filter-out $(HOST_ARCH),$(ARCH)),/$(ARCH))
CROSS := $(if $(filter-out $(HOST_ARCH),$(ARCH)),$(MACHINE_$(ARCH))-linux-gnu-)
# Archives for link-time optimisation need gcc's own tools for their index.
export AR := $(CROSS)gcc-ar
export RANLIB := $(CROSS)gcc-ranlib
export NM := $(CROSS)gcc-nm
# The commit and its time in seconds since 1970, which `git archive` writes into src/revision. A build of a
# work tree names no commit, because the tree may differ from it.
revision := $(if $(findstring $$,$(file <src/revision)),,$(file <src/revision))
REVISION := $(word 1,$(revision))
ifneq ($(revision),)
export SOURCE_DATE_EPOCH ?= $(word 2,$(revision))
endif
# V=1 shows the commands.
Q := $(if $(V),,@)

# Files are made on all cores, without a -j. Other targets are not: `make clean all` has an order.
ifeq ($(filter-out all libraries build/%,$(or $(MAKECMDGOALS),all))$(findstring -j,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

# Every source in src/, without its ending. In the minimal build src/tls/tls_none.c takes the place of
# the other files of src/tls/, and src/base/resolve_numeric.c that of src/base/resolve.c.
MODULES := $(patsubst src/%.c,%,$(sort $(wildcard src/*.c src/*/*.c)))
TLS_MODULES := $(filter-out tls/tls_none,$(filter tls/%,$(MODULES)))
PLAIN_MODULES := $(filter-out tls/% base/resolve base/resolve_numeric,$(MODULES))

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2 -Wundef
COMMON := -std=c11 -D_GNU_SOURCE -DHELLO_VERSION='"$(VERSION)"' -Isrc -MMD -MP

HARDENING := -fPIE -fstack-protector-strong
SMALL := -fno-asynchronous-unwind-tables -fno-unwind-tables

# A flavour is a directory: what it compiles with, what it consists of, and for whom its
# libraries are built. Every library that a flavour links is in NAME_LIBRARIES, in the linker's order.
TLS_LIBRARIES := libmicrohttpd.a libmbedtls.a libmbedx509.a libmbedcrypto.a libs2n-bignum.a

release_MODULES := $(PLAIN_MODULES) base/resolve $(TLS_MODULES)
release_LIBRARIES := $(TLS_LIBRARIES)
# Compiled with musl from deps/, for size, as static PIEs; each flag's price is in docs/performance.md.
# On arm64 tiny means: all addresses within 1 MiB, one instruction away; the linker checks that. A frame
# pointer, which gcc omits on amd64, serves nobody in a binary without symbols.
arm64_CFLAGS := -mcmodel=tiny -fomit-frame-pointer
# No path of the machine that compiles is in a binary.
static_CFLAGS := -Os -flto=auto -ffile-prefix-map=$(CURDIR)=. -ffunction-sections -fdata-sections $(HARDENING) $(SMALL) $($(ARCH)_CFLAGS)
musl_CC := $(CROSS)gcc
musl_CFLAGS := $(filter-out -flto%,$(static_CFLAGS))
release_CC = $(musl_CC) -specs=$(CURDIR)/$(musl_SPECS)
release_CFLAGS := $(static_CFLAGS)
release_LDFLAGS := -Wl,--gc-sections -Wl,-T,deps/static-pie.ld -Wl,-z,now,-z,noexecstack -Wl,--build-id=none -s
# The file's layout, and the program that completes it, which runs on this machine.
PACK := build/tools/pack-relocations
release_LAYOUT := deps/static-pie.ld $(PACK)
# For hello:scratch-minimal: HTTP only, no names but localhost, no tools. What nothing calls is not linked.
minimal_MODULES := $(PLAIN_MODULES) base/resolve_numeric tls/tls_none
minimal_LIBRARIES := libmicrohttpd.a
minimal_CC = $(release_CC)
minimal_CFLAGS := $(release_CFLAGS) -DHELLO_MINIMAL
minimal_LDFLAGS := $(release_LDFLAGS)
minimal_LAYOUT := $(release_LAYOUT)
asan_MODULES := $(release_MODULES)
asan_LIBRARIES := $(TLS_LIBRARIES)
asan_CC := $(CROSS)gcc
asan_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
asan_LDFLAGS := -fsanitize=address,undefined
# Races between threads.
tsan_MODULES := $(release_MODULES)
tsan_LIBRARIES := $(TLS_LIBRARIES)
tsan_CC := $(CROSS)gcc
tsan_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
tsan_LDFLAGS := -fsanitize=thread
# For valgrind, which intercepts glibc's malloc but not a static musl's.
valgrind_MODULES := $(release_MODULES)
valgrind_LIBRARIES := $(TLS_LIBRARIES)
valgrind_CC := $(CROSS)gcc
valgrind_CFLAGS := -O1 -g -fno-omit-frame-pointer
# Parts of the service for libFuzzer, the libraries with the same sanitizers.
fuzz_MODULES := $(release_MODULES)
fuzz_LIBRARIES := $(TLS_LIBRARIES)
fuzz_CC := clang
fuzz_CFLAGS := -O2 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
# The harness for HTTP runs the event loop itself.
fuzz_libmicrohttpd_FLAGS := -DMHD_EXTERNAL_LOOP

all: $(BUILD)/release/hello $(BUILD)/minimal/hello ## the static binaries: build/release/hello, and build/minimal/hello without TLS

# What Dockerfile.alpine and Dockerfile.scratch copy: a folder for each platform, and beside it this
# machine's for docker's legacy builder, which does not know the platform's name.
all: build/bin/$(ARCH)/hello build/bin/$(ARCH)/hello-minimal
build/bin/$(ARCH)/hello: $(BUILD)/release/hello
build/bin/$(ARCH)/hello-minimal: $(BUILD)/minimal/hello
build/bin/$(ARCH)/hello build/bin/$(ARCH)/hello-minimal: | build/bin/$(ARCH)/
	$(Q)ln -f $< $@
	$(Q)$(if $(filter build,$(BUILD)),ln -f $< build/bin/$(@F))

# ---- third-party sources and libraries -------------------------------------------------

# One recipe a library, deps/NAME.mk: its version, its C files and its flags. No configure runs.
# Sources are unpacked once, for all flavours; an object depends on that and on its recipe. The
# folder of the patches is a prerequisite: its time changes when a patch is added or removed.
show = $(info $()  $(1)  $(2))
# x86_64 or aarch64: what the compilers compile for.
machine := $(MACHINE_$(ARCH))

fetch: ## fetch the pinned sources into deps/cache; the only step that needs the network for them
	deps/fetch
build/deps/fetched: deps/deps.lock deps/fetch
	$(Q)deps/fetch
	$(Q)mkdir -p $(@D) && touch $@

# $(1) the name in deps.lock
define source
$(1)_DIR := build/deps/src/$(1)
include deps/$(1).mk
build/deps/src/$(1)/unpacked: build/deps/fetched deps/unpack deps/$(1).mk $(wildcard deps/patches/$(1) deps/patches/$(1)/*.patch)
	$$(call show,GET,$$(@D))
	$(Q)deps/unpack $(1) $$($(1)_VERSION) $$(@D) $$($(1)_PATHS:%=$$($(1)_ROOT)/%)
	$(Q)touch $$@
endef
# $(1) flavour, $(2) archive, $(3) objects. Who has a flavour's archives can link: a libc of ours
# is there, too.
define archive
$(BUILD)/$(1)/deps/lib/$(2): $(3) $($(1)_LIBC) | $(BUILD)/$(1)/deps/lib/
	$$(call show,AR,$$@)
	$(Q)rm -f $$@
	$(Q)$(AR) rcsD $$@ $(3)
endef

# Headers of the libraries, for all flavours. mbedTLS is configured here.
dependency_headers := build/deps/include/complete
$(eval $(call source,musl))
$(eval $(call source,libmicrohttpd))
$(eval $(call source,mbedtls))
$(eval $(call source,rust-aws-lc-sys))

$(dependency_headers): $(libmicrohttpd_DIR)/unpacked $(mbedtls_DIR)/unpacked deps/mbedtls-config.h
	$(Q)rm -rf $(@D)
	$(Q)mkdir -p $(@D)
	$(Q)cp -R $(libmicrohttpd_DIR)/src/include/microhttpd.h $(mbedtls_DIR)/include/mbedtls $(mbedtls_DIR)/include/psa $(@D)
	$(Q)cp deps/mbedtls-config.h $(@D)/mbedtls/mbedtls_config.h
	$(Q)touch $@

release_LIBC := $(musl_LIBC)
release_LIBC_HEADERS := $(musl_SPECS)
minimal_LIBC := $(musl_LIBC)
minimal_LIBC_HEADERS := $(musl_SPECS)

TLS_FLAVOURS := release asan tsan valgrind fuzz
$(foreach flavour,$(TLS_FLAVOURS) minimal,$(eval $(call libmicrohttpd,$(flavour))))
$(foreach flavour,$(TLS_FLAVOURS),$(eval $(call mbedtls,$(flavour))))
$(foreach flavour,$(TLS_FLAVOURS),$(eval $(call s2n-bignum,$(flavour))))

# What -include reads, compilers write. Without this rule make 3.81, which macOS has, would match the next one,
# because it ignores the slash.
%.d: ;
# A target that ends with a slash is a directory.
build/%/:
	$(Q)mkdir -p $@

# Of a flavour's libraries, with their directory.
libraries_of = $($(1)_LIBRARIES:%=$(BUILD)/$(1)/deps/lib/%)
objects_of = $($(1)_MODULES:%=$(BUILD)/$(1)/src/%.o)

libraries: $(call libraries_of,release) $(call libraries_of,minimal) ## build the libraries that the release links

# ---- the service -----------------------------------------------------------------------

$(PACK): deps/pack-relocations.c | build/tools/
	$(call show,CC,$@)
	$(Q)gcc -std=c11 -O1 $(WARNINGS) -o $@ $<

# What `hello version` reports beside the libraries; the compiler tells its version itself.
VERSION_FLAGS = -DHELLO_REVISION='"$(REVISION)"' -DHELLO_BINUTILS='"$(lastword $(shell $(CROSS)ld -v))"'

# The user's CFLAGS and LDFLAGS come last.
define flavour
$(BUILD)/$(1)/src/%.o: src/%.c $(dependency_headers) $($(1)_LIBC_HEADERS) Makefile
	$$(call show,CC,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$$($(1)_CC) $(COMMON) $(WARNINGS) $$($(1)_CFLAGS) $$(version_FLAGS) -isystem build/deps/include -isystem src/tls $$(CFLAGS) -c -o $$@ $$<
$(BUILD)/$(1)/src/server/version.o: version_FLAGS = $$(VERSION_FLAGS)
$(BUILD)/$(1)/src/server/version.o: src/revision
$(BUILD)/$(1)/hello: $(call objects_of,$(1)) $(call libraries_of,$(1)) $($(1)_LAYOUT)
	$$(call show,LD,$$@)
	$(Q)$$($(1)_CC) $$($(1)_CFLAGS) $$($(1)_LDFLAGS) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) -pthread
	$(if $($(1)_LAYOUT),$(Q)$(PACK) $$@)
# The same before its symbols are stripped, for ci/size/run.
$(BUILD)/$(1)/hello.symbols: $(BUILD)/$(1)/hello
	$(Q)$$($(1)_CC) $$($(1)_CFLAGS) $$(filter-out -s,$$($(1)_LDFLAGS)) $$(CFLAGS) $$(LDFLAGS) -o $$@ $(call objects_of,$(1)) $(call libraries_of,$(1)) -pthread
-include $(patsubst %.o,%.d,$(call objects_of,$(1)))
endef
$(eval $(call flavour,release))
$(eval $(call flavour,minimal))
$(eval $(call flavour,asan))
$(eval $(call flavour,tsan))
$(eval $(call flavour,valgrind))
$(eval $(call flavour,fuzz))

# ---- tests -----------------------------------------------------------------------------

UNIT := $(basename $(notdir $(wildcard tests/unit/*.c)))
# Calls that a unit test may let fail, or count.
unit_WRAPS := malloc calloc close pthread_mutex_init pthread_mutex_destroy time mbedtls_ecp_mul_verified \
	mbedtls_mpi_montmul_verified mbedtls_mpi_modinv_verified
# In an emulated processor the sanitizers take minutes.
unit_FLAVOUR := $(if $(CROSS),valgrind,asan)
UNIT_DIR := $(BUILD)/$(unit_FLAVOUR)/unit
# Check comes from the distribution: for arm64 elsewhere, with the packages of the virtual machine.
ARM64_ROOT := build/arm64/debian/root
unit_CHECK := $(if $(CROSS),-isystem $(ARM64_ROOT)/usr/include -L$(ARM64_ROOT)/usr/lib/aarch64-linux-gnu)

build/arm64/debian/vmlinuz: tests/arm64/root
	$(call show,GET,$@)
	$(Q)tests/arm64/root $(@D)

$(UNIT_DIR)/%.o: tests/unit/%.c $(dependency_headers) Makefile | $(UNIT_DIR) $(if $(CROSS),build/arm64/debian/vmlinuz)
	$(call show,CC,$@)
	$(Q)$($(unit_FLAVOUR)_CC) $(COMMON) -Wall -Wextra -Wno-missing-field-initializers $($(unit_FLAVOUR)_CFLAGS) $(unit_CHECK) -isystem build/deps/include -isystem src/tls $(CFLAGS) -c -o $@ $<
$(UNIT_DIR)/runner: $(UNIT:%=$(UNIT_DIR)/%.o) $(filter-out %/main.o,$(call objects_of,$(unit_FLAVOUR))) \
		$(call libraries_of,$(unit_FLAVOUR))
	$(call show,LD,$@)
	$(Q)$($(unit_FLAVOUR)_CC) $($(unit_FLAVOUR)_CFLAGS) $($(unit_FLAVOUR)_LDFLAGS) $(unit_CHECK) $(unit_WRAPS:%=-Wl,--wrap=%) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcheck -lsubunit -pthread -lm -lrt
$(UNIT_DIR):
	$(Q)mkdir -p $@
-include $(UNIT:%=$(UNIT_DIR)/%.d)

# Programs for the tests of the sandbox, and the sandbox as it is released.
SANDBOX_PROGRAMS := $(patsubst tests/sandbox/%.c,$(BUILD)/release/sandbox/%,$(wildcard tests/sandbox/*.c))

$(BUILD)/release/sandbox/%: tests/sandbox/%.c $(patsubst %,$(BUILD)/release/src/%.o,sandbox/sandbox sandbox/seccomp sandbox/landlock base/error base/strbuf) $(musl_LIBC) Makefile
	$(call show,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(release_CC) $(COMMON) -MT $@ -MF $@.d $(WARNINGS) $(release_CFLAGS) $(release_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o,$^)
-include $(SANDBOX_PROGRAMS:%=%.d)

# What the groups of tests run; tests/run runs groups side by side and sums them up (docs/testing.md).
# The valgrind build is for tests/http/test_costs.py, which counts calls.
HTTP_PROGRAMS := $(BUILD)/release/hello $(BUILD)/minimal/hello $(BUILD)/asan/hello $(BUILD)/valgrind/hello $(SANDBOX_PROGRAMS)
RUN_TESTS = RACE_TESTS='$(RACE_TESTS)' MEMORY_TESTS='$(MEMORY_TESTS)' FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run

unit: $(BUILD)/asan/unit/runner ## unit tests, under AddressSanitizer and UBSan
	$(RUN_TESTS) unit

http: $(HTTP_PROGRAMS) ## black-box HTTP tests of the release and the sanitizer build
	$(RUN_TESTS) http

tls: $(HTTP_PROGRAMS) ## the same over TLS, and what is TLS's own
	$(RUN_TESTS) tls

http-score: build/release/hello ## run the RFC cases against hello, nginx and net/http; writes parts of docs/http.md and docs/http-cases.md
	ci/setup build test
	/usr/bin/python3 tests/http/rfc_score.py

# Races, and memory that AddressSanitizer in its own build does not see: a part of the black-box
# tests that covers each path through the service. Requests served and refused, both listeners,
# start, stop and drain, counters under load; deadlines and limits where time is not stretched
# tenfold. RACE_TESTS=tests runs them all.
RACE_TESTS := tests/http/test_routes.py tests/http/test_refusals.py tests/http/test_metrics.py \
	tests/http/test_limits.py tests/http/test_lifecycle.py tests/tls/test_http_over_tls.py \
	tests/tls/test_reload.py tests/tls/test_resumption.py tests/tls/test_drain.py
MEMORY_TESTS := tests/http/test_routes.py tests/http/test_metrics.py tests/http/test_lifecycle.py \
	$(addprefix tests/tls/test_mutual.py::test_,with_a_good_one with_a_bad_one \
		with_one_of_an_unknown_algorithm another_authority_by_reload) \
	$(addprefix tests/tls/test_resumption.py::test_,a_ticket_resumes altered_tickets a_ticket_without_its_secret) \
	$(addprefix tests/tls/test_reload.py::test_,new_connections_get_the_new_pair a_bad_pair_leaves_the_old_one)

tsan: build/tsan/hello ## black-box tests under ThreadSanitizer
	$(RUN_TESTS) tsan

valgrind: build/valgrind/hello ## black-box tests under valgrind
	$(RUN_TESTS) valgrind

image-tests: ## build the four images and test them
	ci/setup images
	ci/engine run ci/images
	$(RUN_TESTS) image

test-engines: ## the README's commands on Docker 20.10 to 28 and podman 4 and 5 (root; hours); ENGINES=name,...
	ci/setup engines
	ENGINES=$(or $(ENGINES),all) /usr/bin/python3 -m pytest -c tests/pytest.ini tests/engines -v

# What the tests on arm64 run. Another machine compiles it, and an emulated one runs it. The tests
# are skipped where a tool is missing, and fail where only these programs are.
ARM64_PROGRAMS := $(addprefix build/arm64/,release/hello minimal/hello valgrind/unit/runner $(patsubst tests/sandbox/%.c,release/sandbox/%,$(wildcard tests/sandbox/*.c)))

arm64-programs: | $(dependency_headers)
	$(MAKE) --no-print-directory ARCH=arm64 $(ARM64_PROGRAMS)

test-arm64: ## boot Debian's arm64 kernel in qemu, and run the tests that depend on processor and kernel
	ci/setup build check
	-ci/setup arm64
	$(MAKE) --no-print-directory -j $(shell nproc) build/release/hello build/minimal/hello
	-$(MAKE) --no-print-directory -j $(shell nproc) arm64-programs
	$(RUN_TESTS) arm64

test-arm64-full: ## the black-box tests of the release for arm64 under qemu-aarch64
	ci/setup build check arm64-full
	$(MAKE) --no-print-directory -j $(shell nproc) build/release/hello arm64-programs
	@status=0; run="/usr/bin/python3 -m pytest -c tests/pytest.ini -q -k arm64"; export FLAVOURS=arm64/release; \
		$$run -n $(shell nproc) --dist loadgroup -m "not serial" tests/http || status=1; \
		$$run -n $(shell nproc) --dist loadgroup tests/tls || status=1; \
		$$run -m serial tests/http || status=1; exit $$status

lessons: ## run every command of the course in lessons/ and compare what it prints
	ci/setup build lessons
	$(MAKE) --no-print-directory -j $(shell nproc) all
	$(RUN_TESTS) lessons

k8s-test: build/release/hello ## run k8s/ on a real Kubernetes of two nodes (root; builds Kubernetes first, once: half an hour of CPU time)
	ci/setup build images k8s cluster
	ci/engine run ci/images
	ci/engine run docker build -q -t howdy:19-client --build-arg ALPINE=$$(jq -r .alpine.image build/images/bases.json) lessons/19-kubernetes
	IMAGES="hello:builder hello:alpine hello:scratch howdy:19-client" \
		ci/engine run tests/cluster/run /usr/bin/python3 -m pytest -c tests/pytest.ini tests/cluster -v

# ---- fuzzing ---------------------------------------------------------------------------

# A harness is tests/fuzz/NAME.c, and all that it needs is in src/ or tests/fuzz/support/.
HARNESSES := $(basename $(notdir $(wildcard tests/fuzz/*.c)))
FUZZ_SUPPORT := $(patsubst tests/fuzz/%.c,build/fuzz/harness/%.o,$(wildcard tests/fuzz/support/*.c))
# Calls that a harness may implement itself, as fuzz_NAME_WRAPS.
fuzz_http_WRAPS := write
fuzz_log_WRAPS := write
fuzz_options_WRAPS := write
fuzz_client_WRAPS := write socket connect
fuzz_tls_WRAPS := getrandom
# How long each harness runs, and how many run at a time.
FUZZ_SECONDS := 600
FUZZ_JOBS = $(shell nproc)

build/fuzz/harness/%.o: tests/fuzz/%.c $(dependency_headers) Makefile | build/fuzz/harness/support
	$(call show,CC,$@)
	$(Q)$(fuzz_CC) $(COMMON) -Wall -Wextra -Wno-unused-function -Itests/fuzz/support $(fuzz_CFLAGS) -isystem build/deps/include -isystem src/tls $(CFLAGS) -c -o $@ $<
# An archive: a harness that takes a module's source in, to reach into it, replaces its object.
build/fuzz/libhello.a: $(filter-out %/main.o,$(call objects_of,fuzz)) $(FUZZ_SUPPORT)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^
$(HARNESSES:%=build/fuzz/%): build/fuzz/%: build/fuzz/harness/%.o build/fuzz/libhello.a $(call libraries_of,fuzz)
	$(call show,LD,$@)
	$(Q)$(fuzz_CC) $(fuzz_CFLAGS) -fsanitize=fuzzer $(fuzz_$*_WRAPS:%=-Wl,--wrap=%) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -pthread
build/fuzz/harness/support:
	$(Q)mkdir -p $@
-include $(HARNESSES:%=build/fuzz/harness/%.d) $(FUZZ_SUPPORT:.o=.d)

fuzzers: $(HARNESSES:%=build/fuzz/%)

fuzz: ## run every fuzz harness, FUZZ_SECONDS each
	ci/setup build fuzz
	$(MAKE) --no-print-directory fuzzers
	tests/fuzz/run -s $(FUZZ_SECONDS) -j $(FUZZ_JOBS) $(HARNESSES)

fuzz-corpus: fuzzers ## merge new inputs of `make fuzz` into tests/fuzz/corpus
	tests/fuzz/run -m $(HARNESSES)

check: ## minutes: unit tests, and the black-box tests of HTTP and TLS; needs no container engine
	ci/setup build check
	$(MAKE) --no-print-directory -j $(shell nproc) $(BUILD)/asan/unit/runner $(HTTP_PROGRAMS)
	$(RUN_TESTS) unit http tls

# All that the tests run, made at once. What can't be built counts as a failed test and stops no other.
TEST_PROGRAMS := $(BUILD)/asan/unit/runner $(HTTP_PROGRAMS) build/tsan/hello fuzzers

test: FUZZ_SECONDS := 30
test: setup ## everything that must hold; brings what it needs
	@built=0; $(MAKE) --no-print-directory -k -j $(shell nproc) $(TEST_PROGRAMS) || built=$$?; \
		$(if $(filter arm64,$(HOST_ARCH)),,$(MAKE) --no-print-directory -k -j $(shell nproc) arm64-programs || :;) \
		BUILD_STATUS=$$built $(RUN_TESTS) all

# ---- images and the comparison ---------------------------------------------------------

images: ## build the images hello:naive, :builder, :alpine, :distroless, :scratch and :scratch-minimal
	ci/with-tools images ci/images

compare: ## build, run and measure the images side by side, in minutes; FULL=1 everything; RUNS=n samples
	ci/with-tools compare compare/run

bench: build/release/hello ## compare hello with a bare loop, nginx, lighttpd and net/http; ROUNDS=n, QUICK=1
	ci/setup bench
	bench/run

size: $(BUILD)/release/hello.symbols $(BUILD)/minimal/hello.symbols ## print the binaries' bytes by library and object, and the change since the last release; ARCH=arm64
	ci/setup size
	BUILD=$(BUILD) TOOLS=$(CROSS) ci/size/run

# ---- the rest --------------------------------------------------------------------------

setup: ## install what building, testing and comparing need (Debian, root), or print what is missing
	ci/setup build test compare bench
	$(if $(filter arm64,$(HOST_ARCH)),,-@$(MAKE) --no-print-directory build/arm64/debian/vmlinuz)

readme: build/release/hello ## write the generated parts of README.md and docs/usage.md
	ci/readme

release: ## build, list, sign and verify a release: build/release-VERSION; COSIGN_KEY=FILE (docs/supply-chain.md)
	ci/setup release
	release/build

# RELEASE is the release's directory, KEY the public key, REPOSITORY where images go.
RELEASE := build/release-$(VERSION)
KEY := cosign.pub

release-verify: ## verify a release: RELEASE=DIRECTORY KEY=PUBLIC-KEY [REPOSITORY=REGISTRY/NAME]
	ci/setup release
	release/verify '$(RELEASE)' '$(KEY)' $(REPOSITORY)

release-push: ## push a release's images and attestations: RELEASE=DIRECTORY KEY=PUBLIC-KEY REPOSITORY=REGISTRY/NAME
	ci/setup release
	release/push '$(RELEASE)' '$(KEY)' '$(REPOSITORY)'

release-pull: ## bring a release from a registry: RELEASE=DIRECTORY REPOSITORY=REGISTRY/NAME
	ci/setup release
	release/pull '$(REPOSITORY)' '$(VERSION)' '$(RELEASE)'

release-keyless:
	ci/setup release
	release/keyless '$(RELEASE)' '$(REPOSITORY)'

lint: ## formatting and static analysis; installs what it needs
	ci/setup build lint
	ci/lint

run: build/release/hello ## serve on port 1234
	build/release/hello

clean: ## remove build/ (fetched sources stay in deps/cache)
	rm -rf build

help: ## print this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: all check fuzz fuzzers fuzz-corpus tsan valgrind fetch libraries unit http tls http-score image-tests lessons arm64-programs test-arm64 test-arm64-full test-engines k8s-test test images compare bench size release release-verify release-push release-pull release-keyless setup readme lint run clean help
