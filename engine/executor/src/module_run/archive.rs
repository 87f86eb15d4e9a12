//! A zip archive in memory, as Python imports from it: few small files, deflated where that helps.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// 1980-01-01: the same content gives the same archive.
const DATE: u16 = 0x21;
const DEFLATED: u16 = 8;

#[derive(Default)]
pub(super) struct Archive {
    data: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

impl Archive {
    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> std::io::Result<()> {
        let mut crc = Crc::new();
        crc.update(content);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content)?;
        let packed = encoder.finish()?;
        let (method, packed) = if packed.len() < content.len() { (DEFLATED, packed.as_slice()) } else { (0, content) };

        let mut fields = Vec::new();
        for number in [20, 0x0800, method, 0, DATE] {
            fields.extend(u16::to_le_bytes(number));
        }
        for number in [crc.sum(), packed.len() as u32, content.len() as u32] {
            fields.extend(number.to_le_bytes());
        }
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend(0u16.to_le_bytes());

        let offset = self.data.len() as u32;
        self.data.extend(b"PK\x03\x04");
        self.data.extend(&fields);
        self.data.extend(name.as_bytes());
        self.data.extend(packed);

        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(20u16.to_le_bytes());
        self.directory.extend(&fields);
        // No comment, first disk, no attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.entries += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let start = self.data.len() as u32;
        let size = self.directory.len() as u32;
        self.data.extend(&self.directory);
        self.data.extend(b"PK\x05\x06");
        self.data.extend([0; 4]);
        self.data.extend(self.entries.to_le_bytes());
        self.data.extend(self.entries.to_le_bytes());
        self.data.extend(size.to_le_bytes());
        self.data.extend(start.to_le_bytes());
        self.data.extend([0; 2]);
        self.data
    }
}
