//! Events without the secrets of this run: whatever hosts and tasks say passes here before anybody shows or keeps it.

use std::sync::Arc;

use kapell_parsing::vault::OpenedTexts;
use kapell_parsing::{Map, Value};

use crate::error_report::ErrorReport;
use crate::event::{HostResult, TaskInfo};
use crate::{Event, TaskResult};

pub(crate) fn scrubbed(event: Event, secrets: &OpenedTexts) -> Event {
    if secrets.is_empty() {
        return event;
    }
    let scrub = Scrub(secrets);
    match event {
        Event::HostResult(result) => Event::HostResult(scrub.host_result(result)),
        Event::ItemResult(result) => Event::ItemResult(scrub.host_result(result)),
        Event::Retry { host, task, retries_left, result } => {
            Event::Retry { host, task: scrub.task(task), retries_left, result: scrub.result(result) }
        }
        Event::TaskStart(task) => Event::TaskStart(scrub.task(task)),
        Event::ImplicitTask(task) => Event::ImplicitTask(scrub.task(task)),
        Event::HostStart { host, task } => Event::HostStart { host, task: scrub.task(task) },
        Event::Turn(task) => Event::Turn(scrub.task(task)),
        Event::Included { task, file, hosts, item_label, args, vars, is_role } => {
            let task = scrub.task(task);
            let [args, vars] = [args, vars].map(|map| scrub.map(&map).unwrap_or(map));
            let item_label = item_label.map(|label| scrub.text(label));
            Event::Included { task, file, hosts, item_label, args, vars, is_role }
        }
        Event::Output { host, line } => Event::Output { host, line: scrub.text(line) },
        Event::TaskError(report) => Event::TaskError(scrub.report(report)),
        Event::Diagnostic(diagnostic) => Event::Diagnostic(secrets.scrubbed_diagnostic(diagnostic)),
        Event::Detail { verbosity, text } => Event::Detail { verbosity, text: scrub.text(text) },
        Event::Banner(text) => Event::Banner(scrub.text(text)),
        Event::Message(text) => Event::Message(scrub.text(text)),
        Event::Prompt(text) => Event::Prompt(scrub.text(text)),
        Event::PlayStart { name, origin, pattern, hosts, batch, batches, check_mode } => {
            Event::PlayStart { name: scrub.text(name), origin, pattern, hosts, batch, batches, check_mode }
        }
        // Names of hosts, files, handlers and jobs are what people and scripts look for.
        other @ (Event::PlaybookStart { .. }
        | Event::NoHostsMatched
        | Event::NoHostsRemaining
        | Event::Notified { .. }
        | Event::JobPoll { .. }
        | Event::JobEnd { .. }
        | Event::Stats(_)
        | Event::RunEnd) => other,
    }
}

struct Scrub<'a>(&'a OpenedTexts);

impl Scrub<'_> {
    fn text(&self, text: String) -> String {
        self.0.scrubbed(&text).unwrap_or(text)
    }

    fn task(&self, task: Arc<TaskInfo>) -> Arc<TaskInfo> {
        let name = self.0.scrubbed(&task.name);
        let args = task.args.as_deref().and_then(|args| self.0.scrubbed(args));
        let action = self.0.scrubbed(&task.action);
        if name.is_none() && args.is_none() && action.is_none() {
            return task;
        }
        let mut shown = task.as_ref().clone();
        shown.action = action.unwrap_or(shown.action);
        shown.name = name.unwrap_or(shown.name);
        shown.args = args.or(shown.args);
        Arc::new(shown)
    }

    fn host_result(&self, mut event: HostResult) -> HostResult {
        event.task = self.task(event.task);
        event.result = self.result(event.result);
        event.delegated_to = event.delegated_to.map(|host| self.text(host));
        event.item_label = event.item_label.map(|label| self.text(label));
        event
    }

    fn result(&self, mut result: TaskResult) -> TaskResult {
        if let Some(data) = self.map(&result.data) {
            result.data = data;
        }
        if let Some(invocation) = result.invocation.as_ref().and_then(|value| self.0.scrubbed_value(value)) {
            result.invocation = Some(invocation);
        }
        let delegate = result.delegate.take();
        result.delegate = delegate.map(|delegate| self.map(&delegate).unwrap_or(delegate));
        for item in &mut result.items {
            item.label = item.label.take().map(|label| self.text(label));
        }
        result.error = result.error.map(|report| self.report(report));
        result
    }

    fn map(&self, data: &Map) -> Option<Map> {
        let scrubbed: Vec<Option<Value>> = data.values().map(|value| self.0.scrubbed_value(value)).collect();
        let is_clean = scrubbed.iter().all(Option::is_none);
        let pairs = data.iter().zip(scrubbed);
        (!is_clean)
            .then(|| pairs.map(|((key, value), shown)| (key.clone(), shown.unwrap_or_else(|| value.clone()))).collect())
    }

    fn report(&self, mut report: ErrorReport) -> ErrorReport {
        report.causes = report.causes.into_iter().map(|cause| self.0.scrubbed_diagnostic(cause)).collect();
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_errors_and_names_lose_their_secrets() {
        let secrets = OpenedTexts::default();
        let result = || TaskResult::failed(ErrorReport::new("it was hunter2", None));
        let task = |name: &str| {
            Arc::new(TaskInfo {
                id: 1,
                name: name.into(),
                action: "command".into(),
                origin: None,
                is_handler: false,
                check_mode: false,
                no_log: false,
                independent: false,
                args: Some("a=hunter2".into()),
                written: None,
            })
        };
        let event = || {
            let status = crate::TaskStatus::Failed;
            let item_label = Some("label hunter2".into());
            Event::HostResult(HostResult {
                host: "h".into(),
                delegated_to: None,
                task: task("set hunter2"),
                result: result(),
                status,
                item_label,
                ignore_errors: false,
                diff_mode: false,
            })
        };
        assert!(format!("{:?}", scrubbed(event(), &secrets)).contains("hunter2"), "nothing is secret yet");
        secrets.note("hunter2");
        let shown = format!("{:?}", scrubbed(event(), &secrets));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(shown.matches("********").count(), 5, "{shown}");
    }
}
