// The images from a fresh clone with Docker alone: docker buildx bake; with naive: docker buildx bake all
//
// builder, alpine, distroless, scratch and scratch-minimal come from one compile stage, Dockerfile.builder's. Each
// is also a target of its own: docker buildx bake scratch. For both platforms, each an index of two images, in
// containerd's image store or with --push: docker buildx bake --set '*.platform=linux/amd64,linux/arm64'
//
// naive compiles in its own image, so for another platform it would have to run that platform's compiler in
// emulation. It is built for the builder's platform alone, and is not in the default group.

variable "DEBIAN" {
  default = "debian:trixie-slim"
}
variable "ALPINE" {
  default = "alpine:3.22"
}
variable "DISTROLESS" {
  default = "gcr.io/distroless/static-debian13:nonroot"
}

// For the images' labels. The version is the Makefile's; bake can't ask git, so the rest comes from the environment:
// REVISION=$(git rev-parse HEAD) SOURCE=https://... CREATED=$(git log -1 --format=%cI) docker buildx bake
variable "VERSION" {
  default = "0.1.0"
}
variable "REVISION" {
  default = ""
}
variable "SOURCE" {
  default = ""
}
variable "CREATED" {
  default = ""
}

group "default" {
  targets = ["builder", "alpine", "distroless", "scratch", "scratch-minimal"]
}
group "all" {
  targets = ["default", "naive"]
}

// What all have in common. Attestations would turn an image into an index, which older engines and
// registries do not take.
target "_common" {
  args = {
    DEBIAN = DEBIAN
    ALPINE = ALPINE
  }
  attest = ["type=provenance,disabled=true", "type=sbom,disabled=true"]
  labels = {
    "org.opencontainers.image.version"  = VERSION
    "org.opencontainers.image.revision" = REVISION != "" ? REVISION : null
    "org.opencontainers.image.source"   = SOURCE != "" ? SOURCE : null
    "org.opencontainers.image.created"  = CREATED != "" ? CREATED : null
  }
}

target "naive" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile.naive"
  args       = { ALPINE = null }
  labels     = { "org.opencontainers.image.base.name" = DEBIAN }
  tags       = ["hello:naive"]
}

target "builder" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile.builder"
  labels     = { "org.opencontainers.image.base.name" = ALPINE }
  tags       = ["hello:builder"]
}

// The stage that compiles. It replaces the stage `binary` of the Dockerfiles that copy a finished binary.
target "build" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile.builder"
  target     = "build"
  output     = ["type=cacheonly"]
}

target "binary-minimal" {
  inherits   = ["build"]
  target     = "binary-minimal"
}

target "alpine" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile.alpine"
  args       = { DEBIAN = null }
  contexts   = { binary = "target:build" }
  labels     = { "org.opencontainers.image.base.name" = ALPINE }
  tags       = ["hello:alpine"]
}

target "distroless" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile.distroless"
  args       = { DEBIAN = null, ALPINE = null, DISTROLESS = DISTROLESS }
  contexts   = { binary = "target:build" }
  labels     = { "org.opencontainers.image.base.name" = DISTROLESS }
  tags       = ["hello:distroless"]
}

target "scratch" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile.scratch"
  args       = { DEBIAN = null }
  contexts   = { binary = "target:build" }
  labels     = { "org.opencontainers.image.base.name" = ALPINE }
  tags       = ["hello:scratch"]
}

target "scratch-minimal" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile.scratch"
  target     = "minimal"
  args       = { DEBIAN = null, ALPINE = null }
  contexts   = { binary-minimal = "target:binary-minimal" }
  tags       = ["hello:scratch-minimal"]
}
