//! `ansible.builtin`: one file per module; a module exists when it is in this table.

use crate::Module;

mod apt;
mod apt_key;
mod apt_repository;
pub(crate) mod assemble;
mod async_status;
mod blockinfile;
mod command;
mod copy;
mod cron;
mod deb822_repository;
mod debconf;
mod dnf;
mod dpkg_selections;
mod edited_file;
mod expect;
mod file;
mod find;
mod get_url;
mod getent;
mod git;
mod group;
mod hostname;
mod iptables;
mod known_hosts;
mod lineinfile;
mod mount_facts;
mod package;
mod package_facts;
mod ping;
mod pip;
mod replace;
mod rpm_key;
mod service;
mod service_facts;
mod setup;
mod shell;
mod slurp;
mod stat;
mod subversion;
mod systemd_service;
mod sysvinit;
mod tempfile;
mod unarchive;
mod uri;
mod user;
mod wait_for;
mod yum_repository;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &apt::MODULE,
    &apt_key::MODULE,
    &apt_repository::MODULE,
    &assemble::MODULE,
    &async_status::MODULE,
    &blockinfile::MODULE,
    &command::MODULE,
    &copy::MODULE,
    &cron::MODULE,
    &deb822_repository::MODULE,
    &debconf::MODULE,
    &dnf::MODULE,
    &dpkg_selections::MODULE,
    &expect::MODULE,
    &file::MODULE,
    &find::MODULE,
    &get_url::MODULE,
    &getent::MODULE,
    &git::MODULE,
    &group::MODULE,
    &hostname::MODULE,
    &iptables::MODULE,
    &known_hosts::MODULE,
    &lineinfile::MODULE,
    &mount_facts::MODULE,
    &package::MODULE,
    &package_facts::MODULE,
    &ping::MODULE,
    &pip::MODULE,
    &replace::MODULE,
    &rpm_key::MODULE,
    &service::MODULE,
    &service_facts::MODULE,
    &setup::MODULE,
    &shell::MODULE,
    &slurp::MODULE,
    &stat::MODULE,
    &subversion::MODULE,
    &systemd_service::MODULE,
    &sysvinit::MODULE,
    &tempfile::MODULE,
    &unarchive::MODULE,
    &uri::MODULE,
    &user::MODULE,
    &wait_for::MODULE,
    &yum_repository::MODULE,
];
