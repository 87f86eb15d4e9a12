//! `community.docker`: one file per module; a module exists when it is in this table.

use crate::Module;

mod credentials;
mod differences;
mod docker_compose_v2;
mod docker_container;
mod docker_image;
mod docker_login;
mod docker_network;
mod docker_volume;
mod engine;
mod image_name;
mod query;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &docker_compose_v2::MODULE,
    &docker_container::MODULE,
    &docker_image::MODULE,
    &docker_login::MODULE,
    &docker_network::MODULE,
    &docker_volume::MODULE,
];
