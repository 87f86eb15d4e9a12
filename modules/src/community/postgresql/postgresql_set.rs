//! `community.postgresql.postgresql_set`: settings of a PostgreSQL server, through `ALTER SYSTEM`.

use serde_json::{Value, json};

use super::session::{LOGIN_ARGS, NO_CONNECTION, Session, literal, refuse_dangerous};
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.postgresql.postgresql_set", ARGS, run).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("value"),
    Arg::bool("reset").default("false"),
    Arg::str("login_db").alias(&["db"]),
    Arg::str("session_role"),
    Arg::bool("trust_input").default("true"),
];

/// Settings that are lists: their values are set one by one.
const LISTS: &[&str] = &[
    "DateStyle",
    "createrole_self_grant",
    "debug_io_direct",
    "listen_addresses",
    "local_preload_libraries",
    "log_destination",
    "restrict_nonsystem_relation_kind",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "synchronized_standby_slots",
    "synchronous_standby_names",
    "temp_tablespaces",
    "unix_socket_directories",
    "wal_consistency_checking",
];

const UNITS: &[(&str, u64)] = &[("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1)];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let name = args.str("name")?;
    let wanted = Wanted::new(args)?;
    refuse_dangerous(args, &["name", "value", "session_role"])?;
    let session = Session::new(args, args.opt_str("login_db").unwrap_or_default(), cx)?;
    let before = Setting::read(name, &session, cx)?;
    if before.context == "internal" {
        return Err(ModuleError::failed(format!(
            "{name}: cannot be changed (internal context). See \
             https://www.postgresql.org/docs/current/runtime-config-preset.html"
        )));
    }
    let result = ModuleResult::ok()
        .set("name", name)
        .set("prev_val_pretty", before.pretty.as_str())
        .set("context", before.context.as_str());
    if cx.check_mode {
        let same = wanted.is(&before);
        let shown = if same { Some(before.pretty.as_str()) } else { wanted.text() };
        return Ok(result
            .set("restart_required", before.needs_restart())
            .set("value_pretty", json!(shown))
            .set("value", before.value())
            .set("queries", json!([]))
            .changed(!same));
    }
    let query = wanted.query(name, &before);
    if let Some(query) = &query {
        let script = format!("{query};\nSELECT pg_reload_conf();\n");
        session.script(&script, cx).map_err(|error| told("set", name, error))?;
    }
    let result = result.set("queries", json!(query.iter().collect::<Vec<_>>()));
    if before.needs_restart() && !(query.is_none() && matches!(wanted, Wanted::Initial)) {
        if query.is_some() {
            cx.warn(format!("Restart of PostgreSQL is required for setting {name}"));
        }
        return Ok(result
            .set("restart_required", true)
            .set("value_pretty", json!(wanted.text()))
            .changed(query.is_some()));
    }
    let after = Setting::read(name, &session, cx)?;
    Ok(result
        .set("restart_required", false)
        .set("value_pretty", after.pretty.as_str())
        .set("value", after.value())
        .changed(after.raw != before.raw))
}

/// The error with what could not be done; an unreachable server speaks for itself.
fn told(deed: &str, name: &str, error: ModuleError) -> ModuleError {
    match &error {
        ModuleError::Failed { msg, .. } if !msg.starts_with(NO_CONNECTION) => {
            ModuleError::failed(format!("Unable to {deed} {name} value due to : {msg}"))
        }
        _ => error,
    }
}

/// A setting as the server has it.
#[derive(Debug, Default)]
struct Setting {
    /// With its unit, as `SHOW` says it.
    pretty: String,
    raw: String,
    unit: Option<String>,
    context: String,
    /// What it is when nobody sets it.
    initial: Option<String>,
}

impl Setting {
    fn read(name: &str, session: &Session, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let shown = session.value(&format!("SELECT current_setting({})", literal(name)), cx);
        let pretty = shown.map_err(|error| told("get", name, error))?.unwrap_or_default();
        let query = "SELECT setting, unit, context, boot_val FROM pg_settings WHERE name =";
        let rows = session.rows(&format!("{query} {}", literal(name)), cx)?;
        let Some([raw, unit, context, initial]) = rows.into_iter().next().and_then(|row| <[_; 4]>::try_from(row).ok())
        else {
            return Err(ModuleError::failed(format!(
                "No such parameter: {name}. Please check its spelling or presence in your PostgreSQL version \
                 (https://www.postgresql.org/docs/current/runtime-config.html)"
            )));
        };
        Ok(Self { pretty, raw: raw.unwrap_or_default(), unit, context: context.unwrap_or_default(), initial })
    }

    fn needs_restart(&self) -> bool {
        self.context == "postmaster"
    }

    /// Sizes in kilobytes and megabytes as bytes.
    fn bytes(&self) -> Option<u64> {
        let unit = self.unit.as_deref().filter(|unit| matches!(*unit, "kB" | "MB"))?;
        bytes(&format!("{}{unit}", self.raw))
    }

    fn value(&self) -> Value {
        match self.bytes() {
            Some(bytes) => json!({ "value": bytes, "unit": "b" }),
            None => json!({ "value": self.raw, "unit": self.unit }),
        }
    }
}

/// What the setting is to become.
enum Wanted {
    Value(String),
    /// What the server's own file says.
    Default,
    /// What it is when nobody sets it.
    Initial,
}

impl Wanted {
    fn new(args: &Args) -> Result<Self, ModuleError> {
        let name = args.str("name")?;
        match (args.opt_str("value"), args.bool("reset")) {
            (Some(_), true) => {
                Err(ModuleError::failed(format!("{name}: value and reset params are mutually exclusive")))
            }
            (None, false) => {
                Err(ModuleError::failed(format!("{name}: at least one of value or reset param must be specified")))
            }
            // With it the server would not start again.
            (Some(""), _) if name == "shared_preload_libraries" => Err(ModuleError::failed(
                "Due to a PostgreSQL bug in resetting shared_preload_libraries with ALTER SYSTEM SET, setting it as \
                 an empty string is not supported by the module to avoid crashes. Use the `value: default` or \
                 `reset: true` argument instead. If you think the bug has been fixed, please let us know.",
            )),
            (Some("default"), _) => Ok(Self::Default),
            (Some(value), _) => Ok(Self::Value(with_large_unit(value))),
            (None, true) => Ok(Self::Initial),
        }
    }

    /// As the task says it.
    fn text(&self) -> Option<&str> {
        match self {
            Self::Value(value) => Some(value),
            Self::Default => Some("default"),
            Self::Initial => None,
        }
    }

    /// Whether the setting is known to be so already.
    fn is(&self, setting: &Setting) -> bool {
        match self {
            Self::Value(value) => {
                *value == setting.pretty || (setting.bytes().is_some() && bytes(value) == setting.bytes())
            }
            Self::Default => false,
            Self::Initial => setting.initial.as_deref() == Some(setting.raw.as_str()),
        }
    }

    /// The statement that makes it so; the server knows best whether another spelling is another value.
    fn query(&self, name: &str, before: &Setting) -> Option<String> {
        match self {
            Self::Value(value) if *value == before.pretty => None,
            Self::Value(value) if LISTS.contains(&name) => {
                let values: Vec<String> = value.split(',').map(|value| literal(&unquoted(value.trim()))).collect();
                Some(format!("ALTER SYSTEM SET {name} = {}", values.join(",")))
            }
            Self::Value(value) => Some(format!("ALTER SYSTEM SET {name} = {}", literal(value))),
            Self::Default => Some(format!("ALTER SYSTEM SET {name} = DEFAULT")),
            Self::Initial if self.is(before) => None,
            Self::Initial => Some(format!("ALTER SYSTEM RESET {name}")),
        }
    }
}

/// `"$user"` without what the server quotes itself.
fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    inner.map_or_else(|| value.to_owned(), |inner| inner.replace("\"\"", "\""))
}

/// `64mb` as the server wants it.
fn with_large_unit(value: &str) -> String {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &value[digits.len()..];
    let is_size = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    if is_size && matches!(unit, "mb" | "gb" | "tb") { value.to_uppercase() } else { value.to_owned() }
}

fn bytes(text: &str) -> Option<u64> {
    let (digits, size) = UNITS.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size)))?;
    digits.parse::<u64>().ok()?.checked_mul(*size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_equal_in_any_unit() {
        let setting = |raw: &str, unit: &str, pretty: &str| Setting {
            raw: raw.to_owned(),
            unit: Some(unit.to_owned()),
            pretty: pretty.to_owned(),
            ..Setting::default()
        };
        let memory = setting("4096", "kB", "4MB");
        for (value, same) in [("4MB", true), ("4096kB", true), ("4096", false), ("5MB", false), ("4mb", true)] {
            assert_eq!(Wanted::Value(with_large_unit(value)).is(&memory), same, "{value}");
        }
        assert!(!Wanted::Value("4096".to_owned()).is(&setting("4096", "ms", "4096ms")));
        assert_eq!((with_large_unit("1gb"), with_large_unit("climb")), ("1GB".to_owned(), "climb".to_owned()));
    }

    #[test]
    fn lists_are_set_value_by_value() {
        let query = |name: &str, value: &str| Wanted::Value(value.to_owned()).query(name, &Setting::default());
        let lists = query("search_path", "\"$user\", public");
        assert_eq!(lists.as_deref(), Some("ALTER SYSTEM SET search_path = '$user','public'"));
        let text = query("log_line_prefix", "it's, %m");
        assert_eq!(text.as_deref(), Some("ALTER SYSTEM SET log_line_prefix = 'it''s, %m'"));
    }
}
