//! Splitting a line into words as a POSIX shell does: quotes, backslashes, and `#` for a comment anywhere outside of them.

/// A word and the column (counted in characters from 1) it starts at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) column: u32,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum WordError {
    #[error("a quote is not closed")]
    OpenQuote,
    #[error("the backslash at the end escapes nothing")]
    TrailingBackslash,
}

pub(crate) fn split(line: &str) -> Result<Vec<Word>, WordError> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut chars = line.chars().zip(1..);
    while let Some((c, column)) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' => break,
            _ => {
                let word = word.get_or_insert_with(|| Word { text: String::new(), column });
                let mut plain = chars.by_ref().map(|(c, _)| c);
                match c {
                    '\\' => word.text.push(plain.next().ok_or(WordError::TrailingBackslash)?),
                    '\'' => read_single_quoted(&mut plain, &mut word.text)?,
                    '"' => read_double_quoted(&mut plain, &mut word.text)?,
                    c => word.text.push(c),
                }
            }
        }
    }
    words.extend(word);
    Ok(words)
}

fn read_single_quoted(chars: &mut impl Iterator<Item = char>, text: &mut String) -> Result<(), WordError> {
    loop {
        match chars.next().ok_or(WordError::OpenQuote)? {
            '\'' => return Ok(()),
            c => text.push(c),
        }
    }
}

/// A backslash escapes itself and the quote; before anything else it stays.
fn read_double_quoted(chars: &mut impl Iterator<Item = char>, text: &mut String) -> Result<(), WordError> {
    loop {
        match chars.next().ok_or(WordError::OpenQuote)? {
            '"' => return Ok(()),
            '\\' => match chars.next().ok_or(WordError::TrailingBackslash)? {
                c @ ('"' | '\\') => text.push(c),
                c => text.extend(['\\', c]),
            },
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the host lines of INI inventories are split by ansible-core 2.19.
    #[test]
    fn lines_are_split_into_words() {
        let cases: [(&str, &[&str]); 15] = [
            ("a  b\tc ", &["a", "b", "c"]),
            ("a='b c' d=\"e f\"", &["a=b c", "d=e f"]),
            ("a=b#c d", &["a=b"]),
            ("a '#b' \"#c\" \\#d # e", &["a", "#b", "#c", "#d"]),
            ("# a", &[]),
            ("a=b\\ c", &["a=b c"]),
            ("a=\"b\\\"c\" d='e\"f'", &["a=b\"c", "d=e\"f"]),
            ("a=\"b\\zc\" d=\"\\\\\"", &["a=b\\zc", "d=\\"]),
            ("a=C:\\path", &["a=C:path"]),
            ("a='b\\'", &["a=b\\"]),
            ("''", &[""]),
            ("a='b'\"c\"d", &["a=bcd"]),
            ("a=[1,'x']", &["a=[1,x]"]),
            ("a=b;c", &["a=b;c"]),
            ("\"a b\"=1", &["a b=1"]),
        ];
        for (line, expected) in cases {
            let words: Vec<String> = split(line).unwrap().into_iter().map(|word| word.text).collect();
            assert_eq!(words, expected, "{line}");
        }
    }

    #[test]
    fn words_know_their_columns() {
        let columns: Vec<u32> = split("é  'b c' d").unwrap().iter().map(|word| word.column).collect();
        assert_eq!(columns, [1, 4, 10]);
    }

    #[test]
    fn open_ends_are_errors() {
        assert_eq!(split("a 'b"), Err(WordError::OpenQuote));
        assert_eq!(split("a \"b\\\""), Err(WordError::OpenQuote));
        assert_eq!(split("a b\\"), Err(WordError::TrailingBackslash));
    }
}
