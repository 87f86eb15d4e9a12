//! `Compression`: gzip by ourselves, bzip2 and xz by the node's programs.

use std::io;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::{CommandSpec, Context, ModuleError};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    /// A program and the ending it gives to files.
    Program(&'static str, &'static str),
}

impl Compression {
    pub(super) fn of(format: &str) -> Self {
        match format {
            "gz" => Self::Gzip,
            "bz2" => Self::Program("bzip2", "bz2"),
            "xz" => Self::Program("xz", "xz"),
            _ => Self::None,
        }
    }

    /// A compressed copy of `plain` beside it, which may take its place.
    pub(super) fn compress(self, plain: &Path, cx: &mut Context<'_>) -> Result<PathBuf, ModuleError> {
        match self {
            Self::None => Ok(plain.to_owned()),
            Self::Gzip => {
                let target = plain.with_extension("gz");
                let mut encoder = GzEncoder::new(fs_err::File::create(&target)?, flate2::Compression::best());
                io::copy(&mut fs_err::File::open(plain)?, &mut encoder)?;
                encoder.finish()?;
                Ok(target)
            }
            Self::Program(program, ending) => {
                let program = cx.require_program(program)?.to_string_lossy().into_owned();
                cx.run_ok(&CommandSpec::new([&program, "--compress", "--best", &plain.to_string_lossy()]))?;
                Ok(plain.with_extension(ending))
            }
        }
    }

    /// The plain content of `source` as `target`; `None` when it is compressed in another way.
    pub(super) fn expand(
        self,
        source: &Path,
        target: &Path,
        cx: &mut Context<'_>,
    ) -> Result<Option<PathBuf>, ModuleError> {
        match self {
            Self::None => Ok(Some(source.to_owned())),
            Self::Gzip => {
                let mut decoder = MultiGzDecoder::new(fs_err::File::open(source)?);
                let expanded = io::copy(&mut decoder, &mut fs_err::File::create(target)?);
                Ok(expanded.ok().map(|_| target.to_owned()))
            }
            Self::Program(program, ending) => {
                let compressed = target.with_extension(ending);
                fs_err::copy(source, &compressed)?;
                let command = CommandSpec::new([program, "--decompress", &compressed.to_string_lossy()]);
                Ok(cx.run_read(&command)?.ok().then(|| target.to_owned()))
            }
        }
    }
}
