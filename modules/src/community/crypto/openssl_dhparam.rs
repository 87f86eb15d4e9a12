//! `community.crypto.openssl_dhparam`: Diffie-Hellman parameters.

use super::der::{Element, INTEGER, bit_length};
use super::output_file::OutputFile;
use super::pem::Pem;
use super::private_key::{openssl, succeeded};
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.crypto.openssl_dhparam", ARGS, run).file_args();

const ARGS: &[Arg] = &[
    Arg::path("path").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::int("size").default("4096"),
    Arg::bool("force").default("false"),
    Arg::bool("backup").default("false"),
    Arg::bool("return_content").default("false"),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography", "openssl"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut file = OutputFile::new(args, None)?;
    let size = args.int("size")?;
    let result = ModuleResult::ok().set("size", size);
    if args.str("state")? == "absent" {
        let changed = file.remove(cx)?;
        return Ok(file.complete(result.changed(changed)));
    }
    let mut content = file.read(cx)?;
    let current = content.as_deref().and_then(size_of).and_then(|size| i64::try_from(size).ok());
    let replace = args.bool("force") || current != Some(size);
    if replace && !cx.check_mode {
        let new = generate(size, cx)?;
        file.write(&new, cx)?;
        content = Some(new);
    }
    let changed = file.set_attributes(cx)? || replace;
    let content = content.filter(|_| args.bool("return_content"));
    let result = result.set_opt("dhparams", content.map(|text| String::from_utf8_lossy(&text).into_owned()));
    Ok(file.complete(result.changed(changed)))
}

/// How many bits the prime of parameters has.
fn size_of(text: &[u8]) -> Option<usize> {
    let pem = Pem::first(text).filter(|pem| pem.label.ends_with("DH PARAMETERS"))?;
    let prime = *Element::parse(&pem.der)?.children()?.first()?;
    Some(bit_length(prime.tagged(INTEGER)?.content))
}

fn generate(size: i64, cx: &mut Context<'_>) -> Result<Vec<u8>, ModuleError> {
    if size < 512 {
        return Err(ModuleError::failed("DH key_size must be at least 512 bits"));
    }
    let command = openssl(cx)?.args(["dhparam", "-outform", "PEM", &size.to_string()]);
    Ok(succeeded(&command, cx.run(&command)?)?.stdout)
}
