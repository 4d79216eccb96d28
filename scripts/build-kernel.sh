#!/usr/bin/env bash
# From the distribution's kernel source to a kernel that is built, stored and booted by tests. See --help.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END_OF_USAGE'
usage: scripts/build-kernel.sh [DIRECTORY]

Tries kernel-build on a real kernel: unpacks the distribution's kernel source into DIRECTORY (target/build-kernel), commits it
to git, makes the smallest configuration there is (make tinyconfig), builds and stores it, runs the goal a second time,
which finds it stored, and boots it with test disks, by the tests of it/src/it/example. What is missing is installed through apt.

Takes about ten minutes on two processors, and 3 GB in DIRECTORY. Not part of scripts/test.sh.

  KTSTR_CACHE_DIR   the store (else DIRECTORY/cache)
END_OF_USAGE
}

case ${1-} in
  -h | --help)
    usage
    exit
    ;;
  -*)
    usage >&2
    exit 2
    ;;
esac
(($# <= 1)) || {
  usage >&2
  exit 2
}

STATE=$ROOT/target/build-kernel
[[ -z ${1-} ]] || STATE=$(realpath -m "$1")
mkdir -p "$STATE/empty"
export KTSTR_CACHE_DIR=${KTSTR_CACHE_DIR:-$STATE/cache}
[[ $KTSTR_CACHE_DIR == /* ]] || KTSTR_CACHE_DIR=$PWD/$KTSTR_CACHE_DIR
VERSION=$(sed -n '/<artifactId>ktstr-parent</{n;s/.*<version>\(.*\)<.*/\1/p}' "$ROOT/pom.xml")
PLUGIN=dev.ktstr:ktstr-maven-plugin:$VERSION
TREE=$STATE/linux

need_source() {
  local qemu='qemu-system-x86'
  [[ $(dpkg --print-architecture 2>/dev/null) != arm64 ]] || qemu='qemu-system-arm'
  need_packages 'to build a kernel' make gcc libc6-dev binutils flex bison bc perl cpio kmod dwarves libelf-dev zlib1g-dev \
    libssl-dev git xz-utils bzip2 util-linux maven
  need_packages 'to boot it with disks' "$qemu" busybox-static btrfs-progs e2fsprogs xfsprogs
  [[ -n $(newest_source) ]] || need_packages 'to have something to build' linux-source
  SOURCE=$(newest_source)
  [[ -n $SOURCE ]] || die 'linux-source has left no linux-source-*.tar.xz or .tar.bz2 in /usr/src'
}

# Debian has it there, Ubuntu in a directory (with a link to it beside that).
newest_source() {
  find /usr/src -maxdepth 2 \( -name 'linux-source-*.tar.xz' -o -name 'linux-source-*.tar.bz2' \) -type f | LC_ALL=C sort -V | tail -n 1
}

unpack_source() {
  if [[ -d $TREE/.git ]]; then
    say "unpacked already: $TREE"
    return
  fi
  say "unpacking $SOURCE, and committing it"
  rm -rf "$TREE" "$TREE.tmp"
  mkdir "$TREE.tmp"
  tar -x -C "$TREE.tmp" --strip-components=1 -f "$SOURCE"
  git -C "$TREE.tmp" init -q
  git -C "$TREE.tmp" add -A -f
  git -C "$TREE.tmp" -c user.name=ktstr -c user.email=ktstr@example.invalid -c commit.gpgsign=false commit -q -m "${SOURCE##*/}"
  mv "$TREE.tmp" "$TREE"
}

without_colours() {
  sed 's/\x1b\[[0-9;]*m//g'
}

# Runs the goal, shows what it says, and how long it took.
build() { # LOG ARGUMENT...
  local log=$STATE/$1.log begin=$SECONDS
  shift
  printf '\n$ mvn %s:kernel-build -Dktstr.kernelTree=%s %s\n' "$PLUGIN" "$TREE" "$*"
  (cd "$STATE/empty" && mvn -B -ntp "$PLUGIN:kernel-build" "-Dktstr.kernelTree=$TREE" "$@") 2>&1 |
    without_colours | tee "$log" | sed -u -n '/^\[INFO\] --- /,/^\[INFO\] -----/{/^\[INFO\] --/d;s/^\[INFO\] //;p};s/^\[ERROR\] //p'
  say "$((SECONDS - begin)) s"
}

key_in() { # LOG
  sed -n 's/^\[INFO\] \(already stored:\|stored\) \([^ ,]*\).*/\2/p' "$STATE/$1.log"
}

boot() { # KEY
  rm -rf "$STATE/example"
  mkdir "$STATE/example"
  cp -R "$ROOT"/it/src/it/example/{pom.xml,src} "$STATE/example"
  say "booting $1 with disks: the tests of $STATE/example"
  (cd "$STATE/example" && mvn -B -ntp verify "-Dktstr.kernels=$1") 2>&1 | without_colours >"$STATE/example.log" || {
    tail -n 60 "$STATE/example.log" >&2
    die "the tests failed; all of their output is in $STATE/example.log"
  }
  sed -n '/T E S T S/,/^\[INFO\] Results/{s/^\[INFO\] //;/T E S T S\|^-*$\|^Results/!p}' "$STATE/example.log"
}

need_source
say "building and installing $PLUGIN"
# Not the phase install: under Maven 3.8 later releases of that plugin do not record the prefix (mvn ktstr:...).
(cd "$ROOT" && mvn -B -ntp -q -DskipTests '-P!lint' -pl ktstr-core,ktstr-junit,ktstr-maven-plugin -am \
  package org.apache.maven.plugins:maven-install-plugin:2.5.2:install) >"$STATE/install.log" 2>&1 || {
  tail -n 40 "$STATE/install.log" >&2
  die "the build failed; all of its output is in $STATE/install.log"
}
unpack_source
if [[ ! -f $TREE/.config ]]; then
  say 'make tinyconfig'
  make -C "$TREE" tinyconfig >"$STATE/tinyconfig.log" 2>&1 || die "it failed; see $STATE/tinyconfig.log"
fi
build first
KEY=$(key_in first)
[[ -n $KEY ]] || die "nothing was stored; see $STATE/first.log"
build second
grep -qF "already stored: $KEY " "$STATE/second.log" || die "the second run did not find it stored; see $STATE/second.log"
boot "$KEY"
say "$KEY is built, stored, found again and booted; $((SECONDS / 60)) min $((SECONDS % 60)) s"
