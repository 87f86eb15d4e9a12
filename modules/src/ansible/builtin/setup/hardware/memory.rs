//! Memory, from `/proc/meminfo`.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::collector::Facts;
use crate::Map;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let text = fs_err::read_to_string("/proc/meminfo").unwrap_or_default();
    facts.extend(describe(&text));
}

fn describe(text: &str) -> Map {
    let sizes: BTreeMap<&str, u64> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter_map(|(key, value)| Some((key, value.split_whitespace().next()?.parse::<u64>().ok()?)))
        .collect();
    let size = |key: &str| sizes.get(key).copied().unwrap_or(0);
    let mb = |kilobytes: u64| kilobytes / 1024;
    let (total, free) = (size("MemTotal"), size("MemFree"));
    let unused = free + size("Cached") + size("Buffers");
    let facts = json!({
        "memtotal_mb": mb(total),
        "memfree_mb": mb(free),
        "swaptotal_mb": mb(size("SwapTotal")),
        "swapfree_mb": mb(size("SwapFree")),
        "memory_mb": {
            "real": { "total": mb(total), "used": mb(total.saturating_sub(free)), "free": mb(free) },
            "nocache": { "free": mb(unused), "used": mb(total.saturating_sub(unused)) },
            "swap": {
                "total": mb(size("SwapTotal")), "free": mb(size("SwapFree")),
                "used": mb(size("SwapTotal").saturating_sub(size("SwapFree"))), "cached": mb(size("SwapCached")),
            },
        },
    });
    facts.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn sizes_are_in_megabytes() {
        let facts =
            describe("MemTotal: 4096 kB\nMemFree: 1024 kB\nCached: 1024 kB\nBuffers: 512 kB\nSwapTotal: 0 kB\n");
        assert_eq!((&facts["memtotal_mb"], &facts["memfree_mb"]), (&4.into(), &1.into()));
        assert_eq!(facts["memory_mb"]["real"]["used"], 3);
        assert_eq!(facts["memory_mb"]["nocache"]["free"], 2);
    }
}
