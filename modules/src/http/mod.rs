//! HTTP(S) for modules: ureq and rustls, with names resolved by the node and trust from its own CA bundle.

mod address;
mod authentication;
mod client;
mod download;
mod error;
mod fetch;
mod netrc;
mod redirects;
mod request_args;
mod resolver;
mod response;
mod trust;
mod unix_socket;

pub(crate) use address::{join, percent_decode};
pub(crate) use client::{Body, Client, Request};
pub(crate) use download::{Download, download};
pub use fetch::{Fetch, Fetched, fetch};
pub(crate) use redirects::Redirects;
pub(crate) use response::Response;
