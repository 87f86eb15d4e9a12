//! Opens sessions to hosts and times them: `probe [-p PORT] [-l USER] [-i KEY] [-k KNOWN_HOSTS] [-c CALLS] [-f FILE] HOST…`.
//! With `-f` each host's file is fetched too, into nowhere.
#![allow(clippy::print_stdout, reason = "an example for the terminal")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use kapell_connection::{Blobs, ConnectionError, ConnectionSpec, Connections, ModuleCall};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), ConnectionError> {
    let mut arguments = std::env::args().skip(1);
    let mut pattern = ConnectionSpec { timeout: Duration::from_secs(30), ..ConnectionSpec::ssh("") };
    let (mut hosts, mut calls, mut file) = (Vec::new(), 1, None);
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "-p" => pattern.port = arguments.next().and_then(|port| port.parse().ok()),
            "-l" => pattern.user = arguments.next(),
            "-i" => pattern.private_key_file = arguments.next().map(Into::into),
            "-k" => pattern.known_hosts = arguments.next().map(Into::into).into_iter().collect(),
            "-c" => calls = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(1),
            "-f" => file = arguments.next(),
            host => hosts.push(host.to_owned()),
        }
    }
    let connections = Arc::new(Connections::default());
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for host in hosts {
        let spec = ConnectionSpec { host: host.clone(), address: host, ..pattern.clone() };
        tasks.spawn(work(Arc::clone(&connections), spec, calls, file.clone()));
    }
    while let Some(finished) = tasks.join_next().await {
        if let Ok(Err(error)) = finished {
            println!("{error}");
        }
    }
    let worked = begin.elapsed();
    connections.close_all().await;
    println!("worked {worked:?}, closed after {:?}", begin.elapsed());
    Ok(())
}

async fn work(
    connections: Arc<Connections>,
    spec: ConnectionSpec,
    calls: u32,
    file: Option<String>,
) -> Result<(), ConnectionError> {
    let session = connections.session(&spec).await?;
    for _ in 0..calls {
        let args = json!({"_raw_params": "true"}).as_object().cloned().unwrap_or_default();
        let call = ModuleCall { module: "ansible.builtin.command".to_owned(), args, ..ModuleCall::default() };
        session.call(call, &Blobs::default(), None).await?;
    }
    if let Some(file) = file {
        session.fetch(&file, &mut tokio::io::sink()).await?;
    }
    Ok(())
}
