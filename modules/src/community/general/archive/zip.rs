//! Zip archives: writing one (deflate, no zip64), and what one holds.

use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use flate2::Crc;
use flate2::write::DeflateEncoder;

use super::members::Member;
use crate::ModuleError;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Names are UTF-8.
const FLAGS: u16 = 0x0800;
/// What a reader has to understand: deflate and directories.
const VERSION: u16 = 20;
const END_SIZE: usize = 22;

/// What both headers of an entry say.
struct Entry {
    name: String,
    method: u16,
    time: (u16, u16),
    crc: u32,
    packed: u32,
    size: u32,
    mode: u32,
    offset: u32,
}

pub(super) fn write(target: &Path, members: &[Member]) -> Result<(), ModuleError> {
    let mut out = Vec::new();
    let mut file = fs_err::File::create(target)?;
    let mut offset: u64 = 0;
    let mut entries = Vec::new();
    for member in members {
        let (entry, data) = packed(member, offset)?;
        out.clear();
        entry.local_header(&mut out);
        out.extend_from_slice(&data);
        file.write_all(&out)?;
        offset += out.len() as u64;
        entries.push(entry);
    }
    out.clear();
    entries.iter().for_each(|entry| entry.central_header(&mut out));
    let count = u16::try_from(entries.len()).map_err(|_| too_large("number of files"))?;
    let start = u32::try_from(offset).map_err(|_| too_large("archive"))?;
    let length = u32::try_from(out.len()).map_err(|_| too_large("directory"))?;
    put(&mut out, &[END], &[]);
    put(&mut out, &[], &[0, 0, count, count]);
    put(&mut out, &[length, start], &[0]);
    file.write_all(&out)?;
    Ok(())
}

fn too_large(what: &str) -> ModuleError {
    ModuleError::failed(format!("Failed to archive: the {what} is too large for a zip archive"))
}

fn packed(member: &Member, offset: u64) -> Result<(Entry, Vec<u8>), ModuleError> {
    let found = fs_err::metadata(&member.path)?;
    let is_dir = found.is_dir();
    let content = if is_dir { Vec::new() } else { fs_err::read(&member.path)? };
    let mut crc = Crc::new();
    crc.update(&content);
    let data = if is_dir {
        Vec::new()
    } else {
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&content)?;
        encoder.finish()?
    };
    let entry = Entry {
        name: if is_dir { format!("{}/", member.name) } else { member.name.clone() },
        method: if is_dir { 0 } else { 8 },
        time: dos_time(found.mtime()),
        crc: crc.sum(),
        packed: u32::try_from(data.len()).map_err(|_| too_large("file"))?,
        size: u32::try_from(content.len()).map_err(|_| too_large("file"))?,
        mode: found.mode(),
        offset: u32::try_from(offset).map_err(|_| too_large("archive"))?,
    };
    Ok((entry, data))
}

impl Entry {
    fn local_header(&self, out: &mut Vec<u8>) {
        put(out, &[LOCAL], &[VERSION, FLAGS, self.method, self.time.0, self.time.1]);
        put(out, &[self.crc, self.packed, self.size], &[self.name.len() as u16, 0]);
        out.extend_from_slice(self.name.as_bytes());
    }

    fn central_header(&self, out: &mut Vec<u8>) {
        // Made on Unix: the upper half of the attributes is the mode, bit 4 of the lower one a directory.
        let attributes = self.mode << 16 | if self.name.ends_with('/') { 0x10 } else { 0 };
        put(out, &[CENTRAL], &[0x0300 | VERSION, VERSION, FLAGS, self.method, self.time.0, self.time.1]);
        put(out, &[self.crc, self.packed, self.size], &[self.name.len() as u16, 0, 0, 0, 0]);
        put(out, &[attributes, self.offset], &[]);
        out.extend_from_slice(self.name.as_bytes());
    }
}

/// Numbers of four bytes, then numbers of two.
fn put(out: &mut Vec<u8>, long: &[u32], short: &[u16]) {
    long.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    short.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

/// Local time and date as MS-DOS writes them; it began in 1980.
fn dos_time(seconds: i64) -> (u16, u16) {
    let Ok(time) = jiff::Timestamp::from_second(seconds) else { return (0, 33) };
    let time = time.to_zoned(crate::local_time::zone());
    let number = |value: i8| u16::from(value.unsigned_abs());
    let Ok(year) = u16::try_from(time.year() - 1980) else { return (0, 33) };
    let date = year << 9 | number(time.month()) << 5 | number(time.day());
    (number(time.hour()) << 11 | number(time.minute()) << 5 | (number(time.second()) / 2), date)
}

/// A line for every member: its name and checksum, sorted.
pub(super) fn contents(path: &Path) -> io::Result<Vec<String>> {
    let mut bytes = Vec::new();
    fs_err::File::open(path)?.read_to_end(&mut bytes)?;
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "not a zip archive");
    let end = bytes.len().checked_sub(END_SIZE).ok_or_else(broken)?;
    let long = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let short = |at: usize| bytes.get(at..at + 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    if long(end) != Some(END) {
        return Err(broken());
    }
    let mut at = long(end + 16).ok_or_else(broken)? as usize;
    let mut lines = Vec::new();
    while at < end && long(at) == Some(CENTRAL) {
        let length = short(at + 28).ok_or_else(broken)?;
        let name = bytes.get(at + 46..at + 46 + length).ok_or_else(broken)?;
        let crc = long(at + 16).ok_or_else(broken)?;
        lines.push(format!("{:?} {crc}", String::from_utf8_lossy(name)));
        at += 46 + length + short(at + 30).unwrap_or(0) + short(at + 32).unwrap_or(0);
    }
    lines.sort();
    Ok(lines)
}
