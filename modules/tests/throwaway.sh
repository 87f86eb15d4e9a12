#!/bin/sh
# Runs a program as root in a copy of a system that is gone when it ends, with no network but loopback:
#     throwaway.sh LAYERS BINDS PROGRAM [ARGUMENT…]
# LAYERS are directories, topmost first, joined by colons (see `cargo xtask fleet image`); BINDS are directories of this
# machine that the program sees under the same names.
set -eu
layers=$1 binds=$2; shift 2
scratch=$(mktemp -d "${TMPDIR:-/tmp}/kapell-throwaway.XXXXXX")
code=0
unshare --mount --uts --ipc --net --pid --fork --kill-child --propagation private sh -euc '
    scratch=$1 layers=$2 binds=$3; shift 3
    root=$scratch/root
    mount -t tmpfs -o mode=0755 throwaway "$scratch"
    mkdir "$scratch/upper" "$scratch/work" "$root"
    chmod 0755 "$scratch/upper"
    mount -t overlay throwaway -o "lowerdir=$layers,upperdir=$scratch/upper,workdir=$scratch/work" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=0755 run "$root/run"
    mkdir -m 1777 "$root/run/lock"
    ip link set lo up
    hostname lab
    echo lab > "$root/etc/hostname"
    echo "127.0.0.1 localhost lab" > "$root/etc/hosts"
    IFS=:
    for place in $binds; do mkdir -p "$root$place"; mount --bind "$place" "$root$place"; done
    unset IFS
    # The shell stays: it is process 1 and buries what daemons leave.
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        chroot "$root" /bin/sh -c "\"\$@\"; exit \$?" sh "$@"
' sh "$scratch" "$layers" "$binds" "$@" || code=$?
rmdir "$scratch"
exit "$code"
