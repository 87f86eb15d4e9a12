//! `urlize`: addresses in text become links, by the rules of Jinja 3.1.

use std::sync::LazyLock;

use regex::Regex;

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;
use crate::python;

const ADDRESS: &str = r"(?xi)^
    (
        (https?://|www\.) (([\w%-]+\.)+)? ([a-z]{2,63} | xn--[\w%]{2,59})
    |
        ([\w%-]{2,63}\.)+ (com|net|int|edu|gov|org|info|mil)
    |
        https?:// (
            [\d]{1,3} (\.[\d]{1,3}){3}
        |
            \[ ([\da-f]{0,4}:){2} ([\da-f]{0,4}:?){1,6} \]
        )
    )
    (?::[\d]{1,5})?
    (?:[/?\#]\S*)?
    $";

static PATTERNS: LazyLock<Result<Patterns, regex::Error>> = LazyLock::new(|| {
    Ok(Patterns {
        address: Regex::new(ADDRESS)?,
        mail: Regex::new(r"^\S+@\w[\w.-]*\.\w+$")?,
        lead: Regex::new(r"^([(<]|&lt;)+")?,
        trail: Regex::new(r"([)>.,\n]|&gt;)+$")?,
    })
});

struct Patterns {
    address: Regex,
    mail: Regex,
    lead: Regex,
    trail: Regex,
}

/// How links are written.
struct Links<'a> {
    patterns: &'a Patterns,
    /// Characters of an address that are shown.
    limit: Option<usize>,
    /// ` rel="…" target="…"`
    attributes: String,
    schemes: Vec<String>,
}

pub(super) fn urlize(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let patterns = PATTERNS.as_ref().map_err(|error| Fault::error(error.to_string()))?;
    let limit = call.args.get(0).filter(|limit| !limit.is_null()).map(|_| call.args.int_or(0, 0)).transpose()?;
    let mut rel: Vec<String> = call.args.text_or(3, "").split_whitespace().map(ToOwned::to_owned).collect();
    rel.extend(call.args.truthy(1, false).then(|| "nofollow".to_owned()));
    rel.push("noopener".to_owned());
    rel.sort();
    rel.dedup();
    let mut attributes = format!(" rel=\"{}\"", escaped(&rel.join(" ")));
    let target = call.args.text_or(2, "");
    if !target.is_empty() {
        attributes.push_str(&format!(" target=\"{}\"", escaped(&target)));
    }
    let mut schemes = Vec::new();
    if let Some(given) = call.args.get(4).filter(|given| !given.is_null()) {
        for scheme in crate::evaluate::iterate(call.rendering, given)?.iter() {
            schemes.push(python::str(call.rendering, scheme)?);
        }
    }
    let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(0));
    let links = Links { patterns, limit, attributes, schemes };
    let text = escaped(&call.text()?);
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        links.write(word, &mut out);
        out.push_str(&piece[word.len()..]);
    }
    call.rendering.spend_bytes(out.len())?;
    Ok(out.into())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;").replace('"', "&#34;")
}

impl Links<'_> {
    fn write(&self, word: &str, out: &mut String) {
        let lead = self.patterns.lead.find(word).map_or(0, |found| found.end());
        let (head, rest) = word.split_at(lead);
        let trail = self.patterns.trail.find(rest).map_or(rest.len(), |found| found.start());
        let trail = balanced(rest, trail);
        let (middle, tail) = rest.split_at(trail);
        out.push_str(head);
        out.push_str(&self.linked(middle).unwrap_or_else(|| middle.to_owned()));
        out.push_str(tail);
    }

    /// The word as a link, if it is an address.
    fn linked(&self, word: &str) -> Option<String> {
        let link = |address: &str, shown: &str| format!("<a href=\"{address}\"{}>{shown}</a>", self.attributes);
        let is_mail = |text: &str| self.patterns.mail.is_match(text);
        if self.patterns.address.is_match(word) {
            let has_scheme = word.starts_with("https://") || word.starts_with("http://");
            let address = if has_scheme { word.to_owned() } else { format!("https://{word}") };
            return Some(link(&address, &self.shortened(word)));
        }
        if let Some(address) = word.strip_prefix("mailto:").filter(|address| is_mail(address)) {
            return Some(format!("<a href=\"{word}\">{address}</a>"));
        }
        let may_be_mail = word.contains('@') && !word.starts_with("www.") && !word.starts_with('@');
        if may_be_mail && !word.contains(':') && is_mail(word) {
            return Some(format!("<a href=\"mailto:{word}\">{word}</a>"));
        }
        let has_scheme = |scheme: &String| word != scheme && word.starts_with(scheme.as_str());
        self.schemes.iter().any(has_scheme).then(|| link(word, word))
    }

    fn shortened(&self, address: &str) -> String {
        match self.limit {
            Some(limit) if address.chars().count() > limit => {
                format!("{}...", address.chars().take(limit).collect::<String>())
            }
            _ => address.to_owned(),
        }
    }
}

/// Where what follows an address begins: brackets the address opens are closed by it.
fn balanced(text: &str, mut end: usize) -> usize {
    for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
        let opened = text[..end].matches(open).count();
        if opened <= text[..end].matches(close).count() {
            continue;
        }
        for _ in 0..opened.min(text[end..].matches(close).count()) {
            end += text[end..].find(close).map_or(0, |at| at + close.len());
        }
    }
    end
}
