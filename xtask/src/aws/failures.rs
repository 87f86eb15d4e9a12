//! What goes wrong between an engine and the API: told, in time, with the right exit code.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Bench, Server, free_port};

/// No call that fails takes longer.
const BOUND: Duration = Duration::from_mins(2);

/// What is wrong, in which environment, the exit code and what the error has to say.
type Failure<'a> = (&'a str, &'a [(&'a str, &'a str)], i32, &'a str);

impl Bench {
    /// What goes wrong is told, in time and with the right exit code.
    pub(super) fn failures(&self) -> Result<()> {
        let closed = format!("http://127.0.0.1:{}", free_port()?);
        let relay = Relay::start(self, "first-of-two")?;
        let throttled = Relay::start(self, "all")?;
        let refusing = Relay::start(self, "credentials")?;
        let cases: &[Failure<'_>] = &[
            ("endpoint down", &[("AWS_ENDPOINT_URL", &closed)], 2, "cannot reach"),
            ("no region", &[("AWS_REGION", "")], 2, "no AWS region is set"),
            (
                "no credentials",
                &[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")],
                2,
                "Unable to locate AWS credentials",
            ),
            ("wrong credentials", &[("AWS_ENDPOINT_URL", &refusing.endpoint)], 2, "AuthFailure"),
            ("half the credentials", &[("AWS_SECRET_ACCESS_KEY", "")], 2, "without its secret key"),
            ("no such profile", &[("AWS_ACCESS_KEY_ID", ""), ("AWS_PROFILE", "nobody")], 2, "profile 'nobody'"),
            ("every other call throttled", &[("AWS_ENDPOINT_URL", &relay.endpoint)], 0, "ok=1"),
            ("every call throttled", &[("AWS_ENDPOINT_URL", &throttled.endpoint)], 2, "RequestLimitExceeded"),
        ];
        for (what, settings, code, told) in cases {
            let settings = [&[("AWS_REGION", "us-east-2")], *settings].concat();
            let ran = self.playbook("tests/aws/ask.yml", &[], &settings)?;
            ensure!(ran.output.status.code() == Some(*code), "{what}: not exit code {code}:\n{}", ran.text());
            ensure!(ran.text().contains(told), "{what}: '{told}' is not told:\n{}", ran.text());
            ensure!(ran.took < BOUND, "{what}: took {:?}", ran.took);
            println!("{what}: exit code {code} after {:.1} s", ran.took.as_secs_f64());
        }
        let half = Relay::start(self, "region:eu-west-1")?;
        let shipped = "inventory/inventory.aws_ec2.yml";
        for (what, source, address, told) in [
            ("source, endpoint down", shipped, &closed, "cannot reach"),
            ("source, wrong credentials", shipped, &refusing.endpoint, "AuthFailure"),
            (
                "source, half the calls fail",
                "tests/aws/two_regions.aws_ec2.yml",
                &half.endpoint,
                "eu-west-1: InternalError",
            ),
        ] {
            for (is_error, setting) in [(false, "false"), (true, "true")] {
                let settings =
                    [("AWS_ENDPOINT_URL", address.as_str()), ("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", setting)];
                let ran = self.inventory(Path::new(source), "--graph", &settings)?;
                ensure!(ran.output.status.success() != is_error, "{what}: {:?}:\n{}", ran.output.status, ran.text());
                ensure!(ran.text().contains(told), "{what}: '{told}' is not told:\n{}", ran.text());
                ensure!(ran.took < BOUND, "{what}: took {:?}", ran.took);
                let ends = if is_error { "an error where that is asked for" } else { "a warning" };
                println!("{what}: {ends}, after {:.1} s", ran.took.as_secs_f64());
            }
        }
        Ok(())
    }
}

impl Bench {
    /// A source of many pages, of which some fail: all of it or nothing. `whole` is what it shows otherwise.
    pub(super) fn failing_pages(&self, source: &Path, whole: &str) -> Result<()> {
        let half = Relay::start(self, "half-of-pages")?;
        let ran = self.inventory(source, "--list", &[("AWS_ENDPOINT_URL", &half.endpoint)])?;
        ensure!(ran.stdout() == whole, "pages that are asked for again give something else:\n{}", ran.stderr());
        println!("every other page fails: whole after {:.1} s", ran.took.as_secs_f64());
        let later = Relay::start(self, "later-pages")?;
        let ran = self.inventory(source, "--list", &[("AWS_ENDPOINT_URL", &later.endpoint)])?;
        ensure!(ran.text().contains("InternalError"), "pages that fail are not told:\n{}", ran.stderr());
        ensure!(!ran.stdout().contains("instance_id"), "a part of the instances is shown:\n{}", ran.stderr());
        ensure!(ran.took < BOUND, "later pages fail: took {:?}", ran.took);
        println!("later pages fail: told after {:.1} s, and nothing is shown", ran.took.as_secs_f64());
        Ok(())
    }
}

/// Stands before the emulator and throttles calls.
struct Relay {
    endpoint: String,
    _server: Server,
}

impl Relay {
    fn start(bench: &Bench, which: &str) -> Result<Self> {
        let (server, endpoint) = bench.server("throttling_relay.py", &[&bench.endpoint, which])?;
        Ok(Self { endpoint, _server: server })
    }
}
