//! What Python itself does with objects: `str`, `repr`, `%` and `format`, regular expressions, conversion.

mod bytes;
mod codecs;
mod convert;
mod floats;
mod format;
mod numbers;
mod percent;
pub(crate) mod random;
pub(crate) mod regex;
mod text;

pub(crate) use bytes::Bytes;
pub(crate) use codecs::decode;
pub use codecs::encode;
pub(crate) use convert::to_value;
pub(crate) use format::brace_format;
pub(crate) use numbers::{parse_float, parse_int};
pub(crate) use percent::percent_format;
pub(crate) use text::{finished_repr, no_path, repr, scalar_text, str};
