//! Roles and collections: where they come from, what is in them, where they go.

pub(crate) mod archive;
pub(crate) mod collection_build;
pub(crate) mod collection_download;
pub(crate) mod collection_files;
pub(crate) mod collection_install;
pub(crate) mod collection_list;
pub(crate) mod collection_source;
pub(crate) mod collection_verify;
pub(crate) mod directives;
pub(crate) mod git;
pub(crate) mod installed;
pub(crate) mod manifest;
pub(crate) mod requirements;
pub(crate) mod resolution;
pub(crate) mod role_info;
pub(crate) mod role_install;
pub(crate) mod role_source;
pub(crate) mod roles;
pub(crate) mod server;
pub(crate) mod servers;
pub(crate) mod skeleton;
pub(crate) mod version;
