//! `bytes`: what `encode` makes of text.

use kapell_parsing::Value;

use super::codecs;
use crate::evaluate::{Arguments, Fault, Rendering};
use crate::object::{Native, Object};

pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Native for Bytes {
    fn type_name(&self) -> &'static str {
        "bytes"
    }

    fn repr(&self) -> String {
        let quote = if self.0.contains(&b'\'') && !self.0.contains(&b'"') { '"' } else { '\'' };
        let mut out = format!("b{quote}");
        for byte in &self.0 {
            match byte {
                b'\\' => out.push_str("\\\\"),
                b'\n' => out.push_str("\\n"),
                b'\r' => out.push_str("\\r"),
                b'\t' => out.push_str("\\t"),
                byte if char::from(*byte) == quote => out.push_str(&format!("\\{quote}")),
                0x20..0x7f => out.push(char::from(*byte)),
                byte => out.push_str(&format!("\\x{byte:02x}")),
            }
        }
        out.push(quote);
        out
    }

    fn is_truthy(&self) -> bool {
        !self.0.is_empty()
    }

    fn items(&self) -> Option<Vec<Object>> {
        Some(self.0.iter().map(|byte| Object::Int((*byte).into())).collect())
    }

    fn call_method(
        &self,
        _rendering: &Rendering<'_>,
        name: &str,
        arguments: &mut Arguments,
    ) -> Option<Result<Object, Fault>> {
        let encoding = arguments.positional.first().and_then(Object::as_str).unwrap_or("utf-8");
        match name {
            "decode" => Some(codecs::decode(&self.0, encoding).map(Object::from).map_err(Fault::error)),
            "hex" => Some(Ok(hex::encode(&self.0).into())),
            _ => None,
        }
    }

    fn to_value(&self) -> Option<Value> {
        None
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
