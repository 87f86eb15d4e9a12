//! `timedelta`: a duration in microseconds.

use crate::evaluate::{Arguments, Fault, Rendering};
use crate::object::{Native, Object};

const DAY: i128 = 86_400_000_000;

pub(crate) struct TimeDelta {
    pub(crate) microseconds: i128,
}

impl TimeDelta {
    pub(crate) fn new(microseconds: i128) -> Self {
        Self { microseconds }
    }

    /// Days, seconds of the day and microseconds of the second; only days can be negative.
    fn parts(&self) -> (i128, i128, i128) {
        let within = self.microseconds.rem_euclid(DAY);
        (self.microseconds.div_euclid(DAY), within / 1_000_000, within % 1_000_000)
    }
}

impl Native for TimeDelta {
    fn type_name(&self) -> &'static str {
        "timedelta"
    }

    fn repr(&self) -> String {
        let (days, seconds, micros) = self.parts();
        let parts = [("days", days), ("seconds", seconds), ("microseconds", micros)];
        let parts = parts.iter().filter(|(_, number)| *number != 0).map(|(name, number)| format!("{name}={number}"));
        let parts: Vec<String> = parts.collect();
        format!("datetime.timedelta({})", if parts.is_empty() { "0".to_owned() } else { parts.join(", ") })
    }

    fn text(&self) -> String {
        let (days, seconds, micros) = self.parts();
        let mut text = match days {
            0 => String::new(),
            1 | -1 => format!("{days} day, "),
            _ => format!("{days} days, "),
        };
        text.push_str(&format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
        if micros != 0 {
            text.push_str(&format!(".{micros:06}"));
        }
        text
    }

    fn is_truthy(&self) -> bool {
        self.microseconds != 0
    }

    fn attribute(&self, name: &str) -> Option<Object> {
        let (days, seconds, micros) = self.parts();
        let number = match name {
            "days" => days,
            "seconds" => seconds,
            "microseconds" => micros,
            _ => return None,
        };
        i64::try_from(number).ok().map(Object::Int)
    }

    fn call_method(
        &self,
        _rendering: &Rendering<'_>,
        name: &str,
        _arguments: &mut Arguments,
    ) -> Option<Result<Object, Fault>> {
        (name == "total_seconds").then(|| Ok(Object::Float(self.microseconds as f64 / 1e6)))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
