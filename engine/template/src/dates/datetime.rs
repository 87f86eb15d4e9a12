//! `datetime`: a local date and time, with an offset from UTC where one is known.

use std::cmp::Ordering;

use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use kapell_parsing::{Text, Value};

use super::strftime;
use crate::evaluate::{Arguments, Fault, Rendering};
use crate::object::{Native, Object};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Both,
    Date,
    Time,
}

/// The date of a time alone.
const NO_DATE: civil::Date = civil::Date::constant(2000, 1, 1);

pub(crate) struct DateTime {
    pub(crate) civil: civil::DateTime,
    pub(crate) offset: Option<Offset>,
    /// `date()` and `time()` give halves, which print as such.
    part: Part,
}

/// The current time, local or in UTC; without an offset, as Ansible's `now()` is.
pub(crate) fn now(utc: bool) -> DateTime {
    let zone = if utc { TimeZone::UTC } else { TimeZone::system() };
    DateTime::new(microseconds_only(Zoned::now().with_time_zone(zone).datetime()), None)
}

fn microseconds_only(civil: civil::DateTime) -> civil::DateTime {
    let whole = civil.subsec_nanosecond() / 1000 * 1000;
    civil.with().subsec_nanosecond(whole).build().unwrap_or(civil)
}

impl DateTime {
    pub(crate) fn new(civil: civil::DateTime, offset: Option<Offset>) -> Self {
        Self { civil, offset, part: Part::Both }
    }

    /// Python's `strptime`.
    pub(crate) fn parse(text: &str, format: &str) -> Option<Self> {
        let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
        let offset = parsed.offset();
        let date = parsed.to_date().unwrap_or_else(|_| {
            let month = parsed.month().unwrap_or(1);
            civil::Date::new(parsed.year().unwrap_or(1900), month, parsed.day().unwrap_or(1))
                .unwrap_or(civil::Date::constant(1900, 1, 1))
        });
        let time = parsed.to_time().unwrap_or_else(|_| civil::Time::midnight());
        Some(Self::new(date.to_datetime(time), offset))
    }

    /// A point in time in the local zone or in UTC, without an offset.
    pub(crate) fn from_epoch(seconds: f64, utc: bool) -> Option<Self> {
        let duration = SignedDuration::try_from_secs_f64(seconds).ok()?;
        let zone = if utc { TimeZone::UTC } else { TimeZone::system() };
        Some(Self::new(Timestamp::from_duration(duration).ok()?.to_zoned(zone).datetime(), None))
    }

    /// Python's `isoformat` read back; `only_date`: a date without a time.
    pub(crate) fn from_iso(text: &str, only_date: bool) -> Option<Self> {
        let part = if only_date { Part::Date } else { Part::Both };
        if let Some((civil, offset)) = text.get(19..).and_then(|rest| {
            let at = 19 + rest.find(['+', '-'])?;
            Some((text.get(..at)?, text.get(at..)?))
        }) {
            let seconds = jiff::fmt::strtime::parse("%:z", offset).ok()?.offset()?;
            return Some(Self { civil: civil.parse().ok()?, offset: Some(seconds), part });
        }
        Some(Self { civil: text.parse().ok()?, offset: None, part })
    }

    /// A text that is marked as a date or a point in time.
    pub(crate) fn from_moment(text: &Text) -> Option<Self> {
        if text.len() == "2024-01-31".len() {
            return Self::from_iso(text, true);
        }
        if text.as_bytes().get(2) == Some(&b':') {
            let civil = NO_DATE.to_datetime(text.parse().ok()?);
            return Some(Self { civil, offset: None, part: Part::Time });
        }
        Self::from_iso(&text.replacen(' ', "T", 1), false)
    }

    pub(crate) fn iso(&self) -> String {
        self.separated('T')
    }

    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        match self.offset {
            Some(offset) => offset.to_timestamp(self.civil).ok(),
            None => self.civil.to_zoned(TimeZone::system()).ok().map(|zoned| zoned.timestamp()),
        }
    }

    /// Microseconds since `other`.
    pub(super) fn since(&self, other: &Self) -> Result<i128, Fault> {
        if self.offset.is_some() != other.offset.is_some() {
            return Err(Fault::error("can't subtract offset-naive and offset-aware datetimes"));
        }
        Ok(self.microseconds() - other.microseconds())
    }

    /// Microseconds since a fixed day, offsets taken into account.
    fn microseconds(&self) -> i128 {
        let since = self.civil.duration_since(civil::DateTime::constant(2000, 1, 1, 0, 0, 0, 0));
        since.as_micros() - i128::from(self.offset.map_or(0, Offset::seconds)) * 1_000_000
    }

    pub(super) fn plus(&self, microseconds: i128) -> Result<Self, Fault> {
        let out_of_range = || Fault::error("date value out of range");
        let micros = i64::try_from(microseconds).map_err(|_| out_of_range())?;
        let civil = self.civil.checked_add(SignedDuration::from_micros(micros)).map_err(|_| out_of_range())?;
        Ok(Self { civil, offset: self.offset, part: self.part })
    }

    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        (self.offset.is_some() == other.offset.is_some()).then(|| self.microseconds().cmp(&other.microseconds()))
    }

    fn separated(&self, separator: char) -> String {
        let (date, time) = (self.civil.date(), self.civil.time());
        let date = format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
        let mut clock = format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
        let micros = time.subsec_nanosecond() / 1000;
        if micros != 0 {
            clock.push_str(&format!(".{micros:06}"));
        }
        if let Some(offset) = self.offset {
            clock.push_str(&strftime::offset_text(offset, ":"));
        }
        match self.part {
            Part::Both => format!("{date}{separator}{clock}"),
            Part::Date => date,
            Part::Time => clock,
        }
    }

    fn replaced(&self, arguments: &mut Arguments) -> Result<Object, Fault> {
        let mut number = |name: &str, old: i32| -> Result<i32, Fault> {
            match arguments.take(name) {
                Some(Object::Int(new)) => {
                    i32::try_from(new).map_err(|_| Fault::error(format!("{name} is out of range")))
                }
                Some(_) => Err(Fault::error(format!("{name} must be an integer"))),
                None => Ok(old),
            }
        };
        let bad = |_| Fault::error("day is out of range for month");
        let small = |number: i32| i8::try_from(number).unwrap_or(-1);
        let civil = self
            .civil
            .with()
            .year(i16::try_from(number("year", self.civil.year().into())?).unwrap_or(-1))
            .month(small(number("month", self.civil.month().into())?))
            .day(small(number("day", self.civil.day().into())?))
            .hour(small(number("hour", self.civil.hour().into())?))
            .minute(small(number("minute", self.civil.minute().into())?))
            .second(small(number("second", self.civil.second().into())?))
            .subsec_nanosecond(number("microsecond", self.civil.subsec_nanosecond() / 1000)?.saturating_mul(1000))
            .build()
            .map_err(bad)?;
        let offset = match arguments.take("tzinfo") {
            Some(_) => None,
            None => self.offset,
        };
        Ok(Object::native(Self { civil, offset, part: self.part }))
    }

    fn half(&self, part: Part) -> Object {
        let civil = match part {
            Part::Both => self.civil,
            Part::Date => self.civil.date().to_datetime(civil::Time::midnight()),
            Part::Time => NO_DATE.to_datetime(self.civil.time()),
        };
        Object::native(Self { civil, offset: None, part })
    }
}

impl Native for DateTime {
    fn type_name(&self) -> &'static str {
        match self.part {
            Part::Both => "datetime",
            Part::Date => "date",
            Part::Time => "time",
        }
    }

    fn repr(&self) -> String {
        let (date, time) = (self.civil.date(), self.civil.time());
        let micros = time.subsec_nanosecond() / 1000;
        let mut clock = format!("{}, {}", time.hour(), time.minute());
        match (time.second(), micros) {
            (0, 0) => {}
            (second, 0) => clock.push_str(&format!(", {second}")),
            (second, micros) => clock.push_str(&format!(", {second}, {micros}")),
        }
        let zone = self.offset.map_or_else(String::new, |offset| match offset.seconds() {
            0 => ", tzinfo=datetime.timezone.utc".into(),
            seconds => {
                let delta = super::TimeDelta::new(i128::from(seconds) * 1_000_000);
                format!(", tzinfo=datetime.timezone({})", delta.repr())
            }
        });
        let date = format!("{}, {}, {}", date.year(), date.month(), date.day());
        match self.part {
            Part::Both => format!("datetime.datetime({date}, {clock}{zone})"),
            Part::Date => format!("datetime.date({date})"),
            Part::Time => format!("datetime.time({clock})"),
        }
    }

    fn text(&self) -> String {
        self.separated(' ')
    }

    fn attribute(&self, name: &str) -> Option<Object> {
        let number: i64 = match name {
            "year" => self.civil.year().into(),
            "month" => self.civil.month().into(),
            "day" => self.civil.day().into(),
            "hour" => self.civil.hour().into(),
            "minute" => self.civil.minute().into(),
            "second" => self.civil.second().into(),
            "microsecond" => (self.civil.subsec_nanosecond() / 1000).into(),
            "tzinfo" => {
                return Some(self.offset.map_or(Object::Null, |offset| {
                    Object::from(format!("UTC{}", strftime::offset_text(offset, ":")))
                }));
            }
            _ => return None,
        };
        Some(number.into())
    }

    fn call_method(
        &self,
        _rendering: &Rendering<'_>,
        name: &str,
        arguments: &mut Arguments,
    ) -> Option<Result<Object, Fault>> {
        let weekday = i64::from(self.civil.date().weekday().to_monday_zero_offset());
        Some(Ok(match name {
            "strftime" => {
                let format = arguments.positional.first().and_then(Object::as_str).map(ToOwned::to_owned);
                match format {
                    Some(format) => strftime(self, &format).into(),
                    None => return Some(Err(Fault::error("strftime() takes exactly 1 argument (0 given)"))),
                }
            }
            "isoformat" => {
                let separator = arguments.positional.first().and_then(Object::as_str).and_then(|s| s.chars().next());
                self.separated(separator.unwrap_or('T')).into()
            }
            "timestamp" => match self.timestamp() {
                Some(timestamp) => Object::Float(timestamp.as_microsecond() as f64 / 1e6),
                None => return Some(Err(Fault::error("date value out of range"))),
            },
            "date" => self.half(Part::Date),
            "time" => self.half(Part::Time),
            "weekday" => weekday.into(),
            "isoweekday" => (weekday + 1).into(),
            "utcoffset" => self.offset.map_or(Object::Null, |offset| {
                Object::native(super::TimeDelta::new(i128::from(offset.seconds()) * 1_000_000))
            }),
            "replace" => return Some(self.replaced(arguments)),
            _ => return None,
        }))
    }

    fn to_value(&self) -> Option<Value> {
        Some(Value::Str(Text::new(self.separated('T')).as_moment()))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
