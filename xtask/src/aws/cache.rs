//! The cache of an `aws_ec2` source: what was found is kept, until it is flushed or the inventory is to be refreshed.

use std::path::Path;

use anyhow::{Result, ensure};

use super::{Bench, free_port};

impl Bench {
    pub(super) fn cache(&self) -> Result<()> {
        let name = "tests/aws/cached.aws_ec2.yml";
        let (source, plain) = (Path::new(name), Path::new("tests/aws/inventories/usual.aws_ec2.yml"));
        let closed = format!("http://127.0.0.1:{}", free_port()?);
        let down = [("AWS_ENDPOINT_URL", closed.as_str())];
        let found = self.inventory(source, "--list", &[])?;
        let theirs = self.reference(source, "--list", &[])?;
        ensure!(found.stdout() == theirs.stdout(), "{name} differs from ansible-inventory's:\n{}", found.text());
        let kept = self.inventory(source, "--list", &down)?;
        ensure!(found.stdout() == kept.stdout(), "the cache was not used:\n{}", kept.text());
        let flushed = self.inventory(source, "--list --flush-cache", &down)?;
        ensure!(flushed.text().contains("cannot reach"), "--flush-cache used the cache:\n{}", flushed.text());
        let uncached = self.inventory(plain, "--list", &down)?;
        ensure!(uncached.text().contains("cannot reach"), "a source without cache was kept:\n{}", uncached.text());
        let refreshed = self.playbook("tests/aws/refresh.yml", &["-i", name], &[])?;
        ensure!(refreshed.output.status.success(), "refresh_inventory used the cache:\n{}", refreshed.text());
        println!("cache: used, flushed and refreshed");
        Ok(())
    }
}
