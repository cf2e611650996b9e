// Three images, from one file and one compilation: docker buildx bake

variable "DEBIAN" {
  default = "debian:trixie-slim"
}
variable "ALPINE" {
  default = "alpine:3.22"
}
variable "WHEN" {
  default = ""
}

group "default" {
  targets = ["debian", "alpine", "scratch"]
}

target "_common" {
  args = {
    DEBIAN = DEBIAN
    ALPINE = ALPINE
    WHEN   = WHEN
  }
}

target "debian" {
  inherits = ["_common"]
  target   = "debian"
  tags     = ["howdy:16-debian"]
}

target "alpine" {
  inherits = ["_common"]
  target   = "alpine"
  tags     = ["howdy:16-alpine"]
}

target "scratch" {
  inherits = ["_common"]
  target   = "scratch"
  tags     = ["howdy:16-scratch"]
}
