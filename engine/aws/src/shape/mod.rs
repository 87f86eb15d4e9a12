//! `Shape`: types of the EC2 API as JSON, with the names and forms that content written for Ansible expects.

mod tables;

use aws_sdk_ec2::primitives::{DateTime, DateTimeFormat};
use kapell_modules::Map;
use serde_json::{Value as Json, json};

/// Something the API answered. What it left out is nothing, not null.
pub(crate) trait Shape {
    fn json(&self) -> Option<Json>;
}

impl Shape for String {
    fn json(&self) -> Option<Json> {
        Some(self.as_str().into())
    }
}

impl Shape for DateTime {
    /// `2026-11-21T12:40:39+00:00`, as Python writes it.
    fn json(&self) -> Option<Json> {
        let text = self.fmt(DateTimeFormat::DateTimeWithOffset).ok()?;
        Some(text.strip_suffix('Z').map_or(text.clone(), |moment| format!("{moment}+00:00")).into())
    }
}

impl<T: Shape> Shape for Option<T> {
    fn json(&self) -> Option<Json> {
        self.as_ref().and_then(Shape::json)
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn json(&self) -> Option<Json> {
        Some(self.iter().filter_map(Shape::json).collect())
    }
}

macro_rules! plain {
    ($($type:ty)*) => { $(impl Shape for $type {
        fn json(&self) -> Option<Json> {
            Some(json!(self))
        }
    })* };
}
plain! { bool i32 i64 f64 }

/// A struct as a map of its fields.
macro_rules! shapes {
    ($($name:ident { $($field:ident),* $(,)? })*) => { $(impl super::Shape for aws_sdk_ec2::types::$name {
        fn json(&self) -> Option<serde_json::Value> {
            let mut map = kapell_modules::Map::new();
            $(super::put(&mut map, stringify!($field), &self.$field);)*
            Some(map.into())
        }
    })* };
}

/// An enumeration as the API's word for it.
macro_rules! words {
    ($($name:ident)*) => { $(impl super::Shape for aws_sdk_ec2::types::$name {
        fn json(&self) -> Option<serde_json::Value> {
            Some(self.as_str().into())
        }
    })* };
}

use {shapes, words};

fn put(map: &mut Map, field: &str, value: &impl Shape) {
    if let Some(value) = value.json() {
        map.insert(field.strip_prefix("r#").unwrap_or(field).to_owned(), value);
    }
}

/// A struct with its `tags` as a map of names and values; without any it has an empty one.
pub(crate) fn described(shape: &impl Shape) -> Map {
    let Some(Json::Object(mut map)) = shape.json() else { return Map::new() };
    let tags = tags_map(map.get("tags"));
    map.insert("tags".to_owned(), tags.into());
    map
}

/// `[{key, value}]` as a map.
fn tags_map(tags: Option<&Json>) -> Map {
    let entries = tags.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let text = |tag: &Json, name: &str| tag.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    entries.iter().map(|tag| (text(tag, "key"), text(tag, "value").into())).collect()
}
