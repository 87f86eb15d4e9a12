//! `Value` as a serde `Deserializer`, so that typed files are read by the one YAML loader there is.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::{Diagnostic, Key, Value};

/// A `T` made of `value`; what does not fit is an error at the place of the value, as far as it has one.
pub fn from_value<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, Diagnostic> {
    T::deserialize(value).map_err(|Misfit(diagnostic)| match diagnostic.origin {
        Some(_) => diagnostic,
        None => diagnostic.at(value.origin()),
    })
}

/// Why a value is not of the type that was asked for.
#[derive(Debug)]
pub struct Misfit(pub Diagnostic);

impl Misfit {
    fn at(self, value: &Value) -> Self {
        match self.0.origin {
            Some(_) => self,
            None => Self(self.0.at(value.origin())),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Diagnostic::error(message.to_string()))
    }
}

impl<'de> Deserializer<'de> for &'de Value {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let visited = match self {
            Value::Undefined(why) => Err(de::Error::custom(&why.reason)),
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::Int(i) => visitor.visit_i64(*i),
            Value::BigInt(i) => match u64::try_from(i.as_ref()) {
                Ok(small) => visitor.visit_u64(small),
                Err(_) => visitor.visit_string(i.to_string()),
            },
            Value::Float(f) => visitor.visit_f64(*f),
            Value::Str(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Value::Map(map) => visitor.visit_map(MapDeserializer::new(map.iter())),
        };
        visited.map_err(|error| error.at(self))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// A unit variant is its name; others are a mapping with one entry.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let visited = match self {
            Value::Map(map) if map.len() == 1 => {
                visitor.visit_enum(de::value::MapAccessDeserializer::new(MapDeserializer::new(map.iter())))
            }
            Value::Str(text) => {
                IntoDeserializer::<Misfit>::into_deserializer(text.as_str()).deserialize_enum(name, variants, visitor)
            }
            other => other.deserialize_any(visitor),
        };
        visited.map_err(|error| error.at(self))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for &'de Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A key of a map, by itself.
pub struct KeyDeserializer<'de>(&'de Key);

impl<'de> Deserializer<'de> for KeyDeserializer<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Key::Null => visitor.visit_unit(),
            Key::Bool(b) => visitor.visit_bool(*b),
            Key::Int(i) => visitor.visit_i64(*i),
            Key::Float(f) => visitor.visit_f64(*f),
            Key::Str(text) => {
                let place = |error: Misfit| Misfit(error.0.at(text.origin()));
                visitor.visit_borrowed_str(text).map_err(place)
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for &'de Key {
    type Deserializer = KeyDeserializer<'de>;

    fn into_deserializer(self) -> KeyDeserializer<'de> {
        KeyDeserializer(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{SourceFile, Trust, VaultSecrets, yaml};

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Galaxy {
        name: String,
        #[serde(default)]
        version: Option<f64>,
        kind: Kind,
        #[serde(default)]
        ports: BTreeMap<i64, Vec<bool>>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Role,
        Git { url: String },
    }

    fn read(text: &str) -> Result<Galaxy, String> {
        let options = yaml::LoadOptions { trust: Trust::Trusted, vault: &VaultSecrets::default() };
        let value = yaml::load(&SourceFile::new("meta.yml", text), &options, &mut Vec::new()).unwrap();
        from_value(&value).map_err(|error| error.to_string())
    }

    #[test]
    fn typed_files_are_read() {
        let galaxy = read("name: web\nversion: 1.5\nkind: {git: {url: x}}\nports: {80: [yes, no]}\n").unwrap();
        let ports = BTreeMap::from([(80, vec![true, false])]);
        let expected = Galaxy { name: "web".into(), version: Some(1.5), kind: Kind::Git { url: "x".into() }, ports };
        assert_eq!(galaxy, expected);
        assert_eq!(read("name: web\nkind: role\nversion: ~\n").unwrap().kind, Kind::Role);
    }

    #[test]
    fn what_does_not_fit_is_shown_in_its_place() {
        let cases = [
            ("name: web\nkind: roll\n", "unknown variant `roll`", "meta.yml:2:7"),
            ("name: web\nkind: role\nversoin: 1\n", "unknown field `versoin`", "meta.yml:3:1"),
            ("name: web\nkind: role\nversion: new\n", "invalid type: string \"new\", expected f64", "meta.yml:3:10"),
            ("name: web\n", "missing field `kind`", "meta.yml:1:1"),
        ];
        for (text, part, place) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(part) && error.contains(place), "{text:?} gives {error}");
        }
    }
}
