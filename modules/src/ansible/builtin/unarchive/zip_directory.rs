//! The central directory of a zip file: what it holds, without unpacking it.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
/// The end record and the longest comment after it.
const LONGEST_END: u64 = 22 + 0xffff;

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub name: String,
    pub size: u64,
    pub crc: u32,
    /// Seconds of the epoch.
    pub modified: Option<i64>,
    /// What Unix programs note besides.
    pub mode: Option<u32>,
}

impl Member {
    pub(super) fn is_dir(&self) -> bool {
        self.name.ends_with('/')
    }

    /// Beyond 4 GiB the size is elsewhere.
    pub(super) fn known_size(&self) -> Option<u64> {
        (self.size != 0xffff_ffff).then_some(self.size)
    }
}

pub(super) fn read(path: &Path) -> io::Result<Vec<Member>> {
    let mut file = fs_err::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_END)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let end =
        tail.windows(4).rposition(|window| window == END).ok_or_else(|| invalid("no end of central directory"))?;
    let (size, start) = (number(&tail, end + 12, 4)?, number(&tail, end + 16, 4)?);
    if start.saturating_add(size) > length {
        return Err(invalid("the central directory lies outside the file"));
    }
    file.seek(SeekFrom::Start(start))?;
    let mut directory = Vec::new();
    file.take(size).read_to_end(&mut directory)?;
    parse(&directory)
}

fn parse(directory: &[u8]) -> io::Result<Vec<Member>> {
    let mut members = Vec::new();
    let mut at = 0;
    while directory.get(at..at + 4) == Some(ENTRY) {
        let field = |offset: usize, length: usize| number(directory, at + offset, length);
        let (name_length, extra, comment) = (field(28, 2)? as usize, field(30, 2)? as usize, field(32, 2)? as usize);
        let name = directory.get(at + 46..at + 46 + name_length).ok_or_else(|| invalid("cut off"))?;
        let extra_at = at + 46 + name_length;
        let extra_fields = directory.get(extra_at..extra_at + extra).ok_or_else(|| invalid("cut off"))?;
        let by_unix = field(5, 1)? == 3;
        members.push(Member {
            name: String::from_utf8_lossy(name).into_owned(),
            size: field(24, 4)?,
            crc: u32::try_from(field(16, 4)?).unwrap_or_default(),
            modified: extended_time(extra_fields).or(dos_time(field(14, 2)?, field(12, 2)?)),
            mode: by_unix.then_some((field(40, 2)? & 0o7777) as u32).filter(|mode| *mode != 0),
        });
        at = extra_at + extra + comment;
    }
    Ok(members)
}

/// The time of modification in the field of "extended timestamps", which is in seconds of the epoch.
fn extended_time(mut fields: &[u8]) -> Option<i64> {
    while let (Ok(id), Ok(length)) = (number(fields, 0, 2), number(fields, 2, 2)) {
        let value = fields.get(4..4 + length as usize)?;
        if id == 0x5455 && value.first()? & 1 == 1 {
            let seconds: [u8; 4] = value.get(1..5)?.try_into().ok()?;
            return Some(i64::from(i32::from_le_bytes(seconds)));
        }
        fields = &fields[4 + length as usize..];
    }
    None
}

/// The local time of MS-DOS, to two seconds.
fn dos_time(date: u64, time: u64) -> Option<i64> {
    let year = i16::try_from(1980 + (date >> 9)).ok()?;
    let [month, day] = [date >> 5 & 15, date & 31].map(|part| part as i8);
    let [hour, minute, second] = [time >> 11, time >> 5 & 63, (time & 31) * 2].map(|part| part as i8);
    let local = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(local.to_zoned(crate::local_time::zone()).ok()?.timestamp().as_second())
}

/// A little-endian number.
fn number(bytes: &[u8], at: usize, length: usize) -> io::Result<u64> {
    let bytes = bytes.get(at..at + length).ok_or_else(|| invalid("cut off"))?;
    Ok(bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not a zip file: {reason}"))
}

/// Whether a file has the member's content.
pub(super) fn has_content(member: &Member, path: &Path) -> io::Result<bool> {
    let metadata = std::fs::metadata(path)?;
    if member.known_size().is_some_and(|size| size != metadata.len()) {
        return Ok(false);
    }
    let mut reader = flate2::CrcReader::new(fs_err::File::open(path)?);
    io::copy(&mut reader, &mut io::sink())?;
    Ok(reader.crc().sum() == member.crc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_listed() {
        let mut entry = vec![0; 46];
        entry[..4].copy_from_slice(ENTRY);
        entry[16..20].copy_from_slice(&0x3610_a686_u32.to_le_bytes());
        entry[24] = 5;
        entry[5] = 3;
        entry[28] = 3;
        entry[30] = 9;
        entry[40..42].copy_from_slice(&0o100_640_u16.to_le_bytes());
        entry.extend_from_slice(b"d/f");
        entry.extend_from_slice(b"UT\x05\0\x01");
        entry.extend_from_slice(&1_600_000_000_i32.to_le_bytes());
        let members = parse(&entry).unwrap();
        let expected = Member {
            name: "d/f".to_owned(),
            size: 5,
            crc: 0x3610_a686,
            modified: Some(1_600_000_000),
            mode: Some(0o640),
        };
        assert_eq!(members, [expected]);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "hello").unwrap();
        assert!(has_content(&members[0], file.path()).unwrap());
        fs_err::write(file.path(), "jello").unwrap();
        assert!(!has_content(&members[0], file.path()).unwrap());
        assert!(parse(&entry[..48]).is_err());
    }
}
