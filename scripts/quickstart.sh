#!/usr/bin/env bash
# From a fresh Debian machine to a kernel that is stored, and booted by tests. See --help.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END'
usage: scripts/quickstart.sh

Builds and installs the ktstr artifacts, fetches the distribution's current kernel for virtual machines and (on Debian)
its debug package through apt, stores the kernel, lists and verifies the store, and runs an example project whose tests
boot the kernel in QEMU, each on disks of its own. What is missing for that (QEMU, busybox, mkfs) is installed through apt,
by sudo where this is not root. A second run finds everything in place, and runs the example.

Needs a JDK 17 or newer and Maven 3.6.3 or newer, on Debian or Ubuntu, and about 1.5 GB of disk space.

  KTSTR_CACHE_DIR   the store (else $XDG_CACHE_HOME/ktstr/kernels, else ~/.cache/ktstr/kernels)
  XDG_CACHE_HOME    downloads go to ktstr/debian-kernels there (else in ~/.cache)
END
}

case ${1-} in
  '') ;;
  -h | --help)
    usage
    exit
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

# Goals run in a directory of their own, which goes at the end: what is relative is meant from here.
[[ -n ${HOME-} ]] || die 'HOME is unset: Maven and ktstr keep their files there'
for variable in KTSTR_CACHE_DIR XDG_CACHE_HOME; do
  [[ -z ${!variable-} || ${!variable} == /* ]] || export "$variable=$PWD/${!variable}"
done

VERSION=$(sed -n '/<artifactId>ktstr-parent</{n;s/.*<version>\(.*\)<.*/\1/p}' "$ROOT/pom.xml")
PLUGIN=dev.ktstr:ktstr-maven-plugin:$VERSION
STATE=$ROOT/target/quickstart
EMPTY=$(mktemp -d) # goals run here: they need no POM
trap 'rm -rf "$EMPTY"' EXIT
mkdir -p "$STATE"

check_tools() {
  local advice='install both, as root: apt-get install default-jdk-headless maven'
  local report java home
  has_apt || die "this system has no apt. Store a kernel of your own instead: README.md, \"The goals\""
  command -v java >/dev/null || die "java is missing; $advice"
  command -v mvn >/dev/null || die "mvn is missing; $advice"
  report=$(cd "$EMPTY" && mvn -B -version 2>&1 | without_colours) || die "mvn -version fails: $report"
  java=$(sed -n 's/^Java version: \([0-9]*\).*/\1/p' <<<"$report")
  home=$(sed -n 's/.*\(Java home\|runtime\): //p' <<<"$report")
  ((java >= 17)) || die "Maven runs on Java $java ($home), and ktstr needs 17 or newer; $advice, or set JAVA_HOME"
  [[ -x $home/bin/javac ]] || die "$home is a JRE, without a compiler; $advice, or set JAVA_HOME"
  if ((java >= 24)); then # which otherwise warns about every library that calls C
    export MAVEN_OPTS="${MAVEN_OPTS-} --enable-native-access=ALL-UNNAMED"
  fi
}

without_colours() {
  sed 's/\x1b\[[0-9;]*m//g'
}

# Everything that the artifacts are made from.
sources_sum() (
  cd "$ROOT"
  find pom.xml .mvn {ktstr-core,ktstr-junit,ktstr-maven-plugin}/{pom.xml,src/main} \
    -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
)

# The record of the last installation is the sum of its sources, then the sums and paths of the installed files.
is_installed() { # SUM
  [[ -f $STATE/installed && $(head -n 1 "$STATE/installed") == "$1" ]] &&
    tail -n +2 "$STATE/installed" | sha256sum --check --status 2>/dev/null
}

install_artifacts() {
  local sum
  sum=$(sources_sum)
  if is_installed "$sum"; then
    say "installed already: $PLUGIN"
    return
  fi
  say "building and installing $PLUGIN (the first time Maven downloads its own plugins)"
  rm -f "$STATE/installed"
  # Not the phase install: under Maven 3.8 later releases of that plugin do not record the prefix (mvn ktstr:...).
  (cd "$ROOT" && mvn -B -ntp -DskipTests '-P!lint' -pl ktstr-core,ktstr-junit,ktstr-maven-plugin -am \
    package org.apache.maven.plugins:maven-install-plugin:2.5.2:install) >"$STATE/install.log" 2>&1 || {
    tail -n 40 "$STATE/install.log" >&2
    die "the build failed; all of its output is in $STATE/install.log"
  }
  {
    printf '%s\n' "$sum"
    without_colours <"$STATE/install.log" | sed -n 's/^\[INFO\] Installing .* to \(.*\)/\1/p' |
      grep -v 'maven-metadata' | xargs -d '\n' sha256sum
  } >"$STATE/installed.new"
  mv "$STATE/installed.new" "$STATE/installed"
}

# Runs a goal, showing the command and what the goal itself says.
goal() { # NAME ARGUMENT...
  local name=$1 log=$STATE/$1.log
  shift
  printf '\n$ mvn %s:%s' "$PLUGIN" "$name"
  ((!$#)) || printf ' \\\n    %s' "$@"
  printf '\n'
  (cd "$EMPTY" && mvn -B -ntp "$PLUGIN:$name" "$@") 2>&1 | without_colours >"$log" || {
    cat "$log" >&2
    exit 1
  }
  sed -n '/^\[INFO\] --- /,/^\[INFO\] -----/{/^\[INFO\] --/d;s/^\[INFO\] //;p}' "$log"
}

store_kernel() {
  goal kernel-store "-Dktstr.packages=$KERNEL_DEBS"
  if [[ $KERNEL_DEBS != *-dbg_* ]]; then
    say 'stored without vmlinux: this distribution has no debug package of its kernels in its archive (Ubuntu keeps them'
    say 'apart). Tests can boot this kernel, but nothing can look up its symbols and types.'
  fi
}

# What virtual machines need, and the disks of the example.
need_qemu() {
  local qemu=qemu-system-x86
  [[ $(dpkg --print-architecture) != arm64 ]] || qemu=qemu-system-arm
  need_packages 'to boot the kernel with disks' "$qemu" busybox-static btrfs-progs e2fsprogs util-linux
}

# Runs the tests of a copy of the example on one kernel, and shows what they were and how they went.
run_example() { # KEY
  local log=$STATE/example.log
  rm -rf "$STATE/example"
  mkdir "$STATE/example"
  cp -R "$ROOT"/it/src/it/example/{pom.xml,src} "$STATE/example"
  say "the example: its tests boot the kernel ($STATE/example)"
  printf '\n$ mvn verify -Dktstr.kernels=%s\n' "$1"
  (cd "$STATE/example" && mvn -B -ntp verify "-Dktstr.kernels=$1") 2>&1 | without_colours >"$log" || {
    tail -n 60 "$log" >&2
    die "the example failed; all of its output is in $log"
  }
  sed -n '/T E S T S/,/^\[INFO\] Results/{s/^\[INFO\] //;/T E S T S\|^-*$\|^Results/!p}' "$log"
}

stored_key() {
  sed -n 's/^\[INFO\] \(already stored:\|stored\|replaced\) \([^ ]*\).*/\2/p' "$STATE/kernel-store.log"
}

size_of() { # PATH
  du -sh "$1" | cut -f 1
}

summary() {
  local store entry
  store=$(sed -n 's/^\[INFO\] cache: //p' "$STATE/kernel-list.log")
  entry=$(sed -n 's/^\[INFO\]   image *\(.*\)\/[^/]* (.*/\1/p' "$STATE/kernel-store.log")
  cat <<END

Done. What is where:
  the store      $store ($(size_of "$store"))
  the kernel     $entry
  the plugin     $(sed -n 's/^[0-9a-f]*  \(.*ktstr-maven-plugin-[^/]*\.jar\)$/\1/p' "$STATE/installed")
  the example    $STATE/example (copied from it/src/it/example)
  downloads      $(kernel_downloads) ($(size_of "$(kernel_downloads)"); only for running this again)
Next: README.md says how to write such tests, and how to use the store from a POM and from Java.
END
}

main() {
  check_tools
  install_artifacts
  say 'asking apt for the current kernel'
  fetch_kernel "$(kernel_downloads)"
  say "the kernel: $KERNEL_PACKAGE"
  store_kernel
  goal kernel-list
  goal kernel-verify
  need_qemu
  run_example "$(stored_key)"
  summary
}

main
