//! File modes as playbooks write them: numbers, octal strings and symbolic changes.

use serde_json::Value;

const ALL_BITS: u32 = 0o7777;

/// What a new mode is worked out from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModeBase {
    pub(crate) current: u32,
    pub(crate) is_dir: bool,
    pub(crate) umask: u32,
}

/// The mode that `wanted` asks for on a file like `base`. The error is the detail of the refusal.
pub(crate) fn resolve(wanted: &Value, base: ModeBase) -> Result<u32, String> {
    match wanted {
        Value::Number(number) => number
            .as_i64()
            .map(|number| (number & i64::from(ALL_BITS)) as u32)
            .ok_or_else(|| format!("bad mode: {number}")),
        Value::String(text) => resolve_text(text, base),
        other => Err(format!("bad mode: {other}")),
    }
}

fn resolve_text(text: &str, base: ModeBase) -> Result<u32, String> {
    let digits = text.trim().trim_start_matches("0o").trim_start_matches("0O");
    if let Ok(number) = u32::from_str_radix(digits, 8) {
        return Ok(number & ALL_BITS);
    }
    text.split(',').try_fold(base.current & ALL_BITS, |mode, clause| {
        apply_clause(clause, ModeBase { current: mode, ..base })
            .ok_or_else(|| format!("bad symbolic permission for mode: {clause}"))
    })
}

/// One `u+rwX`; several operators may follow one another, `u+r-w`.
fn apply_clause(clause: &str, base: ModeBase) -> Option<u32> {
    let operators = clause.find(['+', '-', '=']);
    let Some(at) = operators else { return clause.is_empty().then_some(base.current) };
    let (who, mut rest) = clause.split_at(at);
    if !who.chars().all(|c| matches!(c, 'u' | 'g' | 'o' | 'a')) {
        return None;
    }
    let umask = if who.is_empty() { base.umask } else { 0 };
    let who = if who.is_empty() || who.contains('a') { "ugo" } else { who };
    let mut mode = base.current;
    while let Some(operator) = rest.chars().next() {
        let tail = &rest[1..];
        let (permissions, next) = tail.split_at(tail.find(['+', '-', '=']).unwrap_or(tail.len()));
        for class in who.chars() {
            mode = apply(mode, class, operator, permissions, base, umask)?;
        }
        rest = next;
    }
    Some(mode)
}

fn apply(mode: u32, class: char, operator: char, permissions: &str, base: ModeBase, umask: u32) -> Option<u32> {
    let (shift, special) = match class {
        'u' => (6, 0o4000),
        'g' => (3, 0o2000),
        _ => (0, 0o1000),
    };
    let mut bits = 0;
    for permission in permissions.chars() {
        bits |= match permission {
            'r' => 0o4 << shift,
            'w' => 0o2 << shift,
            'x' => 0o1 << shift,
            'X' if base.is_dir || base.current & 0o111 != 0 => 0o1 << shift,
            's' if class != 'o' => special,
            't' if class == 'o' => special,
            'X' | 's' | 't' => 0,
            'u' => ((base.current >> 6) & 7) << shift,
            'g' => ((base.current >> 3) & 7) << shift,
            'o' => (base.current & 7) << shift,
            _ => return None,
        };
    }
    bits &= !umask;
    Some(match operator {
        '+' => mode | bits,
        '-' => mode & !bits,
        _ => (mode & !((7 << shift) | special)) | bits,
    })
}

/// `0644`, as results show it.
pub(crate) fn octal(mode: u32) -> String {
    format!("{:04o}", mode & ALL_BITS)
}

/// `0644` and `01755`: always with a zero in front, as results about a path show it.
pub(crate) fn zero_octal(mode: u32) -> String {
    format!("0{:03o}", mode & ALL_BITS)
}

/// The keys that say which permissions a mode has.
pub(crate) const PERMISSION_BITS: [(&str, u32); 11] = [
    ("rusr", 0o400),
    ("wusr", 0o200),
    ("xusr", 0o100),
    ("rgrp", 0o040),
    ("wgrp", 0o020),
    ("xgrp", 0o010),
    ("roth", 0o004),
    ("woth", 0o002),
    ("xoth", 0o001),
    ("isuid", 0o4000),
    ("isgid", 0o2000),
];

/// A file's time as results have it: seconds since 1970.
pub(crate) fn seconds(seconds: i64, nanoseconds: i64) -> f64 {
    seconds as f64 + nanoseconds as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn modes_resolve_as_measured() {
        let cases = [
            (0o644, json!("u+rwX,g=o"), 0o644),
            (0o644, json!("u=rw,g=r,o="), 0o640),
            (0o640, json!("+x"), 0o751),
            (0o751, json!("a+X"), 0o751),
            (0o600, json!("a+X"), 0o600),
            (0o751, json!("0o644"), 0o644),
            (0o751, json!(420), 0o644),
            (0o1204, json!("u=g"), 0o1004),
            (0o1004, json!("g+s,o+t"), 0o3004),
            (0o3004, json!("u=rwx,g-"), 0o3704),
            (0o3704, json!(""), 0o3704),
            (0o3704, json!("-x"), 0o3604),
            (0o3604, json!("=r"), 0o444),
            (0o444, json!("u+r+w"), 0o644),
            (0o666, json!("u-r,u+x,g=u"), 0o336),
            (0o644, json!(-1), 0o7777),
            (0o644, json!(99999), 0o3237),
            (0o7777, json!("u=xs"), 0o7177),
        ];
        for (current, wanted, expected) in cases {
            let base = ModeBase { current, is_dir: false, umask: 0o022 };
            let mode = resolve(&wanted, base).unwrap();
            assert_eq!(octal(mode), octal(expected), "{current:o} {wanted}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for wanted in ["u+z", "9999", "preserve", "z+r", "u"] {
            let base = ModeBase { current: 0o644, is_dir: false, umask: 0o022 };
            assert!(resolve(&json!(wanted), base).is_err(), "{wanted}");
        }
    }
}
