//! What time it is on the node.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::collector::Facts;
use crate::Map;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    facts.set("date_time", describe(&crate::local_time::now()));
}

fn describe(now: &Zoned) -> Map {
    let local = |format: &str| now.strftime(format).to_string();
    let utc = now.with_time_zone(TimeZone::UTC);
    let epoch = now.timestamp().as_second().to_string();
    let entries = [
        ("year", local("%Y")),
        ("month", local("%m")),
        ("weekday", local("%A")),
        ("weekday_number", local("%w")),
        ("weeknumber", local("%W")),
        ("day", local("%d")),
        ("hour", local("%H")),
        ("minute", local("%M")),
        ("second", local("%S")),
        ("epoch", epoch.clone()),
        ("epoch_int", epoch),
        ("date", local("%Y-%m-%d")),
        ("time", local("%H:%M:%S")),
        ("iso8601_micro", utc.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()),
        ("iso8601", utc.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("iso8601_basic", local("%Y%m%dT%H%M%S%6f")),
        ("iso8601_basic_short", local("%Y%m%dT%H%M%S")),
        ("tz", local("%Z")),
        ("tz_dst", summer_name(now)),
        ("tz_offset", local("%z")),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

/// The zone's name while daylight saving is in force; its only name when it never is.
fn summer_name(now: &Zoned) -> String {
    let zone = now.time_zone();
    let abbreviation = |at: Timestamp| {
        let info = zone.to_offset_info(at);
        (info.dst().is_dst(), info.abbreviation().to_owned())
    };
    let here = [now.timestamp()].into_iter();
    let others = zone.preceding(now.timestamp()).take(4).map(|change| change.timestamp());
    let names: Vec<_> = here.chain(others).map(abbreviation).collect();
    let summer = names.iter().find(|(dst, _)| *dst).or(names.first());
    summer.map(|(_, name)| name.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_described() {
        let now: Zoned = "2026-11-21T05:30:54.668727+01:00[Europe/Berlin]".parse().unwrap();
        let facts = describe(&now);
        let expected = [
            ("weekday", "Saturday"),
            ("weekday_number", "6"),
            ("weeknumber", "46"),
            ("epoch", "1795235454"),
            ("iso8601", "2026-11-21T04:30:54Z"),
            ("iso8601_micro", "2026-11-21T04:30:54.668727Z"),
            ("iso8601_basic", "20261121T053054668727"),
            ("tz", "CET"),
            ("tz_dst", "CEST"),
            ("tz_offset", "+0100"),
        ];
        for (key, value) in expected {
            assert_eq!(facts[key], value, "{key}");
        }
    }
}
