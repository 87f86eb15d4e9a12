//! Words of a `k=v` string. Spaces and line feeds end a word, unless a quote or a template block is open.

use crate::{Diagnostic, Text};

/// A word and the white space after it, as it counts when words are joined again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    gap: String,
}

/// The text ended within a quote or a template block.
pub(super) struct Unclosed {
    quote: Option<char>,
    block: Option<&'static str>,
}

impl Unclosed {
    pub(super) fn diagnostic(&self, text: &Text) -> Diagnostic {
        let what = match (self.quote, self.block) {
            (Some(quote), _) => format!("the quote {quote}"),
            (None, block) => format!("the template block {}", block.unwrap_or("{{")),
        };
        let diagnostic = Diagnostic::error(format!("{what} is not closed in these arguments")).at(text.origin());
        if self.quote.is_none() && text.contains("${#") {
            return diagnostic.hint("`{#` starts a template comment: write `{{ '{#' }}` for it");
        }
        diagnostic.hint("write the arguments as a YAML mapping, or close it")
    }
}

/// Splits `text` into words. The first word may be empty: it holds the white space that the text starts with.
pub(super) fn split(text: &str) -> Result<Vec<Word>, Unclosed> {
    let mut splitter = Splitter::default();
    for (number, line) in text.split('\n').enumerate() {
        splitter.line(line, number > 0);
    }
    splitter.finish()
}

/// The words with their white space. Where a word in between was taken out, so is the white space after it.
pub(super) fn join(words: &[Word]) -> String {
    let mut out = String::new();
    for (number, word) in words.iter().enumerate() {
        if number > 0 && !out.ends_with('\n') {
            out.push(' ');
        }
        out.push_str(&word.text);
        out.push_str(&word.gap);
    }
    out
}

#[derive(Default)]
struct Splitter {
    words: Vec<Word>,
    open: Open,
    /// Whether the line before ended with a lone backslash.
    continued: bool,
}

impl Splitter {
    fn line(&mut self, line: &str, follows: bool) {
        if follows && !self.continued {
            self.line_feed();
        }
        self.continued = false;
        for (place, token) in line.split(' ').enumerate() {
            self.token(token, place == 0);
        }
    }

    fn line_feed(&mut self) {
        let inside = self.open.is_open();
        let word = self.last_word();
        if inside { word.text.push('\n') } else { word.gap.push('\n') }
    }

    fn last_word(&mut self) -> &mut Word {
        if self.words.is_empty() {
            self.words.push(Word::default());
        }
        let last = self.words.len() - 1;
        &mut self.words[last]
    }

    fn token(&mut self, token: &str, first: bool) {
        if token == "\\" && self.open.quote.is_none() {
            self.continued = true;
            return;
        }
        if self.open.is_open() {
            let word = self.last_word();
            if !first {
                word.text.push(' ');
            }
            word.text.push_str(token);
        } else if !token.is_empty() {
            self.words.push(Word { text: token.to_owned(), gap: String::new() });
        } else if !first {
            // Of the spaces that a line starts with, one stands for the end of the line before.
            self.last_word().gap.push(' ');
        }
        self.open.read(token);
    }

    fn finish(self) -> Result<Vec<Word>, Unclosed> {
        if self.open.is_open() {
            let block = BLOCKS.iter().zip(self.open.blocks).find(|(_, depth)| *depth > 0).map(|(block, _)| block.0);
            return Err(Unclosed { quote: self.open.quote, block });
        }
        Ok(self.words)
    }
}

const BLOCKS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// What a word cannot end within. Quotes count inside blocks and blocks inside quotes.
#[derive(Default)]
struct Open {
    quote: Option<char>,
    blocks: [usize; 3],
}

impl Open {
    fn is_open(&self) -> bool {
        self.quote.is_some() || self.blocks.iter().any(|depth| *depth > 0)
    }

    fn read(&mut self, token: &str) {
        let mut before = ' ';
        for c in token.chars() {
            if matches!(c, '"' | '\'') && before != '\\' {
                match self.quote {
                    None => self.quote = Some(c),
                    Some(quote) if quote == c => self.quote = None,
                    Some(_) => {}
                }
            }
            before = c;
        }
        for ((start, end), depth) in BLOCKS.iter().zip(&mut self.blocks) {
            *depth = (*depth + token.matches(start).count()).saturating_sub(token.matches(end).count());
        }
    }
}
