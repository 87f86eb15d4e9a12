#!/bin/sh
# A disk of 64 MiB in a file as /dev/lab-$1. The loop devices are the machine's; a host has to make their nodes.
set -eu
[ -e /dev/loop-control ] || mknod -m 0600 /dev/loop-control c 10 237
truncate -s 64M "/srv/lab-$1.img"
node() {
    [ -e "/dev/loop$1" ] || mknod -m 0600 "/dev/loop$1" b 7 "$1"
}
number=0
while [ "$number" -lt 32 ]; do
    node "$number"
    number=$((number + 1))
done
device=$(losetup --find --show "/srv/lab-$1.img")
ln -s "$device" "/dev/lab-$1"
