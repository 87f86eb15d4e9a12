//! The layer with what modules work on: a database of each kind, cron, firewalls, a load balancer, an SELinux policy,
//! dnf with an RPM repository, pip, git, disks.
//! Hosts have no network, so everything they may install is in repositories inside the image.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::command::run_logged;

/// A layer of another version is built anew.
pub(super) const VERSION: u32 = 5;

/// Programs and servers, installed.
const PACKAGES: &[&str] = &[
    "acl",
    "at",
    "bzip2",
    "createrepo-c",
    "cron",
    "curl",
    "debconf-utils",
    "dnf",
    "firewalld",
    "git",
    "gnupg",
    "haproxy",
    "iptables",
    "kmod",
    "locales",
    "lvm2",
    "mariadb-server",
    "nodejs",
    "npm",
    "openssh-client",
    "parted",
    "policycoreutils-python-utils",
    "postgresql",
    "postgresql-contrib",
    "python3-debian",
    "python3-distro",
    "python3-pip",
    "python3-psycopg2",
    "python3-pymysql",
    "python3-pexpect",
    "python3-setuptools",
    "python3-venv",
    "python3-wheel",
    "python3-selinux",
    "rpm",
    "selinux-policy-default",
    "subversion",
    "tzdata",
    "ufw",
    "unzip",
    "xfsprogs",
    "xz-utils",
    "zip",
    "zstd",
];

/// Wheels for pip, without what they depend on: name and versions.
const WHEELS: &[&str] = &["six==1.16.0", "six==1.17.0", "toml==0.10.2", "iniconfig==2.0.0"];

/// Fetches from the network, then leaves the image as hosts need it: with sources inside itself only.
const INSTALL: &str = r#"set -eu
echo "deb $MIRROR $RELEASE main" > /etc/apt/sources.list
apt-get update -q
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 0755 /usr/sbin/policy-rc.d
apt-get install -q -y --no-install-recommends $PACKAGES
rm /usr/sbin/policy-rc.d
for wheel in $WHEELS; do pip download --quiet --no-deps --dest /srv/pip "$wheel"; done
printf '[global]\nno-index = true\nfind-links = /srv/pip\n' > /etc/pip.conf
apt-get clean; rm -rf /var/lib/apt/lists/*
echo 'deb [trusted=yes] file:/srv/apt ./' > /etc/apt/sources.list
apt-get update -q
systemctl mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer
# Two firewalls that come up at boot shut each other's doors.
systemctl disable firewalld.service
# Nobody has configured it.
systemctl disable haproxy.service
# There is a policy, but hosts have no SELinux: cases that need it write this file.
rm /etc/selinux/config
"#;

/// Three small packages, one of them in two versions, a group, a key, and the index that makes them a repository.
const RPM_REPOSITORY: &str = r#"set -eu
build() { # name version requirements
  printf 'Name: %s\nVersion: %s\nRelease: 1\nSummary: A package of the lab\nLicense: MIT\nBuildArch: noarch\n%s\n%%description\nA package of the lab.\n%%install\nmkdir -p %%{buildroot}/opt/%s\necho %s > %%{buildroot}/opt/%s/version\n%%files\n/opt/%s/version\n' \
    "$1" "$2" "$3" "$1" "$2" "$1" "$1" > "/tmp/$1.spec"
  rpmbuild --quiet -bb --define '_topdir /tmp/rpmbuild' --define '_rpmdir /srv/rpm' "/tmp/$1.spec"
}
build lab-base 1.0 ''; build lab-base 2.0 ''; build lab-tool 1.0 'Requires: lab-base'; build lab-extra 1.0 ''
cat > /srv/rpm/comps.xml <<'COMPS'
<?xml version="1.0" encoding="UTF-8"?>
<comps><group><id>lab-group</id><name>Lab Group</name><description>Of the lab</description><default>false</default>
<uservisible>true</uservisible><packagelist><packagereq type="mandatory">lab-tool</packagereq>
<packagereq type="mandatory">lab-extra</packagereq></packagelist></group></comps>
COMPS
export GNUPGHOME=/tmp/gnupg; mkdir -m 0700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Lab <lab@example.org>' rsa2048 sign never
gpg --batch --armor --export lab@example.org > /srv/rpm/RPM-GPG-KEY-lab
createrepo_c --quiet --groupfile /srv/rpm/comps.xml /srv/rpm
mkdir -p /etc/yum.repos.d /etc/dnf/vars; echo 1 > /etc/dnf/vars/releasever
printf '[lab]\nname=Lab\nbaseurl=file:///srv/rpm\ngpgcheck=0\n' > /etc/yum.repos.d/lab.repo
rm -rf /tmp/rpmbuild /tmp/gnupg /tmp/*.spec
"#;

/// Installs it all in `spawn`'s root, which has this machine's network.
pub(super) fn install(spawn: impl Fn() -> Command, mirror: &str, release: &str, log: &Path) -> Result<()> {
    let words = |name: &str, values: &[&str]| format!("--setenv={name}={}", values.join(" "));
    let mut install = spawn();
    install.args([words("MIRROR", &[mirror]), words("RELEASE", &[release])]);
    install.args([words("PACKAGES", PACKAGES), words("WHEELS", WHEELS)]);
    run_logged(install.args(["sh", "-c", INSTALL]), log)?;
    run_logged(spawn().args(["sh", "-c", RPM_REPOSITORY]), log)
}
