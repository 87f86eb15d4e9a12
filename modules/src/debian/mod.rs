//! What is known of Debian packaging without asking its programs.

pub(crate) mod dpkg_status;
pub(crate) mod version;
