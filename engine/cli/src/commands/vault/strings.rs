//! `encrypt_string`: texts locked as values to be pasted into YAML files.

use anyhow::Result;
use kapell_callback::{Color, Display};
use kapell_config::Settings;

use super::args::StringArgs;
use super::keys::Keys;
use super::vault_file::{Input, Output};
use crate::passwords::ask;
use crate::refusal::Refusal;

/// A text to lock, the variable it is for, and how a person would call it.
struct Plain {
    text: Vec<u8>,
    name: Option<String>,
    source: &'static str,
}

pub(super) fn encrypt(args: &StringArgs, settings: &Settings) -> Result<(), Refusal> {
    let is_asked_for = args.stdin_name.is_some() || args.texts.iter().any(|text| text == "-");
    let from_stdin = is_asked_for || args.texts.is_empty() && !args.prompt;
    if args.prompt && (args.stdin_name.is_some() || from_stdin) {
        let message = "The --prompt option is not supported if also reading input from stdin";
        return Err(Refusal::options(message));
    }
    let keys = Keys::to_lock(&args.vault, args.encrypt_vault_id.as_deref(), settings)?;
    let plain = collect(args, from_stdin)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    let several = plain.len() > 1;
    let mut blocks = Vec::new();
    for (number, plain) in (1..).zip(&plain) {
        if several {
            display.err(&comment(plain, number), Color::Plain);
        }
        blocks.push(block(plain.name.as_deref(), &keys.lock(&plain.text)?));
    }
    let output = Output::of(args.output.as_deref(), &Input::Stdin);
    Ok(output.write(format!("{}\n", blocks.join("\n")).as_bytes())?)
}

fn collect(args: &StringArgs, from_stdin: bool) -> Result<Vec<Plain>, Refusal> {
    let mut all = Vec::new();
    if args.prompt {
        all.push(prompted(args)?);
    }
    if from_stdin {
        if console::Term::stderr().is_term() {
            let hint = "Reading the text from standard input (ctrl-d ends it)";
            Display::new(false, false).err(hint, Color::Plain);
        }
        let text = Input::Stdin.read()?;
        if text.is_empty() {
            return Err(Refusal::options("stdin was empty, not encrypting"));
        }
        let name = args.stdin_name.clone().or_else(|| args.name.first().filter(|_| args.texts.is_empty()).cloned());
        all.push(Plain { text, name, source: "stdin" });
    }
    let mut names = args.name.iter();
    for text in args.texts.iter().filter(|text| *text != "-") {
        if text.is_empty() {
            let message = "The plaintext provided from the command line args was empty, not encrypting";
            return Err(Refusal::options(message));
        }
        let name = names.next().cloned();
        all.push(Plain { text: text.clone().into_bytes(), name, source: "the command line args" });
    }
    Ok(all)
}

fn prompted(args: &StringArgs) -> Result<Plain, Refusal> {
    let name = match args.name.first() {
        Some(name) => Some(name.clone()),
        None => Some(typed("Variable name (enter for no name): ")?).filter(|name| !name.is_empty()),
    };
    let text = if args.show_input {
        typed("String to encrypt: ")?
    } else {
        let (first, second) = (ask("String to encrypt (hidden): ")?, ask("Confirm String to encrypt (hidden): ")?);
        if first != second {
            return Err(anyhow::anyhow!("the two texts are not the same").into());
        }
        first
    };
    if text.is_empty() {
        return Err(Refusal::options("The plaintext provided from the prompt was empty, not encrypting"));
    }
    Ok(Plain { text: text.into_bytes(), name, source: "the interactive prompt" })
}

fn typed(prompt: &str) -> Result<String> {
    console::Term::stderr().write_str(prompt)?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

fn comment(plain: &Plain, number: usize) -> String {
    let source = plain.source;
    match &plain.name {
        Some(name) => {
            format!("# The encrypted version of variable (\"{name}\", the string #{number} from {source}).")
        }
        None => format!("# The encrypted version of the string #{number} from {source}."),
    }
}

/// `name: !vault |` and the locked text below it.
fn block(name: Option<&str>, locked: &[u8]) -> String {
    let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
    let lines = String::from_utf8_lossy(locked);
    let lines: Vec<String> = lines.lines().map(|line| format!("          {line}")).collect();
    format!("{name}!vault |\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_indented_below_its_name() {
        assert_eq!(block(Some("x"), b"$A\n12\n"), "x: !vault |\n          $A\n          12");
        assert_eq!(block(None, b"$A\n"), "!vault |\n          $A");
    }
}
