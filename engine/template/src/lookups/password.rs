//! `password`: a random password, kept in a file for the next run.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kapell_parsing::Text;

use super::LookupCall;
use crate::evaluate::{Fault, iterate};
use crate::filters::with_home;
use crate::object::Object;
use crate::password::{self, Options};
use crate::python;
use crate::python::random::Random;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

struct Request {
    path: PathBuf,
    length: usize,
    /// Every character a password is made of.
    alphabet: Vec<char>,
    encrypt: Option<String>,
    ident: Option<String>,
    seed: Option<String>,
}

pub(super) fn password(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    for term in call.texts()? {
        let password = one(&request(call, &term)?)?;
        call.rendering.templar.options().vault.opened().note(&password);
        found.push(Object::Str(Text::new(password).with_secret(true)));
    }
    Ok(found)
}

fn request(call: &LookupCall<'_>, term: &str) -> Result<Request, Fault> {
    let parsed = kapell_parsing::kv::parse(&Text::new(term)).map_err(|error| Fault::error(error.message))?;
    let known = ["length", "encrypt", "chars", "ident", "seed"];
    let names = parsed.pairs.keys().map(ToString::to_string);
    let unknown: Vec<String> = names.filter(|name| !known.contains(&name.as_str())).collect();
    if !unknown.is_empty() {
        return Err(Fault::error(format!(
            "Unrecognized parameter(s) given to password lookup: {}",
            unknown.join(", ")
        )));
    }
    let option = |name: &str| -> Result<Option<String>, Fault> {
        match parsed.pairs.get(name).and_then(|value| value.as_str()) {
            Some(text) => Ok(Some(text.to_owned())),
            None => call.text_option(name),
        }
    };
    let length = option("length")?.unwrap_or_else(|| "20".into());
    let length = length.parse().ok().filter(|length| *length <= 1_000_000_usize);
    let chars = match (parsed.pairs.get("chars"), call.option("chars")) {
        (None, Some(list @ (Object::List(_) | Object::Tuple(_)))) => {
            let parts = iterate(call.rendering, list)?;
            parts.iter().map(|part| python::str(call.rendering, part)).collect::<Result<Vec<_>, _>>()?
        }
        _ => match option("chars")? {
            Some(chars) => split_chars(&chars),
            None => ["ascii_letters", "digits", ".,:-_"].map(Into::into).to_vec(),
        },
    };
    let path = parsed.rest.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
    Ok(Request {
        path: call.rendering.cx.basedir.join(with_home(&path)),
        length: length.ok_or_else(|| Fault::error("the password's length must be a number"))?,
        alphabet: alphabet(&chars),
        encrypt: option("encrypt")?.filter(|scheme| !scheme.is_empty()),
        ident: option("ident")?,
        seed: option("seed")?,
    })
}

/// Names of character sets and single characters, separated by commas; `,,` is a comma itself.
fn split_chars(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let without = text.replace(",,", ",");
    if without != text || text == "," {
        parts.push(",".into());
    }
    parts.extend(text.replace(",,", ",").split(',').filter(|part| !part.is_empty()).map(ToOwned::to_owned));
    parts
}

fn alphabet(chars: &[String]) -> Vec<char> {
    let expand = |part: &String| match part.as_str() {
        "ascii_letters" => format!("{LOWER}{UPPER}"),
        "ascii_lowercase" => LOWER.into(),
        "ascii_uppercase" => UPPER.into(),
        "digits" => DIGITS.into(),
        "hexdigits" => "0123456789abcdefABCDEF".into(),
        "octdigits" => "01234567".into(),
        "punctuation" => PUNCTUATION.into(),
        literal => literal.replace(['"', '\''], ""),
    };
    chars.iter().map(expand).collect::<String>().chars().collect()
}

fn one(request: &Request) -> Result<String, Fault> {
    if request.alphabet.is_empty() {
        return Err(Fault::error("the password has no characters to be made of"));
    }
    let kept = if request.path == Path::new("/dev/null") { None } else { read(&request.path)? };
    let had = kept.is_some();
    let (plain, salt) = kept.unwrap_or_else(|| (generate(request), None));
    let had_salt = salt.is_some();
    let salt =
        request.encrypt.as_ref().map(|scheme| salt.unwrap_or_else(|| password::random_salt(salt_length(scheme))));
    if request.path != Path::new("/dev/null") && (!had || salt.is_some() && !had_salt) {
        write(&request.path, &plain, salt.as_deref())?;
    }
    match &request.encrypt {
        None => Ok(plain),
        Some(scheme) => {
            let options = Options { salt, ident: request.ident.clone(), ..Options::default() };
            password::hash(&plain, scheme, &options).map_err(Fault::error)
        }
    }
}

fn salt_length(scheme: &str) -> usize {
    match scheme {
        "md5" | "md5_crypt" => 8,
        "bcrypt" | "blowfish" => 22,
        _ => 16,
    }
}

fn generate(request: &Request) -> String {
    let mut random = request.seed.as_deref().map_or_else(Random::from_system, Random::from_text);
    let count = request.alphabet.len() as u64;
    (0..request.length).map(|_| request.alphabet[usize::try_from(random.below(count)).unwrap_or(0)]).collect()
}

/// The kept password and its salt.
fn read(path: &Path) -> Result<Option<(String, Option<String>)>, Fault> {
    if !path.exists() {
        return Ok(None);
    }
    let text = fs_err::read_to_string(path)?;
    let line = text.trim_end();
    let line = line.rsplit_once(" ident=").map_or(line, |(rest, _)| rest);
    Ok(Some(match line.rsplit_once(" salt=") {
        Some((password, salt)) => (password.to_owned(), Some(salt.to_owned())),
        None => (line.to_owned(), None),
    }))
}

fn write(path: &Path, password: &str, salt: Option<&str>) -> Result<(), Fault> {
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let salt = salt.map_or_else(String::new, |salt| format!(" salt={salt}"));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(writeln!(file, "{password}{salt}")?)
}
