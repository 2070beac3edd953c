#!/usr/bin/env bash
# Installs the real servers and clients that the suites in this folder talk to; a second run takes seconds.
# Debian's packages need root and apt; the pinned Go programs need a Go toolchain and are kept in a cache outside the repository.
set -euo pipefail

cache="${REGISTRY_AUTH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/registry-auth}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
PATH="$PATH:/usr/sbin:/sbin"
# Debian keeps PostgreSQL's programs out of every PATH, one folder for each version.
postgres_folders() { printf ':%s' /usr/lib/postgresql/*/bin; }
incomplete=0
fresh=0

report() { printf '%-16s %s\n' "$1" "$2"; }

# Some of these packages would start their daemon; invoke-rc.d asks this file, and the suites start daemons of their own.
policy=/usr/sbin/policy-rc.d
own_policy=0
trap '((!own_policy)) || rm -f "$policy"' EXIT

apt_install() {
  if ((!fresh)); then
    apt-get update -qq || { echo "setup: apt-get update failed; is the package mirror reachable?" >&2; exit 1; }
    # An installation without a directory of its own: no questions, no password.
    echo "slapd slapd/no_configuration boolean true" | debconf-set-selections
    if [[ ! -e $policy ]]; then
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod +x "$policy"
      own_policy=1
    fi
    fresh=1
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >&2 ||
    { echo "setup: apt-get could not install $1" >&2; exit 1; }
}

# debian PROGRAM PACKAGE
debian() {
  local state="present"
  if ! PATH="$PATH$(postgres_folders)" command -v "$1" >/dev/null; then
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
      report "$1" "MISSING: install Debian's package $2, or run this as root on a Debian system"
      incomplete=1
      return
    fi
    apt_install "$2"
    state="installed from Debian's $2"
  fi
  report "$1" "$state, $(PATH="$PATH$(postgres_folders)" command -v "$1")"
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

# pinned_local PROGRAM FOLDER: a program of ours; its name in the cache ends in a checksum of what it is built from
pinned_local() {
  local binary="$cache/bin/$1" state="present" built
  if ! command -v go >/dev/null; then
    report "$1" "left out: no Go toolchain"
    return
  fi
  built="$binary-$(cat "$2"/{go.mod,go.sum,main.go} | sha256sum | cut -c1-16)"
  if [[ ! -x $built ]]; then
    echo "setup: building $1; this takes minutes the first time" >&2
    (cd "$2" && go build -o "$built" .) || { echo "setup: go could not build $1" >&2; exit 1; }
    state="built"
  fi
  ln -sfn "${built##*/}" "$binary"
  report "$1" "$state, $built"
}

# keycloak VERSION: from Maven Central, with a database in which the realm is imported already: 14 s fewer at each start
keycloak() {
  local home="$cache/keycloak-$1" state="present" heap="-Xmx128m" scratch database
  if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then
    report keycloak "left out: no Java or no Maven"
    return
  fi
  if [[ ! -d $home ]]; then
    echo "setup: fetching Keycloak $1; this takes a minute the first time" >&2
    scratch="$(mktemp -d "$cache/keycloak.XXXXXX")"
    (
      cd "$scratch" &&
        mvn -B -q --strict-checksums org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack \
          -Dartifact="org.keycloak:keycloak-quarkus-dist:$1:zip" -DoutputDirectory="$scratch" &&
        JAVA_OPTS_KC_HEAP=$heap "$scratch/keycloak-$1/bin/kc.sh" build --db=dev-file
    ) >&2 || { echo "setup: Maven could not fetch Keycloak, or Keycloak could not prepare itself" >&2; exit 1; }
    mv -T "$scratch/keycloak-$1" "$home"
    rm -rf "$scratch"
    state="fetched"
  fi
  ln -sfn "../${home##*/}/bin/kc.sh" "$cache/bin/kc.sh"
  database="$home/realms/$(sha256sum <"$here/keycloak/realm.json" | cut -c1-16).mv.db"
  if [[ ! -e $database ]]; then
    scratch="$(mktemp -d "$home/realm.XXXXXX")"
    JAVA_OPTS_KC_HEAP=$heap "$home/bin/kc.sh" import --optimized --file "$here/keycloak/realm.json" \
      --db-url="jdbc:h2:file:$scratch/keycloakdb;NON_KEYWORDS=VALUE" >&2 ||
      { echo "setup: Keycloak could not import its realm" >&2; exit 1; }
    mkdir -p "$home/realms"
    mv "$scratch/keycloakdb.mv.db" "$database"
    rm -rf "$scratch"
    state+=", realm imported"
  fi
  report keycloak "$state, $1, $home"
}

debian openssl openssl
debian skopeo skopeo
debian docker-registry docker-registry
debian dockerd docker.io
debian docker docker.io
debian slapd slapd
debian ldapmodify ldap-utils
debian redis-server redis-server
debian postgres postgresql
debian mariadbd mariadb-server
debian chromium chromium

mkdir -p "$cache/bin"
distribution=github.com/distribution/distribution/v3
containerregistry=github.com/google/go-containerregistry
regclient=github.com/regclient/regclient
pinned registry "$distribution" "$distribution/cmd/registry" v3.1.1
pinned crane "$containerregistry" "$containerregistry/cmd/crane" v0.22.1
pinned oras oras.land/oras oras.land/oras/cmd/oras v1.3.6
pinned regctl "$regclient" "$regclient/cmd/regctl" v0.11.7
pinned_local ferretdb-test "$here/ferretdb"
pinned_local docker-auth-contract "$here/docker-auth-contract"
keycloak 26.0.8
# For the test that builds it, which then needs no network.
if command -v go >/dev/null; then (cd "$here/goleveldb" && go mod download); fi

exit "$incomplete"
