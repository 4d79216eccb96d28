#!/bin/busybox sh
# The guest's first process. Runs one program and tells the host how it ended; see Guest.java for the conversation.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb

# QEMU ends then (-no-reboot), also with a kernel that cannot switch the power off.
stop() {
  reboot -f
  poweroff -f
}

# The host reads these words from the console. By way of the kernel's log, which is printed before anything else is done; and
# at a level that is printed in any case (1).
give_up() {
  echo "<1>ktstr-init: $*" >/dev/kmsg
  stop
}

mount -t devtmpfs dev /dev || give_up 'this kernel has no devtmpfs (CONFIG_DEVTMPFS)'
mount -t proc proc /proc || give_up 'this kernel has no proc (CONFIG_PROC_FS)'
mount -t sysfs sys /sys || give_up 'this kernel has no sysfs (CONFIG_SYSFS)'
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmp /dev/shm
mount -t devpts pts /dev/pts 2>/dev/null
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr

mkdir -p /lib/modules
ln -s /ktstr/modules "/lib/modules/$(uname -r)"
while read -r module; do
  # What is for hardware that this machine lacks refuses with ENODEV; another module does it then.
  insmod "/ktstr/modules/$module" 2>/tmp/error || grep -q 'No such device' /tmp/error || cat /tmp/error
done </ktstr/modules/boot
# The rest comes when the kernel asks for it, as for a file system that is to be mounted.
if [ -w /proc/sys/kernel/modprobe ]; then
  echo /sbin/modprobe >/proc/sys/kernel/modprobe
  [ -e /dev/fuse ] || mknod /dev/fuse c 10 229 # who opens it has the kernel ask for the module
else
  while read -r module; do
    insmod "/ktstr/modules/$module" 2>/dev/null
  done </ktstr/modules/later
fi
rm -f /tmp/error

# Devices come some time after their driver, and processes take some to end; on a busy host that can be long. Calls a function
# until it succeeds; fails after half a minute.
wait_for() { # COMMAND...
  local tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || return 1
    usleep 100000
  done
}

port() { # NAME
  local each name
  for each in /sys/class/virtio-ports/*; do
    read -r name 2>/dev/null <"$each/name" && [ "$name" = "ktstr.$1" ] && echo "/dev/${each##*/}" && return
  done
}

ports_are_there() {
  control=$(port control) stdout=$(port stdout) stderr=$(port stderr)
  [ -c "$control" ] && [ -c "$stdout" ] && [ -c "$stderr" ]
}

disks_are_there() {
  [ "$(ls -d /sys/block/vd? 2>/dev/null | wc -l)" -ge "$disks" ]
}

[ -d /sys/bus/virtio/drivers/virtio_console ] && wait_for ports_are_there ||
  give_up 'there is no virtio console in this kernel (CONFIG_VIRTIO_CONSOLE, CONFIG_VIRTIO_PCI; the modules virtio_console,' \
    'virtio_pci), through which the command would talk to the host'
read -r disks </ktstr/disks
[ "$disks" = 0 ] || { [ -d /sys/bus/virtio/drivers/virtio_blk ] && wait_for disks_are_there; } ||
  give_up "there are fewer disks than the $disks that were given: this kernel has no virtio disks" \
    '(CONFIG_VIRTIO_BLK, CONFIG_VIRTIO_PCI; the modules virtio_blk, virtio_pci)'

# A port can be opened once only. A pipe can be opened again: a program may well write to /dev/stderr.
exec 3<>"$control" 4>"$stdout" 5>"$stderr"
mkfifo /run/stdout /run/stderr
cat /run/stdout >&4 3>&- 5>&- &
out=$!
cat /run/stderr >&5 3>&- 4>&- &
err=$!

echo ready >&3
sh /ktstr/run </dev/null >/run/stdout 2>/run/stderr 3>&- 4>&- 5>&-
status=$?

# Whatever still runs would keep file systems busy, and the pipes open. True if nothing does, but for threads of the kernel,
# whose parent is 2, and what has ended and waits for its parent (Z).
kill_all() {
  local process stat gone=true
  for process in /proc/[0-9]*; do
    process=${process#/proc/}
    case $process in
      1 | 2 | "$out" | "$err") continue ;;
    esac
    read -r stat 2>/dev/null <"/proc/$process/stat" || continue
    set -- ${stat##*) }
    [ "$1" = Z ] || [ "$2" = 2 ] || { kill -9 "$process" 2>/dev/null; gone=false; }
  done
  $gone
}

unmount_disks() {
  local device point rest points=''
  while read -r device point rest; do
    case $point in
      / | /dev | /dev/* | /proc | /sys) ;;
      *) points="$point $points" ;; # the last first
    esac
  done </proc/mounts
  for point in $points; do
    umount "$(printf %b "$point")" 2>/dev/null # a space is \040 there
  done
  [ -z "$points" ]
}

wait_for kill_all
wait "$out" "$err"
sync
cd /
wait_for unmount_disks || echo '<1>ktstr-init: something could not be unmounted' >/dev/kmsg
sync

echo "exit $status" >&3
read -r mark <&3
printf %s "$mark" >&4
printf %s "$mark" >&5
read -r bye <&3
stop
