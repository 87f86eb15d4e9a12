//! How many values a MessagePack payload holds, counted without making them.

/// Stops where the payload is cut short or makes no sense: the reader finds that, too.
pub(crate) fn values_in(payload: &[u8]) -> usize {
    let (mut at, mut count) = (0, 0);
    while let Some(marker) = payload.get(at) {
        at += 1;
        count += 1;
        // Containers are their marker; what is in them follows and is counted in its turn.
        let skipped = match marker {
            0x00..=0x9f | 0xc0..=0xc3 | 0xe0..=0xff => Some(0),
            0xa0..=0xbf => Some(usize::from(marker & 0x1f)),
            0xc4 | 0xd9 => length(payload, at, 1).map(|length| 1 + length),
            0xc5 | 0xda => length(payload, at, 2).map(|length| 2 + length),
            0xc6 | 0xdb => length(payload, at, 4).map(|length| 4 + length),
            0xc7 => length(payload, at, 1).map(|length| 2 + length),
            0xc8 => length(payload, at, 2).map(|length| 3 + length),
            0xc9 => length(payload, at, 4).map(|length| 5 + length),
            0xcc | 0xd0 => Some(1),
            0xcd | 0xd1 | 0xd4 | 0xdc | 0xde => Some(2),
            0xd5 => Some(3),
            0xca | 0xce | 0xd2 | 0xdd | 0xdf => Some(4),
            0xd6 => Some(5),
            0xcb | 0xcf | 0xd3 => Some(8),
            0xd7 => Some(9),
            0xd8 => Some(17),
        };
        let Some(skipped) = skipped else { break };
        at = at.saturating_add(skipped);
    }
    count
}

fn length(payload: &[u8], at: usize, bytes: usize) -> Option<usize> {
    let digits = payload.get(at..at + bytes)?;
    Some(digits.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::values_in;
    use serde_json::json;

    #[test]
    fn every_value_and_key_counts_once() {
        let cases = [
            (json!(null), 1),
            (json!([1, -1, 300, 70000, 5_000_000_000_u64, -200, -40000, -3_000_000_000_i64, 1.5, true]), 11),
            (json!({"a": "b", "c": {"d": []}}), 7),
            (json!(["x".repeat(40), "x".repeat(300), "x".repeat(70000)]), 4),
            (json!(vec![0; 70000]), 70001),
        ];
        for (value, expected) in cases {
            assert_eq!(values_in(&rmp_serde::to_vec(&value).unwrap()), expected, "{value:.60}");
        }
        assert_eq!(values_in(b"\xdb\xff\xff\xff\xffrest"), 1);
        assert_eq!(values_in(b"\xdb\xff"), 1);
    }
}
