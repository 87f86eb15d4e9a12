//! `Disk`: what `parted -m print` says about a device and its partitions.

use serde_json::{Map, Value, json};

use super::size::Size;

pub(super) struct Disk {
    pub(super) table: String,
    pub(super) size: Option<Size>,
    pub(super) partitions: Vec<Partition>,
    described: Value,
}

pub(super) struct Partition {
    pub(super) number: i64,
    pub(super) end: Option<Size>,
    pub(super) name: String,
    pub(super) flags: Vec<String>,
    described: Value,
}

impl Disk {
    /// `None` when the output is no such description.
    pub(super) fn parse(output: &str, unit: &str) -> Option<Self> {
        let mut lines = output.lines().map(|line| line.trim().trim_end_matches(';')).filter(|line| !line.is_empty());
        lines.by_ref().find(|line| matches!(*line, "BYT" | "CHS" | "CYL"))?;
        // A device's name may hold colons, but nobody's does.
        let fields: Vec<&str> = lines.next()?.split(':').collect();
        let [dev, size, _transport, logical, physical, table, model, ..] = fields[..] else { return None };
        let mut described = Map::new();
        described.insert("dev".to_owned(), dev.into());
        described.insert("size".to_owned(), measure(size));
        described.insert("unit".to_owned(), shown_unit(size, unit).into());
        for (key, value) in [("table", table), ("model", model)] {
            described.insert(key.to_owned(), value.into());
        }
        for (key, value) in [("logical_block", logical), ("physical_block", physical)] {
            described.insert(key.to_owned(), value.parse::<i64>().ok().into());
        }
        if matches!(unit, "chs" | "cyl") {
            described.insert("chs_info".to_owned(), geometry(lines.next()?)?);
        }
        Some(Self {
            table: table.to_owned(),
            size: Size::parse(size),
            partitions: lines.filter_map(|line| Partition::parse(line, unit)).collect(),
            described: described.into(),
        })
    }

    pub(super) fn described(&self) -> (Value, Vec<Value>) {
        (self.described.clone(), self.partitions.iter().map(|partition| partition.described.clone()).collect())
    }

    pub(super) fn partition(&self, number: i64) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.number == number)
    }
}

impl Partition {
    /// `number:begin:end:size:file system:name:flags`; there is no size in cylinders, heads and sectors.
    fn parse(line: &str, unit: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let number = fields.next()?.parse().ok()?;
        let (begin, end) = (fields.next()?, fields.next()?);
        let size = if unit == "chs" { Value::from("") } else { measure(fields.next()?) };
        let file_system = fields.next().unwrap_or_default();
        let name = fields.next().unwrap_or_default();
        let flags = fields.next().unwrap_or_default().split(", ").filter(|flag| !flag.is_empty());
        let flags: Vec<String> = flags.map(str::to_owned).collect();
        let described = json!({"num": number, "begin": measure(begin), "end": measure(end), "size": size,
            "fstype": file_system, "name": name, "flags": flags, "unit": shown_unit(end, unit)});
        Some(Self { number, end: Size::parse(end), name: name.to_owned(), flags, described })
    }
}

/// A number without its unit, or cylinder, head and sector.
fn measure(text: &str) -> Value {
    let parts: Vec<i64> = text.split(',').filter_map(|part| part.parse().ok()).collect();
    if let ([cylinder, head, sector], 2) = (&parts[..], text.matches(',').count()) {
        return json!({"cylinder": cylinder, "head": head, "sector": sector});
    }
    Size::parse(text).map_or(Value::Null, |size| size.number.into())
}

/// parted chooses the unit itself when it may.
fn shown_unit(text: &str, wanted: &str) -> String {
    match (wanted, Size::parse(text)) {
        ("chs", _) => "chs".to_owned(),
        (_, Some(size)) => size.unit.to_lowercase(),
        (wanted, None) => wanted.to_lowercase(),
    }
}

/// `cylinders:heads:sectors:size of a cylinder`.
fn geometry(line: &str) -> Option<Value> {
    let fields: Vec<&str> = line.split(':').collect();
    let [cylinders, heads, sectors, size] = fields[..] else { return None };
    let number = |text: &str| text.parse::<i64>().ok();
    let size = Size::parse(size)?;
    Some(json!({"cylinders": number(cylinders), "heads": number(heads), "sectors": number(sectors),
        "cyl_size": size.number, "cyl_size_unit": size.unit.to_lowercase()}))
}
