//! YAML 1.1 timestamps. They become ISO texts, as Python's `isoformat()` makes them.

/// `2024-01-31` as it is; `2001-12-14t21:59:43.1-5` as `2001-12-14T21:59:43.100000-05:00`. `None` for text that is no
/// timestamp, or a date that is not in the calendar.
pub(super) fn iso(text: &str) -> Option<String> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (date, time) = match text.find(['T', 't', ' ', '\t']) {
        Some(place) => (&text[..place], Some(&text[place..])),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let year = digits(parts.next()?, 4..=4)?;
    let shortest = if time.is_some() { 1 } else { 2 };
    let month = digits(parts.next()?, shortest..=2)?;
    let day = digits(parts.next()?, shortest..=2)?;
    if year == 0 || !(1..=12).contains(&month) || !(1..=days(year, month)).contains(&day) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    match time {
        Some(time) => Some(format!("{date}T{}", iso_time(time)?)),
        None => Some(date),
    }
}

/// From the separator on: `t21:59:43.10 -05:00`.
fn iso_time(text: &str) -> Option<String> {
    let time = text.strip_prefix(['T', 't']).unwrap_or_else(|| text.trim_start_matches([' ', '\t']));
    let end = time.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(time.len());
    let (clock, zone) = time.split_at(end);
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, fraction),
        None => (clock, ""),
    };
    let mut parts = clock.splitn(3, ':');
    let hour = digits(parts.next()?, 1..=2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2..=2).filter(|minute| *minute < 60)?;
    let second = digits(parts.next()?, 2..=2).filter(|second| *second < 60)?;
    Some(format!("{hour:02}:{minute:02}:{second:02}{}{}", iso_fraction(fraction)?, iso_zone(zone)?))
}

/// Microseconds, unless they are none.
fn iso_fraction(fraction: &str) -> Option<String> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Some(if micros == "000000" { String::new() } else { format!(".{micros}") })
}

fn iso_zone(zone: &str) -> Option<String> {
    let trimmed = zone.trim_start_matches([' ', '\t']);
    let (sign, offset) = match trimmed.chars().next() {
        None if zone.is_empty() => return Some(String::new()),
        Some('Z') if trimmed.len() == 1 => return Some("+00:00".into()),
        Some(sign @ ('+' | '-')) => (sign, &trimmed[1..]),
        _ => return None,
    };
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "00"));
    let hours = digits(hours, 1..=2).filter(|hours| *hours < 24)?;
    let minutes = digits(minutes, 2..=2).filter(|minutes| *minutes < 60)?;
    let sign = if hours == 0 && minutes == 0 { '+' } else { sign };
    Some(format!("{sign}{hours:02}:{minutes:02}"))
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    (length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
