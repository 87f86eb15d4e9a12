#!/bin/sh
# Debian packages of the lab in the directory $1, with the index that makes it a repository.
set -eu
mkdir -p "$1"
cd "$1"
build() { # name, version, what it depends on
    tree=$(mktemp -d)
    mkdir -p "$tree/DEBIAN" "$tree/opt/$1"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: Lab <lab@example.org>\nDescription: A package of the lab\n' \
        "$1" "$2" > "$tree/DEBIAN/control"
    [ -z "$3" ] || echo "Depends: $3" >> "$tree/DEBIAN/control"
    echo "$2" > "$tree/opt/$1/version"
    chmod 0755 "$tree"
    dpkg-deb --build --root-owner-group "$tree" . > /dev/null
    rm -r "$tree"
}
for version in 1.0 1.5 2.0; do
    build lab-held $version ''
    build lab-pinned $version ''
    build lab-newest $version ''
    build lab-exact $version ''
done
build lab-needed 1.0 ''
build lab-user 1.0 lab-needed
build lab-late 1.0 ''
build lab-conf 1.0 ''
mkdir -p /srv/deb-files
build lab-file 1.0 ''
build lab-remote 1.0 ''
mv lab-file_* lab-remote_* /srv/deb-files/
apt-ftparchive packages . > Packages
apt-ftparchive release . > Release
