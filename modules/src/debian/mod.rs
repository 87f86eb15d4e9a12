//! What is known of Debian packaging: its database, its versions, what apt offers.

pub(crate) mod apt_policy;
pub(crate) mod dpkg_status;
pub(crate) mod version;
