#!/usr/bin/env bash
# Builds, checks and tests everything. See --help.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END'
usage: scripts/test.sh

Installs the packages that the tests need (through apt, saying which), fetches a kernel to test with, builds with
formatter and static analysis, and runs all tests: unit tests, integration tests, sample projects under Maven 3.9. On the
first JDK also sample projects under Maven 3.8, and benchmarks and reliability suite in short. Fails if a test failed or was
skipped, or if none ran. The last line says how many passed and failed.

Needs Maven, and root: some tests mount file systems. Without root it starts itself again with sudo, if that asks for no
password. About half an hour on 2 cores; one module's unit tests alone: mvn -pl ktstr-core -am test

  KTSTR_TEST_JDKS   on which JDKs to run the tests, such as "17 25" (else the one that Maven uses)
  CI                if "true", a missing JDK 17 is an error; else only formatter and static analysis need it
END
}

PASSED=0 FAILED=0 SKIPPED=0
SUMMARY=()
JDKS=() # homes, in the order of KTSTR_TEST_JDKS
REPORTS=$ROOT/target/test-reports
MODULES=(ktstr-core ktstr-junit ktstr-maven-plugin it)

# The last word, however this ends.
conclude() {
  local status=$?
  if ((FAILED + SKIPPED > 0)); then
    status=1
  elif ((status || PASSED == 0)); then
    status=1 FAILED=1 # something other than a test, or there was none
  fi
  if [[ -n ${SUDO_UID-} ]]; then # what root made here is the user's
    chown -R --from=0:0 "$SUDO_UID:${SUDO_GID-}" "$ROOT" "$HOME/.m2" "$(kernel_downloads)" || true
  fi
  if ((SKIPPED)); then
    printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
  else
    printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  fi
  exit "$status"
}

# Adds up JUnit reports. Prints: passed failed skipped.
count() { # FILE...
  awk '
    function attribute(name) {
      return match(tag, "[ \t]" name "=\"[0-9]+\"") ? substr(tag, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : 0
    }
    FNR == 1 { tag = ""; whole = 0 }
    whole { next } # what tests print may look like anything
    tag == "" && !match($0, /<testsuite[ \t]/) { next }
    {
      tag = tag " " (tag == "" ? substr($0, RSTART) : $0)
      if (index(tag, ">")) {
        tag = substr(tag, 1, index(tag, ">"))
        whole = 1
        suites++
        tests += attribute("tests")
        bad += attribute("failures") + attribute("errors")
        skipped += attribute("skipped")
      }
    }
    END { # what is no report is a failure
      print tests - bad - skipped, bad + ARGC - 1 - suites, skipped + 0
    }
  ' "$@"
}

# Adds one kind of one module's tests to the totals, and says so.
add_group() { # JDK MODULE WHAT KIND-OF-REPORTS WHETHER-EXPECTED
  local passed=0 failed=0 skipped=0 note=''
  local -a files=()
  mapfile -t files < <(find "$ROOT/$2/target/$4-reports" -name 'TEST-*.xml' 2>/dev/null | sort)
  if ((${#files[@]})); then
    mkdir -p "$REPORTS/jdk-$1/$2"
    cp -r "$ROOT/$2/target/$4-reports" "$REPORTS/jdk-$1/$2/"
    read -r passed failed skipped < <(count "${files[@]}")
  fi
  if ((passed + failed + skipped == 0)); then
    [[ $5 == expected ]] || return 0
    failed=1 note='  (none ran)'
  fi
  PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + skipped))
  SUMMARY+=("$(printf 'JDK %-3s %-19s %-18s %4d passed, %d failed, %d skipped%s' \
    "$1" "$2" "$3" "$passed" "$failed" "$skipped" "$note")")
}

has_files() { # DIRECTORY NAME
  if [[ -n $(find "$ROOT/$1" -name "$2" -print -quit 2>/dev/null) ]]; then
    echo expected
  else
    echo optional
  fi
}

# Runs the compiled tests on one JDK.
run_tests() { # JDK MAVEN-ARGUMENT...
  local jdk=$1 module before=$((FAILED + SKIPPED)) status=0
  shift
  say "running the tests on JDK $jdk ($JDK)"
  for module in "${MODULES[@]}"; do
    rm -rf "$ROOT/$module"/target/{surefire,failsafe,invoker}-reports
  done
  JAVA_HOME=$JDK mvn -B -ntp -fae -Pcompiled,bench,torture "$@" \
    "-Dktstr.it.image=$KERNEL_IMAGE" "-Dktstr.it.vmlinux=$KERNEL_VMLINUX" "-Dktstr.it.config=$KERNEL_CONFIG" \
    "-Dktstr.it.modules=$KERNEL_MODULES" "-Dktstr.it.packages=$KERNEL_DEBS" \
    verify || status=$?
  for module in "${MODULES[@]}"; do
    add_group "$jdk" "$module" 'unit tests' surefire "$(has_files "$module/src/test/java" '*Test.java')"
    add_group "$jdk" "$module" 'integration tests' failsafe "$(has_files "$module/src/test/java" '*IT.java')"
    add_group "$jdk" "$module" 'sample projects' invoker "$(has_files "$module/src/it" invoker.properties)"
  done
  if ((status && FAILED + SKIPPED == before)); then
    FAILED=$((FAILED + 1))
    SUMMARY+=("$(printf 'JDK %-3s Maven failed, though no test did; see above' "$jdk")")
  fi
}

build() {
  local lint='with formatter and static analysis'
  if ! JDK=$(find_jdk 17); then
    [[ ${CI-} != true ]] || die 'there is no JDK 17, and CI is to run formatter and static analysis, which need it'
    JDK=${JDKS[0]}
    lint="for Java 17; formatter and static analysis did NOT run: they need JDK 17"
    SUMMARY+=("$lint")
  fi
  say "building on $JDK, $lint"
  JAVA_HOME=$JDK mvn -B -ntp -Pbench,torture -DskipTests clean package dependency:analyze-only -DfailOnWarning ||
    die 'the build failed; see above'
}

main() {
  local major i
  local -a majors later=()
  need_packages 'to build' maven
  need_compilers 'the tests compile C for both architectures, to compare constants'
  need_packages 'the tests check stripped kernels with other readers' binutils elfutils gdb bpftool
  need_packages 'the tests trace stores, and take locks from outside' strace util-linux
  need_packages 'the tests store a kernel from a git tree' git
  need_packages 'the tests build in a kernel tree' make flex bison bc perl dwarves libelf-dev zlib1g-dev libssl-dev xz-utils
  need_packages 'the tests boot a kernel that mounts disks' qemu-system-x86 busybox-static btrfs-progs xfsprogs e2fsprogs
  read -r -a majors <<<"${KTSTR_TEST_JDKS//,/ }"
  ((${#majors[@]})) || majors=("$(jdk_major "$(current_jdk)" || echo 17)")
  for major in "${majors[@]}"; do
    need_jdk "$major" 'KTSTR_TEST_JDKS asks for it'
    JDKS+=("$JDK")
  done
  fetch_kernel "$(kernel_downloads)"
  unpack_kernel
  say "testing with $KERNEL_PACKAGE"
  [[ -n $KERNEL_VMLINUX && -n $KERNEL_MODULES ]] || die "$KERNEL_PACKAGE has no debug package in this archive, or no \
modules, and the tests need vmlinux and modules: run them on Debian"

  build
  for i in "${!majors[@]}"; do
    JDK=${JDKS[$i]}
    run_tests "${majors[$i]}" "${later[@]}"
    # By now everything is there; and what an old Maven or a benchmark does on one JDK, or a kernel to the store, it does on the others.
    later=(-o -Dit.maven38.skip=true '-DexcludedGroups=bench | torture')
  done
  say "reports are in $REPORTS; $((SECONDS / 60)) min $((SECONDS % 60)) s"
  printf '%s\n' "${SUMMARY[@]}"
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

trap conclude EXIT
if ((EUID != 0)); then
  if ! sudo -n true 2>/dev/null; then
    die 'some tests mount file systems: run this as root, or as somebody whose sudo asks for no password'
  fi
  say 'some tests mount file systems: going on with sudo'
  trap - EXIT
  # The JVM takes the home directory, and so the local Maven repository, from the user database.
  exec sudo -n -E HOME="$HOME" PATH="$PATH" MAVEN_OPTS="${MAVEN_OPTS-} -Duser.home=$HOME" bash "${BASH_SOURCE[0]}"
fi
cd "$ROOT"
KTSTR_TEST_JDKS=${KTSTR_TEST_JDKS-}
unset KTSTR_CACHE_DIR KTSTR_CACHE_STORE_LOCK_TIMEOUT # the user's, not the tests'
export LC_ALL=C.UTF-8 # some tests have names outside of ASCII; those about other locales set them themselves
main
