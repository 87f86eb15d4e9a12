#!/bin/sh
# A disk of 64 MiB in a file as /dev/lab-$1. The loop devices are the machine's; a host has to make their nodes.
set -eu
[ -e /dev/loop-control ] || mknod -m 0600 /dev/loop-control c 10 237
truncate -s 64M "/srv/lab-$1.img"
number=0
while [ "$number" -lt 64 ]; do
    [ -e "/dev/loop$number" ] || mknod -m 0600 "/dev/loop$number" b 7 "$number"
    number=$((number + 1))
done
ln -s "$(losetup --find --show "/srv/lab-$1.img")" "/dev/lab-$1"
# What other hosts keep on theirs is not to be seen here.
for device in /dev/loop[0-9]*; do
    case " $(readlink /dev/lab-* | tr '\n' ' ')" in
        *" $device "*) ;;
        *) rm "$device" ;;
    esac
done
