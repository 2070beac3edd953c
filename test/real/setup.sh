#!/usr/bin/env bash
# Installs the real servers and clients that the suites in this folder talk to; a second run takes seconds.
# Debian's packages need root and apt; the pinned Go programs need a Go toolchain and are kept in a cache outside the repository.
set -euo pipefail

cache="${REGISTRY_AUTH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/registry-auth}"
PATH="$PATH:/usr/sbin:/sbin"
incomplete=0
fresh=0

report() { printf '%-16s %s\n' "$1" "$2"; }

apt_install() {
  if ((!fresh)); then
    apt-get update -qq || { echo "setup: apt-get update failed; is the package mirror reachable?" >&2; exit 1; }
    fresh=1
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >&2 ||
    { echo "setup: apt-get could not install $1" >&2; exit 1; }
}

# debian PROGRAM PACKAGE
debian() {
  local state="present"
  if ! command -v "$1" >/dev/null; then
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
      report "$1" "MISSING: install Debian's package $2, or run this as root on a Debian system"
      incomplete=1
      return
    fi
    apt_install "$2"
    state="installed from Debian's $2"
  fi
  report "$1" "$state, $(command -v "$1")"
}

# pinned PROGRAM MODULE PACKAGE VERSION: go itself can tell which version of a module a binary was built from
pinned() {
  local binary="$cache/bin/$1" state="present"
  if ! command -v go >/dev/null; then
    report "$1" "left out: no Go toolchain"
    return
  fi
  if ! go version -m "$binary" 2>/dev/null | grep -qP "^\tmod\t\Q$2\E\t\Q$4\E\t"; then
    echo "setup: building $1 $4; this takes minutes the first time" >&2
    GOBIN="$cache/bin" go install "$3@$4" || { echo "setup: go could not build $3@$4" >&2; exit 1; }
    state="built"
  fi
  report "$1" "$state, $4, $binary"
}

debian openssl openssl
debian skopeo skopeo
debian docker-registry docker-registry
debian dockerd docker.io
debian docker docker.io

mkdir -p "$cache/bin"
distribution=github.com/distribution/distribution/v3
containerregistry=github.com/google/go-containerregistry
regclient=github.com/regclient/regclient
pinned registry "$distribution" "$distribution/cmd/registry" v3.1.1
pinned crane "$containerregistry" "$containerregistry/cmd/crane" v0.22.1
pinned oras oras.land/oras oras.land/oras/cmd/oras v1.3.6
pinned regctl "$regclient" "$regclient/cmd/regctl" v0.11.7

exit "$incomplete"
