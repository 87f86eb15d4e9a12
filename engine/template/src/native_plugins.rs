//! `NativePlugins`: the names of the filters, tests and lookups that need no file.

use crate::{filters, jinja_tests, lookups};

pub struct NativePlugins;

impl NativePlugins {
    pub fn filters() -> impl Iterator<Item = &'static str> {
        filters::names()
    }

    pub fn tests() -> impl Iterator<Item = &'static str> {
        jinja_tests::names()
    }

    pub fn lookups() -> impl Iterator<Item = &'static str> {
        lookups::names()
    }
}
