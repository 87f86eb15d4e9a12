//! Runs one module on this machine and prints its result: `run_module stat '{"path": "/etc/passwd"}' [check] [diff]`.
#![expect(clippy::print_stdout, reason = "printing the result is what it is for")]

use kapell_modules::{ModuleCall, NoBlobs, NoEvents, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [module, args, flags @ ..] = words.as_slice() else {
        return Err("usage: run_module NAME JSON-ARGUMENTS [check] [diff]".into());
    };
    let call = ModuleCall {
        module: module.clone(),
        args: serde_json::from_str(args)?,
        check_mode: flags.iter().any(|flag| flag == "check"),
        diff_mode: flags.iter().any(|flag| flag == "diff"),
        ..ModuleCall::default()
    };
    let result = run(&call, &mut NoBlobs, &mut NoEvents);
    println!("{}", serde_json::to_string_pretty(&result)?);
    Ok(())
}
