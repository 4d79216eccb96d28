#!/bin/busybox sh
# The guest's first process. Runs one program and tells the host how it ended; see Guest.java for the conversation.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmp /dev/shm
mount -t devpts pts /dev/pts 2>/dev/null

# The host reads these words from the console.
give_up() {
  echo "ktstr-init: $*"
  poweroff -f
  reboot -f
}

mkdir -p /lib/modules
ln -s /ktstr/modules "/lib/modules/$(uname -r)"
while read -r module; do
  # What is for hardware that this machine lacks refuses with ENODEV; another module does it then.
  insmod "/ktstr/modules/$module" 2>/tmp/error || grep -q 'No such device' /tmp/error || cat /tmp/error
done </ktstr/modules/boot
# The rest comes when the kernel asks for it, as for a file system that is to be mounted.
if [ -w /proc/sys/kernel/modprobe ]; then
  echo /sbin/modprobe >/proc/sys/kernel/modprobe
else
  while read -r module; do
    insmod "/ktstr/modules/$module" 2>/dev/null
  done </ktstr/modules/later
fi
rm -f /tmp/error

port() { # NAME
  local each name
  for each in /sys/class/virtio-ports/*; do
    read -r name 2>/dev/null <"$each/name" && [ "$name" = "ktstr.$1" ] && echo "/dev/${each##*/}" && return
  done
}
control=$(port control) stdout=$(port stdout) stderr=$(port stderr)
[ -c "$control" ] && [ -c "$stdout" ] && [ -c "$stderr" ] ||
  give_up 'there is no virtio console in this kernel (CONFIG_VIRTIO_CONSOLE, CONFIG_VIRTIO_PCI; the modules virtio_console,' \
    'virtio_pci), through which the command would talk to the host'
read -r disks </ktstr/disks
tries=0
while [ "$(ls -d /sys/block/vd? 2>/dev/null | wc -l)" -lt "$disks" ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 30 ] || give_up "there are fewer disks than the $disks that were given: this kernel has no virtio disks" \
    '(CONFIG_VIRTIO_BLK, CONFIG_VIRTIO_PCI; the modules virtio_blk, virtio_pci)'
  usleep 100000
done

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

# Whatever still runs would keep file systems busy, and the pipes open. Twice, because a process may be just making another.
for again in 1 2; do
  for process in /proc/[0-9]*; do
    process=${process#/proc/}
    case $process in
      1 | "$out" | "$err") ;;
      *) kill -9 "$process" 2>/dev/null ;;
    esac
  done
done
wait
sync
umount -a -r 2>/dev/null
sync

echo "exit $status" >&3
read -r mark <&3
printf %s "$mark" >&4
printf %s "$mark" >&5
read -r bye <&3
poweroff -f
reboot -f
