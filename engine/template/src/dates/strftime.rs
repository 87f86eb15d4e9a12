//! `strftime`: the C library's directives in its C locale.

use std::fmt::Write as _;

use jiff::tz::{Offset, TimeZone};

use super::DateTime;

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(crate) fn strftime(date: &DateTime, format: &str) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(mut directive) = chars.next() else {
            out.push('%');
            break;
        };
        let flag = matches!(directive, '-' | '_' | '^' | '0' | '#').then_some(directive);
        if flag.is_some() {
            directive = chars.next().unwrap_or('%');
        }
        let text = expand(date, directive);
        match flag {
            Some('-') => out.push_str(trim_padding(&text)),
            Some('_') => out.push_str(&spaces_for_zeros(&text)),
            Some('^' | '#') => out.push_str(&text.to_uppercase()),
            _ => out.push_str(&text),
        }
    }
    out
}

fn trim_padding(text: &str) -> &str {
    let trimmed = text.trim_start_matches(['0', ' ']);
    if trimmed.is_empty() { "0" } else { trimmed }
}

fn spaces_for_zeros(text: &str) -> String {
    let trimmed = trim_padding(text);
    " ".repeat(text.len() - trimmed.len()) + trimmed
}

fn expand(date: &DateTime, directive: char) -> String {
    let civil = date.civil;
    let (year, month, day) = (civil.year(), civil.month(), civil.day());
    let hour = civil.hour();
    let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let sunday = i16::from(civil.weekday().to_sunday_zero_offset());
    let monday = i16::from(civil.weekday().to_monday_zero_offset());
    let day_of_year = civil.date().day_of_year();
    let iso = civil.date().iso_week_date();
    match directive {
        'a' => DAYS[sunday as usize][..3].into(),
        'A' => DAYS[sunday as usize].into(),
        'b' | 'h' => MONTHS[month as usize - 1][..3].into(),
        'B' => MONTHS[month as usize - 1].into(),
        'c' => strftime(date, "%a %b %e %H:%M:%S %Y"),
        'C' => format!("{:02}", year / 100),
        'd' => format!("{day:02}"),
        'D' | 'x' => strftime(date, "%m/%d/%y"),
        'e' => format!("{day:2}"),
        'f' => format!("{:06}", civil.subsec_nanosecond() / 1000),
        'F' => strftime(date, "%Y-%m-%d"),
        'g' => format!("{:02}", iso.year().rem_euclid(100)),
        'G' => iso.year().to_string(),
        'H' => format!("{hour:02}"),
        'I' => format!("{hour12:02}"),
        'j' => format!("{day_of_year:03}"),
        'k' => format!("{hour:2}"),
        'l' => format!("{hour12:2}"),
        'm' => format!("{month:02}"),
        'M' => format!("{:02}", civil.minute()),
        'n' => "\n".into(),
        'p' => if hour < 12 { "AM" } else { "PM" }.into(),
        'P' => if hour < 12 { "am" } else { "pm" }.into(),
        'r' => strftime(date, "%I:%M:%S %p"),
        'R' => strftime(date, "%H:%M"),
        's' => date.timestamp().map_or_else(String::new, |timestamp| timestamp.as_second().to_string()),
        'S' => format!("{:02}", civil.second()),
        't' => "\t".into(),
        'T' | 'X' => strftime(date, "%H:%M:%S"),
        'u' => (monday + 1).to_string(),
        'U' => format!("{:02}", (day_of_year + 6 - sunday) / 7),
        'V' => format!("{:02}", iso.week()),
        'w' => sunday.to_string(),
        'W' => format!("{:02}", (day_of_year + 6 - monday) / 7),
        'y' => format!("{:02}", year.rem_euclid(100)),
        'Y' => year.to_string(),
        'z' => date.offset.map_or_else(String::new, |offset| offset_text(offset, "")),
        'Z' => zone_name(date),
        '%' => "%".into(),
        other => format!("%{other}"),
    }
}

fn zone_name(date: &DateTime) -> String {
    match date.offset {
        Some(offset) if offset == Offset::UTC => "UTC".into(),
        Some(offset) => format!("UTC{}", offset_text(offset, ":")),
        None => String::new(),
    }
}

/// `+02:00`, with `separator` between hours and minutes.
pub(super) fn offset_text(offset: Offset, separator: &str) -> String {
    let seconds = offset.seconds();
    let (sign, seconds) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let mut text = format!("{sign}{:02}{separator}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 {
        let _ = write!(text, "{separator}{:02}", seconds % 60);
    }
    text
}

/// The local zone's offset at a time that knows none: what `time.strftime` prints for `%z` and `%Z`.
pub(crate) fn with_local_offset(date: DateTime, utc: bool) -> DateTime {
    let zone = if utc { TimeZone::UTC } else { TimeZone::system() };
    let offset = date.civil.to_zoned(zone).ok().map(|zoned| zoned.offset());
    DateTime::new(date.civil, offset)
}
