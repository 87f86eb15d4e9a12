//! `community.general`: one file per module; a module exists when it is in this table.

use crate::Module;

mod alternatives;
mod apk;
mod archive;
mod capabilities;
mod composer;
mod cpanm;
mod dpkg_divert;
mod filesystem;
mod gem;
mod git_config;
mod haproxy;
mod htpasswd;
mod ini_file;
mod kernel_blacklist;
mod locale_gen;
mod lvg;
mod lvol;
mod make;
mod modprobe;
mod npm;
mod pacman;
mod pam_limits;
mod pamd;
mod parted;
mod pipx;
mod sefcontext;
mod semanage;
mod seport;
mod snap;
mod sudoers;
mod supervisorctl;
mod timezone;
mod ufw;
mod xml;
mod zypper;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &alternatives::MODULE,
    &apk::MODULE,
    &archive::MODULE,
    &capabilities::MODULE,
    &composer::MODULE,
    &cpanm::MODULE,
    &dpkg_divert::MODULE,
    &filesystem::MODULE,
    &gem::MODULE,
    &git_config::MODULE,
    &haproxy::MODULE,
    &htpasswd::MODULE,
    &ini_file::MODULE,
    &kernel_blacklist::MODULE,
    &locale_gen::MODULE,
    &lvg::MODULE,
    &lvol::MODULE,
    &make::MODULE,
    &modprobe::MODULE,
    &npm::MODULE,
    &pacman::MODULE,
    &pam_limits::MODULE,
    &pamd::MODULE,
    &parted::MODULE,
    &pipx::MODULE,
    &sefcontext::MODULE,
    &seport::MODULE,
    &snap::MODULE,
    &sudoers::MODULE,
    &supervisorctl::MODULE,
    &timezone::MODULE,
    &ufw::MODULE,
    &zypper::MODULE,
    &xml::MODULE,
];
