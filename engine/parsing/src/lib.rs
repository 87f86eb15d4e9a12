//! The bottom crate: text in, values with places out. YAML, `k=v` strings, vault, and the diagnostics every crate reports with.

pub mod deprecation;
pub mod deserialize;
pub mod diagnostic;
pub mod json_read;
pub mod json_value;
pub mod key;
pub mod kv;
pub mod origin;
pub mod python_literal;
pub mod text;
pub mod value;
pub mod vault;
pub mod yaml;

pub use deprecation::{Deprecation, Deprecator};
pub use diagnostic::{Diagnostic, ErrorKind, Severity};
pub use key::Key;
pub use origin::{Origin, SourceFile};
pub use text::{Text, Trust};
pub use value::{Map, Undefined, Value};
pub use vault::VaultSecrets;
