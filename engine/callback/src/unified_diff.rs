//! Two texts as a unified diff whose lines are paired as Python's `difflib` pairs them, so that both engines show the same.

use std::collections::HashMap;
use std::ops::Range;

/// From so many lines on, those that stand in more than a hundredth of them (braces, empty ones) pair nothing by themselves.
const LONG: usize = 200;

/// What ends a line for Python.
const LINE_ENDS: [char; 10] =
    ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

/// The hunks, with up to `context` equal lines around what differs; empty where nothing does.
pub(crate) fn hunks(before: &str, after: &str, context: usize) -> String {
    let (old, new) = (lines(before), lines(after));
    let changes = Pairing::new(&old, &new).changes();
    let together = |one: &Change, next: &Change| next.old.start - one.old.end <= 2 * context;
    let mut text = String::new();
    for hunk in changes.chunk_by(together) {
        let ([first, ..], [.., last]) = (hunk, hunk) else { continue };
        let lead = context.min(first.old.start);
        let trail = context.min(old.len() - last.old.end);
        let old_lines = place(first.old.start - lead..last.old.end + trail);
        let new_lines = place(first.new.start - lead..last.new.end + trail);
        text.push_str(&format!("@@ -{old_lines} +{new_lines} @@\n"));
        let mut at = first.old.start - lead;
        for change in hunk {
            push(&mut text, ' ', &old[at..change.old.start]);
            push(&mut text, '-', &old[change.old.clone()]);
            push(&mut text, '+', &new[change.new.clone()]);
            at = change.old.end;
        }
        push(&mut text, ' ', &old[at..at + trail]);
    }
    text
}

/// The lines with what ends them.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((at, end)) = rest.char_indices().find(|(_, character)| LINE_ENDS.contains(character)) {
        let ends = at + if rest[at..].starts_with("\r\n") { 2 } else { end.len_utf8() };
        let (line, after) = rest.split_at(ends);
        lines.push(line);
        rest = after;
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn push(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with(LINE_ENDS) {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// First line and number of lines, as the head of a hunk has them.
fn place(lines: Range<usize>) -> String {
    match lines.len() {
        1 => format!("{}", lines.start + 1),
        0 => format!("{},0", lines.start),
        length => format!("{},{length}", lines.start + 1),
    }
}

/// These lines of the old text became those of the new one.
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

/// So many lines are equal from there on.
#[derive(Clone, Copy)]
struct Block {
    old: usize,
    new: usize,
    length: usize,
}

struct Pairing<'a> {
    old: &'a [&'a str],
    new: &'a [&'a str],
    places: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Pairing<'a> {
    fn new(old: &'a [&'a str], new: &'a [&'a str]) -> Self {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, line) in new.iter().enumerate() {
            places.entry(line).or_default().push(at);
        }
        if new.len() >= LONG {
            places.retain(|_, at| at.len() <= new.len() / 100 + 1);
        }
        Self { old, new, places }
    }

    /// What lies between the lines that are paired.
    fn changes(&self) -> Vec<Change> {
        let mut blocks = self.blocks();
        blocks.push(Block { old: self.old.len(), new: self.new.len(), length: 0 });
        let (mut old, mut new) = (0, 0);
        let mut changes = Vec::new();
        for block in blocks {
            if old < block.old || new < block.new {
                changes.push(Change { old: old..block.old, new: new..block.new });
            }
            (old, new) = (block.old + block.length, block.new + block.length);
        }
        changes
    }

    /// The longest equal run, then the longest ones before and behind it, and so on; in order.
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut waiting = vec![(0..self.old.len(), 0..self.new.len())];
        while let Some((old, new)) = waiting.pop() {
            let block = self.longest(&old, &new);
            if block.length > 0 {
                waiting.push((old.start..block.old, new.start..block.new));
                waiting.push((block.old + block.length..old.end, block.new + block.length..new.end));
                blocks.push(block);
            }
        }
        blocks.sort_unstable_by_key(|block| block.old);
        blocks
    }

    /// The first of the longest equal runs in there; lines that occur often are only found at its ends.
    fn longest(&self, old: &Range<usize>, new: &Range<usize>) -> Block {
        let mut best = Block { old: old.start, new: new.start, length: 0 };
        let mut ending_before: HashMap<usize, usize> = HashMap::new();
        for at in old.clone() {
            let mut ending: HashMap<usize, usize> = HashMap::new();
            let places = self.places.get(self.old[at]).into_iter().flatten();
            for &place in places.filter(|place| new.contains(place)) {
                let length = 1 + place.checked_sub(1).and_then(|one| ending_before.get(&one)).unwrap_or(&0);
                ending.insert(place, length);
                if length > best.length {
                    best = Block { old: at + 1 - length, new: place + 1 - length, length };
                }
            }
            ending_before = ending;
        }
        self.widened(best, old, new)
    }

    fn widened(&self, mut block: Block, old: &Range<usize>, new: &Range<usize>) -> Block {
        while block.old > old.start && block.new > new.start && self.old[block.old - 1] == self.new[block.new - 1] {
            (block.old, block.new, block.length) = (block.old - 1, block.new - 1, block.length + 1);
        }
        let is_equal =
            |old_at: usize, new_at: usize| old_at < old.end && new_at < new.end && self.old[old_at] == self.new[new_at];
        while is_equal(block.old + block.length, block.new + block.length) {
            block.length += 1;
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::hunks;

    #[test]
    fn the_longest_equal_run_is_paired_first() {
        let before = "one\n\ntwo\n\nthree\nfour\n";
        let after = "three\nfour\n\none\n\ntwo\n";
        assert_eq!(hunks(before, after, 3), "@@ -1,6 +1,6 @@\n+three\n+four\n+\n one\n \n two\n-\n-three\n-four\n");
    }

    #[test]
    fn in_long_texts_lines_that_occur_often_pair_nothing() {
        let numbered = |sign: &str| (0..100).map(|n| format!("{sign}{n}\n\n")).collect::<String>();
        let (before, after) = (numbered("a"), numbered("b"));
        let text = hunks(&before, &after, 3);
        assert!(text.starts_with("@@ -1,200 +1,200 @@\n-a0\n-\n-a1\n"), "{text}");
        assert!(text.ends_with("+b98\n+\n+b99\n+\n"), "{text}");
    }

    #[test]
    fn hunks_are_apart_where_more_than_twice_the_context_is_equal() {
        assert_eq!(hunks("a\nb\nc\nd\n", "A\nb\nc\nD\n", 1), "@@ -1,4 +1,4 @@\n-a\n+A\n b\n c\n-d\n+D\n");
        assert_eq!(hunks("a\nb\nc\n", "A\nb\nC\n", 0), "@@ -1 +1 @@\n-a\n+A\n@@ -3 +3 @@\n-c\n+C\n");
        assert_eq!(hunks("", "a\n", 3), "@@ -0,0 +1 @@\n+a\n");
        assert_eq!(hunks("a\n", "a\n", 3), "");
    }

    #[test]
    fn a_last_line_without_an_end_is_said_to_be_one() {
        assert_eq!(hunks("a\nb", "a\nb\n", 3), "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
        assert_eq!(hunks("a\u{c}b\n", "c\u{c}b\n", 3), "@@ -1,2 +1,2 @@\n-a\u{c}+c\u{c} b\n");
    }
}
