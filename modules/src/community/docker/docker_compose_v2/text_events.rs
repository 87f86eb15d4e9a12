//! What versions of Compose before 2.29 say they do: lines of text.

use std::sync::LazyLock;

use regex::Regex;

use super::events::{Event, LAYER, Report, is_known, layer_status, thing};

static THING: LazyLock<Regex> = LazyLock::new(|| expression(r"^((?:Network|Image|Volume|Container) \S+)\s+(\S.*)$"));
static LOGGED: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"^time="[^"]*" level=warning msg="((?:[^"\\]|\\.)*)"$"#));

#[expect(clippy::unwrap_used, reason = "the expressions are constants, and tested")]
fn expression(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

pub(super) fn read(report: &mut Report, text: &str, rc: i32) {
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim();
        let plain = line.strip_prefix("DRY-RUN MODE -").map_or(line, str::trim);
        if plain.is_empty() || plain.starts_with("==>") {
            continue;
        }
        if let Some(logged) = LOGGED.captures(plain) {
            report.warnings.push(logged[1].replace("\\\"", "\"").replace("\\\\", "\\"));
        } else if let Some(found) = THING.captures(plain) {
            of_thing(report, &found[1], &found[2]);
        } else if let Some(event) = of_pull(plain) {
            report.events.push(event);
        } else if rc != 0 && at + 1 == lines.len() {
            last_words(report, plain);
        } else {
            report.warnings.push(format!("Cannot parse event from line: '{plain}'"));
        }
    }
}

fn of_thing(report: &mut Report, id: &str, status: &str) {
    let (what, name) = thing(id);
    let mut event = Event { what: what.unwrap_or_default(), id: Some(name.to_owned()), ..Event::default() };
    if !is_known(status) || status == "Warning" {
        return report.warn_of(&event, Some(status));
    }
    event.status = Some(status.to_owned());
    report.events.push(event);
}

/// `web Pulling`, `web Error reason`, `4f4fb700ef54 Downloading [==>  ]`.
fn of_pull(line: &str) -> Option<Event> {
    let (id, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim();
    let event = |what, status: &str, message: Option<&str>| {
        let message = message.filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Event { what, id: Some(id.to_owned()), status: Some(status.to_owned()), message })
    };
    if matches!(rest, "Pulling" | "Pulled") {
        return event("service", rest, None);
    }
    if let Some(reason) = rest.strip_prefix("Error").filter(|reason| reason.is_empty() || reason.starts_with(' ')) {
        // `Error response from daemon: …` is no word on a service.
        return if id.ends_with(':') || line.starts_with("Error ") {
            None
        } else {
            event("service", "Error", Some(reason.trim()))
        };
    }
    event(LAYER, layer_status(rest)?, None)
}

/// The last line of a command that fails says why: of what went wrong just before, or of everything.
fn last_words(report: &mut Report, line: &str) {
    match report.events.last_mut().filter(|event| event.is_error()) {
        Some(event) => {
            let known = event.message.take();
            event.message = Some(known.map_or_else(|| line.to_owned(), |known| format!("{known}\n{line}")));
        }
        None => report.events.push(Event::error(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str, rc: i32) -> Report {
        let mut report = Report::default();
        read(&mut report, text, rc);
        report
    }

    #[test]
    fn things_and_pulls_are_told_apart() {
        let text = " Network p_default  Creating\n DRY-RUN MODE -  Container p-web-1  Creating\n web Pulling \n \
                    4f4f Downloading [==>  ]  1B/2B\n 4f4f Pull complete \n DRY-RUN MODE -    ==> ==> writing image x \n";
        let found = report(text, 0);
        let whats: Vec<_> = found.actions().iter().map(|action| action["what"].as_str().unwrap().to_owned()).collect();
        assert_eq!(whats, ["network", "container", "service", "image-layer"]);
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
    }

    #[test]
    fn the_last_line_is_the_reason() {
        let failure = |text: &str| report(text, 1).failure(1);
        assert_eq!(failure("no such service: x\n"), "General error: no such service: x");
        assert_eq!(failure(" web Error \nmanifest unknown\n"), "Error when processing web: manifest unknown");
        let both = " Container c  Error\ndependency failed\n";
        assert_eq!(failure(both), "Error when processing container c: dependency failed");
        assert_eq!(failure("yaml: bad\n\n\n"), "Return code 1 is non-zero");
    }

    #[test]
    fn warnings_of_the_log_are_passed_on() {
        let found = report("time=\"2024\" level=warning msg=\"`version` is \\\"obsolete\\\"\"\n", 0);
        assert_eq!(found.warnings, ["`version` is \"obsolete\""]);
    }
}
