//! The node's own time zone: from `TZ` or `/etc/localtime`, without a walk through the whole database of zones.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Read anew each time: a worker outlives a change of the zone.
pub(crate) fn zone() -> TimeZone {
    if std::env::var_os("TZ").is_some() {
        return TimeZone::system();
    }
    let Ok(bytes) = fs_err::read("/etc/localtime") else { return TimeZone::UTC };
    TimeZone::tzif("local", &bytes).unwrap_or_else(|_| TimeZone::system())
}

pub(crate) fn now() -> Zoned {
    Timestamp::now().to_zoned(zone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_on_the_wall_is_that_of_the_system() {
        let moment = Timestamp::from_second(1_795_235_454).unwrap();
        assert_eq!(zone().to_offset(moment), TimeZone::system().to_offset(moment));
    }
}
