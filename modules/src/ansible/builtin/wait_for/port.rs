//! A TCP port of some host: connecting to it and reading what it says.

use std::fmt;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::name_resolution::addresses;
use crate::{Context, ModuleError};

pub(super) struct Port<'a> {
    pub(super) host: &'a str,
    pub(super) number: u16,
    connect_timeout: Duration,
}

impl<'a> Port<'a> {
    pub(super) fn new(host: &'a str, number: i64, connect_timeout: Duration) -> Result<Self, ModuleError> {
        let number = u16::try_from(number)
            .map_err(|_| ModuleError::failed(format!("port {number} is not between 0 and 65535")))?;
        Ok(Self { host, number, connect_timeout })
    }

    /// A connection, when one comes about in time.
    pub(super) fn connect(&self, left: Duration, cx: &mut Context<'_>) -> Option<TcpStream> {
        let timeout = self.connect_timeout.min(left).max(Duration::from_millis(1));
        let addresses = addresses(self.host, cx).into_iter().map(|address| SocketAddr::new(address, self.number));
        addresses.into_iter().find_map(|address| TcpStream::connect_timeout(&address, timeout).ok())
    }

    /// Reads until `look` finds something, the other side closes, or the time is over.
    pub(super) fn read_until<T>(
        &self,
        stream: &mut TcpStream,
        left: Duration,
        look: impl Fn(&[u8]) -> Result<Option<T>, ModuleError>,
    ) -> Result<Option<T>, ModuleError> {
        let until = Instant::now() + left;
        let mut data = Vec::new();
        let mut buffer = [0; 1024];
        while Instant::now() < until {
            let wait = until.saturating_duration_since(Instant::now()).min(self.connect_timeout);
            stream.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(read) => data.extend_from_slice(&buffer[..read]),
            }
            if let Some(found) = look(&data)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl fmt::Display for Port<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.number)
    }
}
