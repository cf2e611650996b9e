# The builder pattern: compile in one stage, ship another.
#
# Question: what does an image cost that contains only the compiled program?
#
# Gained: the image is alpine plus one file, and still one `docker build` makes it from
#         the sources alone: no compiler is needed on the machine that builds.
# Lost:   the first build takes as long as the naive one; and each stage that is not in
#         the cache is built again, so continuous integration must keep the cache.
#
# Every release comes from its `build` stage: with this compiler and this musl, everybody
# gets the same bytes of /hello. Dockerfile.alpine and
# Dockerfile.scratch take them from here: `make images`.
#
# All stages but the last run on the platform that builds, and cross-compile for another: nothing
# is emulated. TARGETARCH is the image's processor; docker's legacy builder does not set it, and builds
# for its own.

# Global build arguments stand before the first FROM, or no FROM can use them.
ARG DEBIAN=debian:trixie-slim
ARG ALPINE=alpine:3.22
# The platform that builds: for every builder, "linux" alone means its own processor. BUILDPLATFORM would need a default
# for docker's legacy builder, which does not set it, and podman 5 refuses that.
ARG NATIVE=linux

# ---- toolchain: changes least often, so it comes first and stays cached
FROM --platform=$NATIVE ${DEBIAN} AS toolchain
# No recommended packages: they would add a third and compile nothing. The lists may stay,
# this stage ships nowhere. No curl: deps/fetch downloads with apt's own transport.
RUN apt-get update \
 && apt-get install -y --no-install-recommends bzip2 ca-certificates gcc libc6-dev make patch
WORKDIR /src

# ---- sources: fetched again only when a pin changes. What the context has in deps/cache is
# not downloaded; the pattern, because a COPY of a directory that is not there fails.
FROM toolchain AS sources
COPY deps/deps.lock deps/fetch deps/debian-sources deps/
COPY deps/deps.lock deps/cache*/* deps/cache/
RUN deps/fetch

# ---- libraries: rebuilt only when a pin or a recipe changes, not with each edit of src/
FROM sources AS libraries
# A compiler for the image's platform, where the toolchain's is none. The stages before serve all platforms.
ARG TARGETARCH
RUN case ${TARGETARCH:=$(dpkg --print-architecture)} in \
    "$(dpkg --print-architecture)") ;; \
    amd64) apt-get install -y --no-install-recommends gcc-x86-64-linux-gnu linux-libc-dev-amd64-cross ;; \
    arm64) apt-get install -y --no-install-recommends gcc-aarch64-linux-gnu linux-libc-dev-arm64-cross ;; \
    *) echo "hello is for amd64 and arm64, not for $TARGETARCH" >&2 && exit 1 ;; esac
COPY Makefile ./
COPY deps deps
COPY src/tls/gnutls src/tls/gnutls
# The Makefile's own list of what the release links.
RUN make -j"$(nproc)" ARCH="$TARGETARCH" libraries

# ---- build: the service itself
FROM libraries AS build
ARG TARGETARCH
COPY src src
# The last command proves the result: the binary runs, on nothing but the kernel. One for another
# platform runs in the tests, in a virtual machine.
RUN make -j"$(nproc)" ARCH="$TARGETARCH" all \
 && cp build/bin/*/hello build/bin/*/hello-minimal / \
 && { [ ! -e build/release/hello ] || /hello version; }

# ---- binary-minimal: the program without TLS under the name that Dockerfile.scratch copies
FROM scratch AS binary-minimal
COPY --from=build /hello-minimal /hello

# ---- the image: one file is copied from the stages above, nothing else
# No RUN: it only copies. Alpine carries the CA bundle in its base (ca-certificates-bundle), so
# the article's `apk add ca-certificates` is not needed any more.
FROM ${ALPINE}
COPY --from=build /hello /hello

# As in Dockerfile.naive: numeric, documented, exec form.
USER 99:99
EXPOSE 1234 1443
# The binary is its own health check; exec form again, so it needs no shell and no curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["/hello", "healthcheck"]
LABEL org.opencontainers.image.title="hello (builder)" \
      org.opencontainers.image.description="A small HTTP service, compiled in one stage and shipped on alpine" \
      org.opencontainers.image.licenses="MIT AND LGPL-2.1-or-later AND Apache-2.0 AND MIT-0"
ENTRYPOINT ["/hello"]
