#!/usr/bin/env bash
# Tries to break the store. See --help.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END'
usage: scripts/torture.sh [--bounded] [--only NAME,NAME] [--seed NUMBER]

Installs what is missing (through apt, saying which), fetches a kernel, builds, and tries to break the store: processes are
killed and system calls fail at every step, disks lose power and fill up, bytes flip, and many processes get in one another's way.
Prints how often each thing was tried and happened, and fails if a promise was broken. Takes hours.

  --bounded     little of everything, as in scripts/test.sh: some minutes
  --only        only some campaigns (a wrong name lists them)
  --seed        of the random numbers, as an earlier run printed it

Needs root, to mount file systems. Works in TMPDIR, else /var/tmp.
END
}

OPTIONS=()
while (($#)); do
  case $1 in
    --bounded) OPTIONS+=("$1") ;;
    --only | --seed)
      (($# > 1)) || die "$1 needs a value"
      OPTIONS+=("$1" "$2")
      shift
      ;;
    -h | --help)
      usage
      exit
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
  shift
done
((EUID == 0)) || die 'file systems are mounted for this: run it as root'
unset "${!KTSTR_@}" JAVA_TOOL_OPTIONS MAVEN_OPTS # the user's, not the tests'
export LC_ALL=C.UTF-8

need_packages 'to build' maven
need_jdk 17 'it builds ktstr, and runs it'
need_compilers 'to compile what stands in the way of the store, and kernels of x86_64'
need_packages 'to kill at system calls, and to let them fail' strace util-linux
need_packages 'for file systems that lose power' btrfs-progs xfsprogs e2fsprogs
fetch_kernel "$(kernel_downloads)"
unpack_kernel
[[ -n $KERNEL_VMLINUX && -n $KERNEL_MODULES ]] || die "$KERNEL_PACKAGE has no debug package in this archive: run this on Debian"

say 'building'
(cd "$ROOT" && JAVA_HOME=$JDK mvn -B -ntp -q -Ptorture '-P!lint' -DskipTests package) || die 'the build failed; see above'
need_work torture
say "trying with $KERNEL_PACKAGE, in $WORK"
run_suite torture.classpath dev.ktstr.it.TortureMain "${OPTIONS[@]}" "$WORK"
