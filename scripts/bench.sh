#!/usr/bin/env bash
# Measures ktstr against what one would use instead. See --help.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END'
usage: scripts/bench.sh [--quick] [--only NAME,NAME] [--against FILE] [--output DIRECTORY]

Installs what it compares with (through apt, saying which), fetches a kernel, builds, and measures everything in pairs:
ours, what one would use instead, ours, and so on. Writes benchmarks.md, its charts and benchmarks.json.

  --quick       fewer pairs, and less of what grows: under 3 minutes on 2 cores (a full run takes half an hour)
  --only        only some comparisons (a wrong name lists them)
  --against     compares the ratios with those of an earlier benchmarks.json, and fails if they differ by more than their spread
  --output      where to write; docs by default, with --quick or --only target/bench

Needs root, to mount file systems, and a machine that does nothing else meanwhile. Works in TMPDIR, else /var/tmp: that disk
is measured.
END
}

OPTIONS=() OUTPUT='' DEFAULT_OUTPUT=$ROOT/docs
while (($#)); do
  case $1 in
    --quick)
      OPTIONS+=("$1") DEFAULT_OUTPUT=$ROOT/target/bench
      ;;
    --only)
      (($# > 1)) || die "$1 needs a value"
      OPTIONS+=("$1" "$2") DEFAULT_OUTPUT=$ROOT/target/bench
      shift
      ;;
    --against)
      (($# > 1)) || die "$1 needs a value"
      OPTIONS+=("$1" "$(realpath "$2")")
      shift
      ;;
    --output)
      (($# > 1)) || die "$1 needs a value"
      OUTPUT=$(realpath -m "$2")
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
OUTPUT=${OUTPUT:-$DEFAULT_OUTPUT}
# The user's, which would be measured.
unset "${!KTSTR_@}" JAVA_TOOL_OPTIONS MAVEN_OPTS
export LC_ALL=C.UTF-8

need_packages 'to build' maven
need_jdk 17 'it builds ktstr, and is what is measured'
need_packages 'for what ktstr is compared with' gcc libc6-dev binutils elfutils llvm util-linux
need_packages 'for file systems to measure on' btrfs-progs xfsprogs e2fsprogs
need_packages 'to boot a kernel' qemu-system-x86 busybox-static
fetch_kernel "$(kernel_downloads)"
unpack_kernel
[[ -n $KERNEL_VMLINUX && -n $KERNEL_MODULES ]] || die "$KERNEL_PACKAGE has no debug package in this archive: run this on Debian"

say 'building'
(cd "$ROOT" && JAVA_HOME=$JDK mvn -B -ntp -q -Pbench '-P!lint' -DskipTests package) || die 'the build failed; see above'

COMMIT=$(git -c safe.directory="$ROOT" -C "$ROOT" describe --always --dirty 2>/dev/null || echo unknown)
need_work bench
mkdir -p "$OUTPUT"
say "measuring with $KERNEL_PACKAGE, in $WORK"
run_suite bench.classpath "-Dktstr.bench.commit=$COMMIT" "-Dktstr.bench.kernel=of $KERNEL_PACKAGE" \
  dev.ktstr.it.BenchMain "${OPTIONS[@]}" "$OUTPUT" "$WORK"
