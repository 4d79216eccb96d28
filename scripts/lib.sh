# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are set for whoever sources this
#
# What quickstart.sh and test.sh share. To be sourced; does nothing by itself.

PATH=$PATH:/usr/sbin:/sbin # bpftool is there; not on everybody's PATH

# What tells that a package's contents are there (a command, a file, or a function), and what Fedora calls it.
declare -A PROBE=(
  [binutils]=readelf
  [bpftool]=bpftool
  [btrfs-progs]=mkfs.btrfs
  [busybox-static]=is_busybox_static
  [e2fsprogs]=mkfs.ext4
  [elfutils]=eu-elflint
  [gcc]=gcc
  [gcc-aarch64-linux-gnu]=aarch64-linux-gnu-gcc
  [gcc-x86-64-linux-gnu]=x86_64-linux-gnu-gcc
  [gdb]=gdb
  [git]=git
  [libc6-dev]=/usr/include/stdio.h
  [libc6-dev-amd64-cross]=/usr/x86_64-linux-gnu/include/stdio.h
  [libc6-dev-arm64-cross]=/usr/aarch64-linux-gnu/include/stdio.h
  [maven]=mvn
  [qemu-system-x86]=qemu-system-x86_64
  [strace]=strace
  [util-linux]=flock
  [xfsprogs]=mkfs.xfs
)
declare -A FEDORA=(
  [busybox-static]=busybox
  [libc6-dev]=glibc-devel
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

# Prints name, version and, if there is one, debug package of the kernel behind the first of some meta packages.
kernel_package() { # META-PACKAGE...
  local meta name version
  for meta; do
    name=$(apt_field "$meta" Depends | grep -oE '\blinux-image-[0-9][^ ,]*') || continue
    version=$(apt_field "$name" Version)
    if [[ -n $version ]]; then
      printf '%s %s %s\n' "$name" "$version" "$(apt_field "$name-dbg" Package)"
      return
    fi
  done
  return 1
}

if_present() { # PATH
  [[ ! -e $1 ]] || printf '%s\n' "$1"
}

megabytes() { # BYTES
  echo "$((($1 + 500000) / 1000000)) MB"
}

# Downloads a package, and unpacks it, or only the files of a pattern, into tree/.
unpack_package() { # FILE NAME VERSION [PATTERN]
  local -a pattern=()
  [[ -z ${4-} ]] || pattern=(--wildcards "$4")
  say "downloading $2 $3 ($(megabytes "$(apt_field "$2" Size)"))"
  # As root apt would hand the download to a user of its own, who must not write here.
  apt-get download -qq -o APT::Sandbox::User=root "$2=$3" && mv ./*.deb "$1" || return 1
  say "unpacking $2"
  dpkg-deb --fsys-tarfile "$1" | tar -x -C tree --no-same-owner "${pattern[@]}"
}

# Makes a directory with image.deb, vmlinuz and, where the packages have them, config and modules/ (of this release), and
# of the debug package dbg.deb and vmlinux: complete or not at all. One that was there is replaced.
unpack_kernel() ( # DIRECTORY NAME VERSION [DEBUG-PACKAGE]
  directory=$1
  parent=${directory%/*}
  rm -rf "$parent"/.tmp-* # of runs that were killed: we have the lock
  work=$(mktemp -d "$parent/.tmp-XXXXXX") || exit 1
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' HUP INT TERM
  cd "$work" && mkdir tree kernel || exit 1
  unpack_package kernel/image.deb "$2" "$3" || exit 1
  [[ -z ${4-} ]] || unpack_package kernel/dbg.deb "$4" "$3" '*/vmlinux-*' || exit 1
  for file in vmlinuz config vmlinux; do
    found=$(find tree -type f -name "$file-*")
    [[ -z $found ]] || mv "$found" "kernel/$file" || exit 1
  done
  found=$(find tree -type d -path '*/lib/modules/*' -prune)
  [[ -z $found ]] || mv "$found" kernel/modules || exit 1
  if gzip -t kernel/vmlinuz 2>/dev/null; then # Ubuntu on arm64; the boot image is inside
    gunzip <kernel/vmlinuz >Image && mv Image kernel/vmlinuz || exit 1
  fi
  [[ -s kernel/vmlinuz ]] && chmod -R u=rwX,go=rX kernel && rm -rf "$directory" && mv kernel "$directory"
)

# Gets the distribution's current kernel for virtual machines into a directory, without installing it. What is there of
# the same version is used again. Sets KERNEL_PACKAGE ("name version"), KERNEL_DEB and KERNEL_IMAGE, and KERNEL_DEBUG_DEB,
# KERNEL_VMLINUX, KERNEL_CONFIG and KERNEL_MODULES, which are empty where the distribution has none.
fetch_kernel() { # DIRECTORY
  local arch found name version debug directory update
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
    read -r name version debug <<<"$found"
    directory=$1/${name}_${version}_$arch
    {
      flock 9
      # Earlier versions of this script did not keep the packages.
      [[ -e $directory/image.deb ]] || unpack_kernel "$directory" "$name" "$version" "$debug" || {
        (($? < 128)) || exit 130 # interrupted
        continue
      }
    } 9>"$1/.lock"
    KERNEL_PACKAGE="$name $version" KERNEL_DEB=$directory/image.deb KERNEL_IMAGE=$directory/vmlinuz
    KERNEL_DEBUG_DEB=$(if_present "$directory/dbg.deb")
    KERNEL_VMLINUX=$(if_present "$directory/vmlinux")
    KERNEL_CONFIG=$(if_present "$directory/config")
    KERNEL_MODULES=$(if_present "$directory/modules")
    return
  done
  [[ -n ${found-} ]] || die "apt knows no package ${metas[*]}: does its sources.list have the main archive?"
  die "could not get $name $version; see above"
}
