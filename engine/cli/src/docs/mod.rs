//! What `kapell doc` shows of content that describes itself: roles, plugins in files, keywords.

pub(crate) mod keywords;
mod markup;
pub(crate) mod modules;
pub(crate) mod option_text;
pub(crate) mod plugins;
mod python_literals;
pub(crate) mod roles;
