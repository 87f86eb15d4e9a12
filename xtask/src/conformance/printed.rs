//! What a run printed, without what no two runs share: the one place that says what is not compared.
//!
//! Masked are values of the keys in `VOLATILE`, in JSON, YAML and XML; numbers of jobs; names of temporary files; dates of
//! profiles. Left out are notices that ansible-core will remove a plugin or an option, its own version at `-vv`, and
//! tracebacks in XML (it never has any). Hosts finish in any order: under one heading the blocks of several hosts are sorted, where a block is a line
//! and what belongs to it (lines that are indented, close a bracket, or are a part of a diff).

/// Values of these keys differ from run to run, or from engine to engine without anybody's harm.
const VOLATILE: &[&str] = &[
    "delta",
    "start",
    "end",
    "stop",
    "atime",
    "mtime",
    "ctime",
    "inode",
    "ino",
    "pid",
    "ansible_job_id",
    "results_file",
    "id",
    "time",
    "duration",
    "timestamp",
    "_timestamp",
];

/// The lines of a text, with hosts under a heading in order.
pub(super) fn lines(output: &str) -> Vec<String> {
    let lines: Vec<String> = without_notices(output).map(mask).collect();
    if output.starts_with("<?xml") {
        return with_sorted_cases(without_tracebacks(lines));
    }
    if output.starts_with('{') {
        return lines;
    }
    let lines = with_sorted_names(lines);
    let mut sections: Vec<Vec<Block>> = vec![Vec::new()];
    for line in lines {
        if is_heading(&line) {
            sections.push(Vec::new());
        }
        let Some(section) = sections.last_mut() else { continue };
        match section.last_mut() {
            Some(block) if continues(&line) || is_of_command(block, &line) => block.push(line),
            _ => section.push(vec![line]),
        }
    }
    sections.into_iter().flat_map(sorted).flatten().collect()
}

/// What stands in `<error …>…</error>`.
fn without_tracebacks(lines: Vec<String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut is_error = false;
    for line in lines {
        let begins = line.trim_start().starts_with("<error ");
        if begins {
            kept.push(line.split('>').next().unwrap_or_default().to_owned());
        } else if !is_error {
            kept.push(line.clone());
        }
        is_error = (is_error || begins) && !line.ends_with("</error>");
    }
    kept
}

fn without_notices(output: &str) -> impl Iterator<Item = &str> {
    const OFF: &str = "[WARNING]: Deprecation warnings can be disabled";
    const REMOVALS: [&str; 2] = [" callback plugin is deprecated", " argument is deprecated"];
    let is_removal = |line: &str| REMOVALS.iter().any(|words| line.contains(words));
    let is_notice = move |line: &&str| line.starts_with("[DEPRECATION WARNING]: The ") && is_removal(line);
    let next = output.lines().skip(1).map(Some).chain([None]);
    let lines = output.lines().zip(next).filter(move |(line, next)| {
        let introduces = line.starts_with(OFF) && next.as_ref().is_some_and(is_notice);
        !introduces && !is_notice(line)
    });
    let mut is_version = false;
    lines.map(|(line, _)| line).filter(move |line| {
        is_version = line.starts_with("ansible") && line.contains(" [core ") || is_version && line.starts_with(' ');
        !is_version
    })
}

/// Cases of one task, which are one after the other, stand in the order in which hosts finished.
fn with_sorted_cases(lines: Vec<String>) -> Vec<String> {
    let mut cases: Vec<Block> = Vec::new();
    for line in lines {
        match cases.last_mut() {
            Some(case) if !["\t\t<testcase ", "\t</testsuite>"].iter().any(|tag| line.starts_with(tag)) => {
                case.push(line);
            }
            _ => cases.push(vec![line]),
        }
    }
    let class = |case: &Block| case[0].split(" name=").next().unwrap_or_default().to_owned();
    let runs = cases.chunk_by_mut(|one, other| class(one) == class(other));
    runs.for_each(<[Block]>::sort);
    cases.into_iter().flatten().collect()
}

/// `hosts (3):` of `--list-hosts`: ansible-core lists them in any order.
fn with_sorted_names(mut lines: Vec<String>) -> Vec<String> {
    let is_list = |line: &String| line.trim_start().starts_with("hosts (");
    let starts: Vec<usize> = (0..lines.len()).filter(|&at| is_list(&lines[at])).collect();
    for start in starts {
        let indent = |line: &String| line.len() - line.trim_start().len();
        let deeper = indent(&lines[start]);
        let end = (start + 1..lines.len()).find(|&at| indent(&lines[at]) <= deeper).unwrap_or(lines.len());
        lines[start + 1..end].sort();
    }
    lines
}

/// A line and those that belong to it.
type Block = Vec<String>;

/// The heading stays first; empty lines before the next heading stay last.
fn sorted(mut blocks: Vec<Block>) -> Vec<Block> {
    let heads = usize::from(blocks.first().is_some_and(|block| is_heading(&block[0])));
    let end = blocks.last_mut().filter(|last| !last[0].ends_with(COMMAND)).map_or(0, |last| {
        let texts = last.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1);
        last.drain(texts..).count()
    });
    blocks[heads..].sort();
    blocks.push(vec![String::new(); end]);
    blocks
}

/// What ends the line of a host above what its command printed, which may be nothing.
const COMMAND: &str = " >>";

fn is_of_command(block: &Block, line: &str) -> bool {
    let is_state = |rest: &str| rest.starts_with(|first: char| first.is_ascii_uppercase());
    let is_next = line.split_once(" | ").is_some_and(|(host, rest)| !host.contains(' ') && is_state(rest));
    block[0].ends_with(COMMAND) && !is_next && !is_heading(line) && !line.starts_with('[')
}

fn is_heading(line: &str) -> bool {
    ["PLAY", "TASK ", "RUNNING HANDLER ", "NO MORE HOSTS LEFT", "CUSTOM STATS"]
        .iter()
        .any(|heading| line.starts_with(heading))
}

fn continues(line: &str) -> bool {
    line.is_empty()
        || line.starts_with([' ', '\t', '}', ']', '+', '@', '^'])
        || line.starts_with('-') && !line.starts_with("--- before")
        || line.starts_with(|first: char| first.is_ascii_digit())
        || ["Origin: ", "<<< ", "(source "].iter().any(|words| line.starts_with(words))
}

fn mask(line: &str) -> String {
    let mut masked = with_sorted_hosts_of_case(&with_sorted_hosts(line.trim_end()));
    for key in VOLATILE {
        mask_value(&mut masked, &format!("\"{key}\": "), &[',', '}']);
        mask_value(&mut masked, &format!("&quot;{key}&quot;: "), &[',', '}']);
        mask_value(&mut masked, &format!(" {key}=\""), &['"']);
        mask_line(&mut masked, &format!("{key}: "));
    }
    // Contents without a file are handed over in one that nobody sees.
    mask_word(&mut masked, "/.source");
    mask_word(&mut masked, "/ansible-tmp-");
    mask_word(&mut masked, "/ansible-local-");
    for key in ["\"_original_basename\": \"", "&quot;_original_basename&quot;: &quot;"] {
        mask_nameless(&mut masked, key);
    }
    mask_value(&mut masked, "jid=", &[' ']);
    mask_value(&mut masked, " at 0x", &['>', ' ']);
    masked
}

/// Every value that follows `key`, up to one of `ends`.
fn mask_value(line: &mut String, key: &str, ends: &[char]) {
    let mut from = 0;
    while let Some(at) = line[from..].find(key) {
        let value = from + at + key.len();
        let length = line[value..].find(ends).unwrap_or(line.len() - value);
        line.replace_range(value..value + length, "?");
        from = value + 1;
    }
}

/// YAML: the value of a line that is nothing but this.
fn mask_line(line: &mut String, key: &str) {
    let indent = line.len() - line.trim_start().len();
    if indent > 0 && line[indent..].starts_with(key) {
        line.replace_range(indent + key.len().., "?");
    }
}

/// Every whole path, or quoted text, that has `part` in it.
fn mask_word(line: &mut String, part: &str) {
    const ENDS: [char; 5] = ['"', '\'', ' ', '=', ','];
    let mut from = 0;
    while let Some(at) = line[from..].find(part).map(|at| from + at) {
        let start = line[..at].rfind(ENDS).map_or(0, |end| end + 1);
        let length = line[at..].find(ENDS).unwrap_or(line.len() - at);
        line.replace_range(start..at + length, "?");
        from = start + 1;
    }
}

/// `.x1y2z3a4`: the name of a file that was made for contents without one.
fn mask_nameless(line: &mut String, key: &str) {
    let is_made = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let mut from = 0;
    while let Some(at) = line[from..].find(key).map(|at| from + at + key.len()) {
        let length = line[at..].find(['"', '&']).unwrap_or(line.len() - at);
        if length == 9 && line[at..].starts_with('.') && line[at + 1..at + length].chars().all(is_made) {
            line.replace_range(at..at + length, "?");
        }
        from = at;
    }
}

/// `included: FILE for HOSTS`: the hosts are listed as they finished.
fn with_sorted_hosts(line: &str) -> String {
    let Some((file, hosts)) = line.strip_prefix("included: ").and_then(|rest| rest.split_once(" for ")) else {
        return line.to_owned();
    };
    let (hosts, item) = hosts.split_once(" => ").unwrap_or((hosts, ""));
    let mut hosts: Vec<&str> = hosts.split(", ").collect();
    hosts.sort_unstable();
    format!("included: {file} for {} => {item}", hosts.join(", "))
}

/// `FILE (args={} vars={}): [HOSTS]` of an include in XML.
fn with_sorted_hosts_of_case(line: &str) -> String {
    let Some((before, (hosts, after))) = line
        .split_once("): [")
        .filter(|(before, _)| before.contains(" (args={"))
        .and_then(|(before, rest)| Some((before, rest.split_once(']')?)))
    else {
        return line.to_owned();
    };
    let mut hosts: Vec<&str> = hosts.split(", ").collect();
    hosts.sort_unstable();
    format!("{before}): [{}]{after}", hosts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_masked_and_hosts_sorted() {
        let one = "TASK [x] ***\nok: [b] => {\"delta\": \"0:00:01\", \"rc\": 0}\nok: [a]\n";
        let other = "TASK [x] ***\nok: [a]\nok: [b] => {\"delta\": \"0:00:02\", \"rc\": 0}\n";
        assert_eq!(lines(one), lines(other));
        assert_ne!(lines(one), lines("TASK [x] ***\nok: [a]\nok: [b]\n"));
    }

    #[test]
    fn what_belongs_to_a_host_stays_with_it() {
        let one = "TASK [x] ***\nok: [b] => {\n    \"a\": 1\n}\nok: [a] => {\n    \"a\": 2\n}\n\nTASK [y] ***\n";
        let other = "TASK [x] ***\nok: [a] => {\n    \"a\": 2\n}\nok: [b] => {\n    \"a\": 1\n}\n\nTASK [y] ***\n";
        assert_eq!(lines(one), lines(other));
        let mixed = "TASK [x] ***\nok: [a] => {\n    \"a\": 1\n}\nok: [b] => {\n    \"a\": 2\n}\n\nTASK [y] ***\n";
        assert_ne!(lines(one), lines(mixed));
        assert_ne!(lines(one), lines(&one.replace("\n\n", "\n")));
    }

    #[test]
    fn what_a_command_printed_stays_with_its_host() {
        let one = "a | CHANGED | rc=0 >>\nx y\nb | CHANGED | rc=0 >>\n\nc | SUCCESS => {\n    \"a\": 1\n}\n";
        let other = "b | CHANGED | rc=0 >>\n\nc | SUCCESS => {\n    \"a\": 1\n}\na | CHANGED | rc=0 >>\nx y\n";
        assert_eq!(lines(one), lines(other));
        assert_ne!(
            lines(one),
            lines(&one.replace("x y", "").replace("b | CHANGED | rc=0 >>\n", "b | CHANGED | rc=0 >>\nx y"))
        );
    }

    #[test]
    fn forms_of_values_that_are_masked() {
        let masked = |line: &str| mask(line);
        assert_eq!(masked(r#"{"start": "a", "start": "b"}"#), r#"{"start": ?, "start": ?}"#);
        assert_eq!(masked(r#"<testcase name="x" time="0.5">"#), r#"<testcase name="x" time="?">"#);
        assert_eq!(masked(r#""_original_basename": ".ab_1c2d3","#), r#""_original_basename": "?","#);
        assert_eq!(masked(r#"{"src": "/a/.source", "dest": "/b/.source"}"#), r#"{"src": "?", "dest": "?"}"#);
        assert_eq!(masked(r#""_original_basename": ".vimrc.j2","#), r#""_original_basename": ".vimrc.j2","#);
        assert_eq!(masked("    delta: 0:00:01"), "    delta: ?");
        assert_eq!(masked("ASYNC OK on web1: jid=j12.3"), "ASYNC OK on web1: jid=?");
        assert_eq!(masked(r#"{"src": "/root/.ansible/tmp/ansible-tmp-1-2/.source.txt"}"#), r#"{"src": "?"}"#);
    }
}
