//! `SettingValue`: a setting as a value of the language, for whoever asks for one by its name.

use std::path::PathBuf;

use kapell_parsing::Value;

use crate::choices::{DuplicateKeys, Gathering, GroupNames, HashBehaviour, PatternMismatch, ResultFormat, VarsRoot};

pub(crate) trait SettingValue {
    fn value(&self) -> Value;
}

impl SettingValue for bool {
    fn value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl SettingValue for f64 {
    fn value(&self) -> Value {
        Value::Float(*self)
    }
}

impl SettingValue for String {
    fn value(&self) -> Value {
        self.as_str().into()
    }
}

impl SettingValue for PathBuf {
    fn value(&self) -> Value {
        self.to_string_lossy().into_owned().into()
    }
}

impl<T: SettingValue> SettingValue for Vec<T> {
    fn value(&self) -> Value {
        Value::list(self.iter().map(SettingValue::value).collect())
    }
}

impl<T: SettingValue> SettingValue for Option<T> {
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, SettingValue::value)
    }
}

macro_rules! integers {
    ($($type:ty)+) => {$(
        impl SettingValue for $type {
            fn value(&self) -> Value {
                Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )+};
}
integers!(usize u64 u16 u8);

macro_rules! named {
    ($($type:ty)+) => {$(
        impl SettingValue for $type {
            fn value(&self) -> Value {
                self.as_str().into()
            }
        }
    )+};
}
named!(DuplicateKeys Gathering GroupNames HashBehaviour PatternMismatch ResultFormat VarsRoot);
