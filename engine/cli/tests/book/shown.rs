//! Whether a command printed what its page shows: `...` stands for any text in a line, alone for any lines.

/// None: it did. Otherwise what differs, in words.
pub(crate) fn difference(shown: &[String], printed: &str) -> Option<String> {
    let tidy = |line: &str| line.trim_end().to_owned();
    let mut shown: Vec<String> = shown.iter().map(|line| tidy(line)).collect();
    let mut printed: Vec<String> = printed.lines().map(tidy).collect();
    for lines in [&mut shown, &mut printed] {
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
    }
    if lines_match(&ordered(&shown), &ordered(&printed)) {
        return None;
    }
    Some(format!("printed something else than is shown:\n  | {}", printed.join("\n  | ")))
}

/// Results of several hosts come in any order: each run of them is sorted.
fn ordered(lines: &[String]) -> Vec<String> {
    let (mut ordered, mut results, mut at) = (Vec::new(), Vec::new(), 0);
    while at < lines.len() {
        let end = if is_result(&lines[at]) { at + length(&lines[at..]) } else { at + 1 };
        if is_result(&lines[at]) {
            results.push(&lines[at..end]);
        } else {
            results.sort();
            results.drain(..).for_each(|result| ordered.extend_from_slice(result));
            ordered.push(lines[at].clone());
        }
        at = end;
    }
    results.sort();
    results.into_iter().for_each(|result| ordered.extend_from_slice(result));
    ordered
}

fn is_result(line: &str) -> bool {
    ["ok: [", "changed: [", "skipping: [", "fatal: ["].iter().any(|start| line.starts_with(start))
        || line.contains(" | SUCCESS => ")
        || line.contains(" | CHANGED => ")
}

/// In lines: one, or as many as its JSON takes.
fn length(lines: &[String]) -> usize {
    let is_open = lines[0].ends_with('{');
    let last = lines.iter().position(|line| line == "}").filter(|_| is_open);
    last.map_or(1, |last| last + 1)
}

fn lines_match(shown: &[String], printed: &[String]) -> bool {
    match shown {
        [] => printed.is_empty(),
        [first, rest @ ..] if first.trim() == "..." => (0..=printed.len()).any(|at| lines_match(rest, &printed[at..])),
        [first, rest @ ..] => {
            printed.split_first().is_some_and(|(line, others)| text_matches(first, line) && lines_match(rest, others))
        }
    }
}

fn text_matches(shown: &str, printed: &str) -> bool {
    let Some((start, rest)) = shown.split_once("...") else { return shown == printed };
    let Some(printed) = printed.strip_prefix(start) else { return false };
    let places = printed.char_indices().map(|(at, _)| at).chain([printed.len()]);
    places.into_iter().any(|at| text_matches(rest, &printed[at..]))
}
