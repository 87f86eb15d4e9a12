//! `Resolver`: addresses of host names.
//!
//! This program is linked statically, and a static C library cannot load the plugins that `nsswitch.conf` may ask for.
//! So `/etc/hosts` is read here and everything else is left to `getent`, which knows them all; without it, the
//! library's own resolver has to do.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::process::Stdio;
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::process::Command;

#[derive(Debug, Default)]
pub(crate) struct Resolver {
    hosts_file: OnceLock<HashMap<String, Vec<IpAddr>>>,
    found: Mutex<HashMap<String, Vec<IpAddr>>>,
}

impl Resolver {
    /// In the order in which they are to be tried; never empty.
    pub(crate) async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let host = host.trim_matches(['[', ']']);
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        if host.contains('%') {
            // An IPv6 address with its interface needs no name service, but the library to read it.
            return Ok(tokio::net::lookup_host((host, port)).await?.collect());
        }
        let name = host.to_lowercase();
        let addresses = match self.known(&name) {
            Some(addresses) => addresses,
            None => self.ask(&name, port).await?,
        };
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    fn known(&self, name: &str) -> Option<Vec<IpAddr>> {
        let hosts =
            self.hosts_file.get_or_init(|| parse_hosts(&fs_err::read_to_string("/etc/hosts").unwrap_or_default()));
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.get(name).or_else(|| found.get(name)).cloned()
    }

    async fn ask(&self, name: &str, port: u16) -> io::Result<Vec<IpAddr>> {
        let asked =
            Command::new("getent").args(["ahosts", name]).stdin(Stdio::null()).kill_on_drop(true).output().await;
        let addresses = match asked {
            Ok(output) => parse_getent(&String::from_utf8_lossy(&output.stdout)),
            Err(_) => tokio::net::lookup_host((name, port)).await?.map(|address| address.ip()).collect(),
        };
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "Name or service not known"));
        }
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), addresses.clone());
        Ok(addresses)
    }
}

/// Names in lower case; IPv4 before IPv6, as the file does not say which is reachable.
fn parse_hosts(text: &str) -> HashMap<String, Vec<IpAddr>> {
    let mut hosts: HashMap<String, Vec<IpAddr>> = HashMap::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
        for name in words {
            hosts.entry(name.to_lowercase()).or_default().push(address);
        }
    }
    hosts.values_mut().for_each(|addresses| addresses.sort_by_key(IpAddr::is_ipv6));
    hosts
}

/// `ADDRESS STREAM name`, one line for each kind of socket.
fn parse_getent(text: &str) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for line in text.lines() {
        let Some(Ok(address)) = line.split_whitespace().next().map(str::parse::<IpAddr>) else { continue };
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_files() {
        let hosts =
            parse_hosts("# c\n::1 localhost\n127.0.0.1\tlocalhost Web.Example # web\nbroken line\n10.0.0.1 web\n");
        assert_eq!(hosts["localhost"], ["127.0.0.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
        assert_eq!(hosts["web.example"], ["127.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(hosts.len(), 3);
    }

    #[test]
    fn what_getent_says() {
        let text = "10.0.0.1 STREAM web\n10.0.0.1 DGRAM  \n10.0.0.1 RAW\nfd00::1 STREAM\n";
        assert_eq!(parse_getent(text), ["10.0.0.1".parse::<IpAddr>().unwrap(), "fd00::1".parse().unwrap()]);
    }

    #[tokio::test]
    async fn addresses_need_no_lookup() {
        let resolver = Resolver::default();
        assert_eq!(resolver.resolve("127.0.0.9", 22).await.unwrap(), ["127.0.0.9:22".parse().unwrap()]);
        assert_eq!(resolver.resolve("[::1]", 22).await.unwrap(), ["[::1]:22".parse().unwrap()]);
    }
}
