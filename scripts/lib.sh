# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are set for whoever sources this
#
# What the other scripts share. To be sourced; does nothing by itself.

PATH=$PATH:/usr/sbin:/sbin # bpftool is there; not on everybody's PATH

# What tells that a package's contents are there (a command, a file, or a function), and what Fedora calls it.
declare -A PROBE=(
  [bc]=bc
  [binutils]=readelf
  [bison]=bison
  [bpftool]=bpftool
  [btrfs-progs]=mkfs.btrfs
  [busybox-static]=is_busybox_static
  [cpio]=cpio
  [dwarves]=pahole
  [e2fsprogs]=mkfs.ext4
  [elfutils]=eu-elflint
  [flex]=flex
  [gcc]=gcc
  [gcc-aarch64-linux-gnu]=aarch64-linux-gnu-gcc
  [gcc-x86-64-linux-gnu]=x86_64-linux-gnu-gcc
  [gdb]=gdb
  [git]=git
  [kmod]=depmod
  [libc6-dev]=/usr/include/stdio.h
  [libc6-dev-amd64-cross]=/usr/x86_64-linux-gnu/include/stdio.h
  [libc6-dev-arm64-cross]=/usr/aarch64-linux-gnu/include/stdio.h
  [libelf-dev]=/usr/include/libelf.h
  [libssl-dev]=/usr/include/openssl/evp.h
  [llvm]=llvm-strip
  [make]=make
  [maven]=mvn
  [perl]=perl
  [qemu-system-arm]=qemu-system-aarch64
  [qemu-system-x86]=qemu-system-x86_64
  [strace]=strace
  [util-linux]=flock
  [xfsprogs]=mkfs.xfs
  [xz-utils]=xz
  [zlib1g-dev]=/usr/include/zlib.h
)
declare -A FEDORA=(
  [busybox-static]=busybox
  [libc6-dev]=glibc-devel
  [libelf-dev]=elfutils-libelf-devel
  [libssl-dev]=openssl-devel
  [xz-utils]=xz
  [zlib1g-dev]=zlib-devel
  [libc6-dev-amd64-cross]='(no package: the C headers of x86_64, there)'
  [libc6-dev-arm64-cross]='(no package: the C headers of arm64, there)'
)

say() {
  printf '== %s\n' "$*"
}

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Debian, Ubuntu, or one of their derivatives.
has_apt() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null
}

# debian, ubuntu, or what the system calls itself.
distribution() (
  ID=unknown ID_LIKE=''
  # shellcheck source=/dev/null
  [[ ! -r /etc/os-release ]] || . /etc/os-release
  case " $ID $ID_LIKE " in
    *' ubuntu '*) echo ubuntu ;;
    *' debian '*) echo debian ;;
    *) echo "$ID" ;;
  esac
)

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root, and there is no sudo: $*"
  fi
}

update_package_lists() {
  say 'reading the package lists (apt-get update)'
  as_root apt-get update -qq || die 'apt-get update failed; see above'
}

# Debian has two packages with a busybox, one of which needs libraries.
is_busybox_static() {
  local busybox
  busybox=$(command -v busybox) && grep -qE 'not a dynamic executable|statically linked' <<<"$(ldd "$busybox" 2>&1)"
}

is_provided() { # PACKAGE
  local probe=${PROBE[$1]-}
  case $probe in
    is_*) "$probe" ;;
    '') [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]] ;;
    /*) [[ -e $probe ]] ;;
    *) command -v "$probe" >/dev/null ;;
  esac
}

# Installs what is missing of some packages, saying which and why; where there is no apt, says what is missing and fails.
need_packages() { # WHY PACKAGE...
  local why=$1 package what
  local -a missing=()
  shift
  for package; do
    is_provided "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ! has_apt; then
    printf 'error: something is missing: %s. This system has no apt-get, so please install\n' "$why" >&2
    for package in "${missing[@]}"; do
      what=${PROBE[$package]-$package}
      printf '  %-24s on Fedora: %s\n' "${what/#is_*/$package}" "${FEDORA[$package]-$package}" >&2
    done
    exit 1
  fi
  update_package_lists
  say "installing ${missing[*]}: $why"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null || die "could not install ${missing[*]}; see above"
}

# The major version of the JDK in a directory; fails if there is none, or only a JRE.
jdk_major() { # DIRECTORY
  local version=''
  [[ -x $1/bin/java && -x $1/bin/javac ]] || return 1
  if [[ -r $1/release ]]; then
    version=$(sed -n 's/^JAVA_VERSION="\(.*\)"/\1/p' "$1/release")
  fi
  if [[ -z $version ]]; then
    version=$("$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([^"]*\)".*/\1/p') || return 1
  fi
  version=${version#1.}
  printf '%s\n' "${version%%[.+-]*}"
}

# The JDK that Maven uses: JAVA_HOME, else the one of java on the PATH.
current_jdk() {
  local java
  if [[ -n ${JAVA_HOME-} ]]; then
    printf '%s\n' "$JAVA_HOME"
  elif java=$(command -v java) && java=$(readlink -f "$java"); then
    printf '%s\n' "${java%/bin/java}"
  else
    return 1
  fi
}

# The home of a JDK of a major version; fails if this machine has none.
find_jdk() { # MAJOR
  local home current major
  current=$(current_jdk) || current=''
  for home in "$current" /usr/lib/jvm/*; do
    if [[ -n $home ]] && major=$(jdk_major "$home") && [[ $major == "$1" ]]; then
      printf '%s\n' "$home"
      return
    fi
  done
  return 1
}

# The same, installed through apt if it is missing and apt has it. Sets JDK.
need_jdk() { # MAJOR WHY
  local package=openjdk-$1-jdk-headless
  if JDK=$(find_jdk "$1"); then
    return
  fi
  if has_apt && [[ -n $(apt-cache show --no-all-versions "$package" 2>/dev/null) ]]; then
    need_packages "$2" "$package"
    JDK=$(find_jdk "$1") && return
  fi
  die "JDK $1 is missing ($2): it is neither JAVA_HOME, nor in /usr/lib/jvm, nor the java on the PATH, nor the package \
$package of this system. Install it in /usr/lib/jvm, or do not ask for it"
}

kernel_downloads() {
  printf '%s/ktstr/debian-kernels\n' "${XDG_CACHE_HOME:-$HOME/.cache}"
}

apt_field() { # PACKAGE FIELD
  apt-cache show --no-all-versions "$1" 2>/dev/null |
    awk -v field="$2:" '$1 == field && !found { found = 1; sub(/^[^:]*: */, ""); print }'
}

# Prints name and version of the kernel behind the first of some meta packages.
kernel_package() { # META-PACKAGE...
  local meta name version
  for meta; do
    name=$(apt_field "$meta" Depends | grep -oE '\blinux-image-[0-9][^ ,]*') || continue
    version=$(apt_field "$name" Version)
    if [[ -n $version ]]; then
      printf '%s %s\n' "$name" "$version"
      return
    fi
  done
  return 1
}

megabytes() { # BYTES
  echo "$((($1 + 500000) / 1000000)) MB"
}

# Prints the packages that make up a kernel: the image, where they are apart the modules, and debug information.
kernel_parts() { # NAME
  local part
  for part in "$1" "${1/linux-image-/linux-modules-}" "$1-dbg"; do
    if [[ $part == "$1" || -n $(apt_field "$part" Package) ]]; then
      printf '%s\n' "$part"
    fi
  done | uniq
}

# Makes a directory with a kernel's packages: complete or not at all.
download_kernel() ( # DIRECTORY NAME VERSION
  directory=$1
  parent=${directory%/*}
  rm -rf "$parent"/.tmp-* # of runs that were killed: we have the lock
  work=$(mktemp -d "$parent/.tmp-XXXXXX") || exit 1
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' HUP INT TERM
  mkdir "$work/kernel" && cd "$work/kernel" || exit 1
  for part in $(kernel_parts "$2"); do
    say "downloading $part $3 ($(megabytes "$(apt_field "$part" Size)"))"
    # As root apt would hand the download to a user of its own, who must not write here.
    apt-get download -qq -o APT::Sandbox::User=root "$part=$3" || exit 1
  done
  chmod 755 . && chmod 644 ./*.deb && rm -rf "$directory" && mv "$work/kernel" "$directory"
)

# Gets the packages of the distribution's current kernel for virtual machines into a directory, without installing them.
# What is there of the same version is used again. Sets KERNEL_PACKAGE ("name version"), KERNEL_DIRECTORY, and
# KERNEL_DEBS, which are separated by commas.
fetch_kernel() { # DIRECTORY
  local arch found name version update
  local -a metas
  has_apt || die 'fetching a kernel needs apt-get (Debian, Ubuntu)'
  arch=$(dpkg --print-architecture)
  [[ $arch == amd64 || $arch == arm64 ]] || die "ktstr runs on amd64 and arm64, and this is $arch"
  case $(distribution) in
    debian) metas=("linux-image-cloud-$arch") ;;
    ubuntu) metas=(linux-image-virtual linux-image-generic) ;;
    *) die "do not know what $(distribution) calls its kernel packages" ;;
  esac
  mkdir -p "$1"
  for update in false true; do # the second time in case that the package lists are older than the archive
    ! $update || update_package_lists
    found=$(kernel_package "${metas[@]}") || continue
    read -r name version <<<"$found"
    KERNEL_DIRECTORY=$1/${name}_${version}_$arch
    {
      flock 9
      # Earlier versions of this script kept other things there.
      [[ -n $(kernel_debs) ]] || download_kernel "$KERNEL_DIRECTORY" "$name" "$version" || {
        (($? < 128)) || exit 130 # interrupted
        continue
      }
    } 9>"$1/.lock"
    KERNEL_PACKAGE="$name $version" KERNEL_DEBS=$(kernel_debs)
    return
  done
  [[ -n ${found-} ]] || die "apt knows no package ${metas[*]}: does its sources.list have the main archive?"
  die "could not get $name $version; see above"
}

kernel_debs() {
  find "$KERNEL_DIRECTORY" -maxdepth 1 -name 'linux-*.deb' 2>/dev/null | LC_ALL=C sort -t _ -k 1,1 | paste -s -d ,
}

# Unpacks the kernel's packages beside them, with dpkg: the tests compare. Sets KERNEL_IMAGE, KERNEL_VMLINUX,
# KERNEL_CONFIG and KERNEL_MODULES.
unpack_kernel() {
  local tree=$KERNEL_DIRECTORY/unpacked deb
  if [[ ! -d $tree ]]; then
    say "unpacking $KERNEL_PACKAGE"
    rm -rf "$tree.tmp"
    mkdir "$tree.tmp"
    for deb in "$KERNEL_DIRECTORY"/linux-*.deb; do
      # Without the debug information of modules, which is most of it.
      dpkg-deb --fsys-tarfile "$deb" |
        tar -x -C "$tree.tmp" --no-same-owner --exclude=./usr/lib/debug/.build-id --exclude=./usr/share
    done
    mv "$tree.tmp" "$tree"
  fi
  KERNEL_IMAGE=$(find "$tree" -type f -name 'vmlinuz-*')
  KERNEL_CONFIG=$(find "$tree" -type f -name 'config-*')
  KERNEL_VMLINUX=$(find "$tree" -type f -name 'vmlinux-*')
  KERNEL_MODULES=$(find "$tree" -type d -path '*/lib/modules/*' -not -path '*/debug/*' -prune)
}

# Compilers for this architecture and the other one.
need_compilers() { # WHAT-FOR
  local -a cross=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
  [[ $(uname -m) != aarch64 ]] || cross=(gcc-x86-64-linux-gnu libc6-dev-amd64-cross)
  need_packages "$1" gcc libc6-dev "${cross[@]}"
}

# Unmounts and removes what a run worked in.
remove_work() { # DIRECTORY
  local mount
  awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r |
    while read -r mount; do umount "$mount" || umount -l "$mount"; done
  rm -rf "$1"
}

# Makes a directory to work in, on the disk of TMPDIR, else /var/tmp; sets WORK. However this script ends, the process SUITE
# is ended and the directory goes. A run holds a lock for as long as it lives: what has none was left by one that was killed, and goes now.
need_work() { # NAME
  local area left
  area=$(realpath "${TMPDIR:-/var/tmp}")
  for left in "$area/ktstr-$1".*; do
    if [[ -e $left/lock ]] && flock -n "$left/lock" true; then
      say "removing what a killed run left: $left"
      remove_work "$left"
    fi
  done
  WORK=$(mktemp -d "$area/ktstr-$1.XXXXXX")
  exec {WORK_LOCK}>"$WORK/lock"
  flock -n "$WORK_LOCK"
  SUITE=''
  trap end_work EXIT
  trap 'exit 130' INT TERM HUP
}

end_work() {
  local status=$?
  trap '' INT TERM HUP
  if [[ -n $SUITE ]]; then
    kill "$SUITE" 2>/dev/null || true
    wait "$SUITE" 2>/dev/null || true
  fi
  remove_work "$WORK"
  exit "$status"
}

# Runs a program of the integration tests' own with a real kernel, in WORK; its class path is in a file that the build made.
run_suite() { # CLASS-PATH JAVA-ARGUMENT...
  local classpath
  classpath=$(<"$ROOT/it/target/$1")
  shift
  cd "$ROOT/it"
  "$JDK/bin/java" --enable-native-access=ALL-UNNAMED "-Djava.io.tmpdir=$WORK" \
    "-Dktstr.it.image=$KERNEL_IMAGE" "-Dktstr.it.vmlinux=$KERNEL_VMLINUX" "-Dktstr.it.config=$KERNEL_CONFIG" \
    "-Dktstr.it.modules=$KERNEL_MODULES" "-Dktstr.it.packages=$KERNEL_DEBS" \
    -cp "target/test-classes:$classpath" "$@" & # which has the lock of WORK, too, and keeps it should this script be killed
  SUITE=$!
  wait "$SUITE"
  SUITE=''
  say "$((SECONDS / 60)) min $((SECONDS % 60)) s"
}
