//! `Options`: what the configuration of an `aws_ec2` source says.

use std::path::Path;
use std::sync::Arc;

use kapell_inventory::LoadContext;
use kapell_parsing::{Diagnostic, Map, Value};
use kapell_template::{RenderContext, Templar, VariableSource};

use super::filter::Filters;
use super::hostname::Preference;
use super::route53::Zones;
use crate::access::Access;

/// Every option, so that a mistyped one is told.
const KNOWN: &[&str] = &[
    "plugin",
    "access_key",
    "aws_access_key",
    "aws_access_key_id",
    "secret_key",
    "aws_secret_key",
    "aws_secret_access_key",
    "session_token",
    "aws_session_token",
    "aws_security_token",
    "security_token",
    "profile",
    "aws_profile",
    "boto_profile",
    "region",
    "aws_region",
    "regions",
    "endpoint_url",
    "aws_endpoint_url",
    "assume_role_arn",
    "iam_role_arn",
    "allow_duplicated_hosts",
    "cache",
    "cache_connection",
    "cache_plugin",
    "cache_prefix",
    "cache_timeout",
    "compose",
    "exclude_filters",
    "filters",
    "groups",
    "hostnames",
    "hostvars_prefix",
    "hostvars_suffix",
    "include_extra_api_calls",
    "include_filters",
    "keyed_groups",
    "leading_separator",
    "route53_enabled",
    "route53_excluded_zones",
    "route53_hostnames",
    "strict",
    "strict_permissions",
    "use_contrib_script_compatible_ec2_tag_keys",
    "use_contrib_script_compatible_sanitization",
    "use_extra_vars",
    "use_ssm_inventory",
];
/// What the DNS says, inside first.
const USUAL_HOSTNAMES: &[&str] = &["dns-name", "private-dns-name"];

pub(crate) struct Options {
    pub(crate) access: Access,
    /// Empty: all that are enabled for the account.
    pub(crate) regions: Vec<String>,
    /// Instances that match any of these.
    pub(crate) include: Vec<Filters>,
    /// Less those that match any of these.
    pub(crate) exclude: Vec<Filters>,
    pub(crate) hostnames: Vec<Preference>,
    /// A host for every name of an instance, not for the first only.
    pub(crate) all_hostnames: bool,
    pub(crate) prefix: String,
    pub(crate) suffix: String,
    pub(crate) contrib_tag_keys: bool,
    /// A region that forbids the call is an error, not an empty one.
    pub(crate) strict_permissions: bool,
    /// The zones of Route 53 that name instances.
    pub(crate) zones: Option<Zones>,
    pub(crate) ssm_inventory: bool,
}

impl Options {
    pub(crate) fn read(
        path: &Path,
        config: &Value,
        templar: &Templar,
        cx: &LoadContext,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Self, Diagnostic> {
        check_file_name(path)?;
        warn_of_unknown(config, warnings);
        let reader = Reader { config, templar, vars: Arc::new(cx.extra_vars.clone()) };
        let own = reader.filters("filters")?;
        let mut include: Vec<Filters> = reader.filter_list("include_filters")?;
        if !own.is_empty() || include.is_empty() {
            include.insert(0, own);
        }
        Ok(Self {
            access: reader.access()?,
            regions: reader.texts("regions")?,
            include,
            exclude: reader.filter_list("exclude_filters")?,
            hostnames: reader.hostnames()?,
            all_hostnames: reader.flag("allow_duplicated_hosts", false),
            prefix: reader.text(&["hostvars_prefix"])?.unwrap_or_default(),
            suffix: reader.text(&["hostvars_suffix"])?.unwrap_or_default(),
            contrib_tag_keys: reader.flag("use_contrib_script_compatible_ec2_tag_keys", false),
            strict_permissions: reader.flag("strict_permissions", true),
            zones: reader.zones()?,
            ssm_inventory: reader.flag("use_ssm_inventory", false),
        })
    }
}

fn check_file_name(path: &Path) -> Result<(), Diagnostic> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with("aws_ec2.yml") || name.ends_with("aws_ec2.yaml") {
        return Ok(());
    }
    let message = format!("the file '{}' is not valid for plugin 'amazon.aws.aws_ec2'", path.display());
    Err(Diagnostic::error(message).hint("its name has to end with aws_ec2.yml or aws_ec2.yaml"))
}

fn warn_of_unknown(config: &Value, warnings: &mut Vec<Diagnostic>) {
    for key in config.as_map().into_iter().flat_map(Map::keys) {
        let name = key.to_string();
        if !KNOWN.contains(&name.as_str()) {
            let warning = Diagnostic::warning(format!("aws_ec2 has no option '{name}'"));
            warnings.push(warning.at(config.origin()).did_you_mean(&name, KNOWN.iter().copied()));
        }
    }
}

struct Reader<'a> {
    config: &'a Value,
    templar: &'a Templar,
    vars: Arc<dyn VariableSource>,
}

impl Reader<'_> {
    fn access(&self) -> Result<Access, Diagnostic> {
        let access = Access {
            region: self.text(&["region", "aws_region"])?,
            profile: self.text(&["profile", "aws_profile", "boto_profile"])?,
            key_id: self.text(&["access_key", "aws_access_key", "aws_access_key_id"])?,
            secret_key: self.text(&["secret_key", "aws_secret_key", "aws_secret_access_key"])?,
            session_token: self.text(&[
                "session_token",
                "aws_session_token",
                "aws_security_token",
                "security_token",
            ])?,
            endpoint_url: self.text(&["endpoint_url", "aws_endpoint_url"])?,
            assume_role_arn: self.text(&["assume_role_arn", "iam_role_arn"])?,
            ca_bundle: None,
        };
        if access.profile.is_some() && access.key_id.is_some() {
            let message = "aws_ec2: either a profile or access keys, not both";
            return Err(Diagnostic::error(message).at(self.config.origin()));
        }
        Ok(access)
    }

    fn rendered(&self, value: &Value) -> Result<Value, Diagnostic> {
        let rendered = self.templar.render(value, &self.vars, &RenderContext::default());
        rendered.map_err(|error| Diagnostic::error(error.to_string()).at(error.origin().or(value.origin())))
    }

    /// The option under the first of its names that is given and not empty.
    fn text(&self, names: &[&str]) -> Result<Option<String>, Diagnostic> {
        let given = names.iter().find_map(|name| self.config.get(name)).filter(|value| !value.is_null());
        let Some(value) = given else { return Ok(None) };
        match self.rendered(value)? {
            Value::Null => Ok(None),
            list @ (Value::List(_) | Value::Map(_)) => Err(wrong(names[0], "a string", &list, value)),
            text => Ok(Some(text.to_string()).filter(|text| !text.is_empty())),
        }
    }

    /// A list, or text with commas.
    fn texts(&self, name: &str) -> Result<Vec<String>, Diagnostic> {
        let Some(value) = self.config.get(name).filter(|value| !value.is_null()) else { return Ok(Vec::new()) };
        match self.rendered(value)? {
            Value::List(items) => Ok(items.iter().map(Value::to_string).collect()),
            Value::Str(text) => Ok(text.split(',').map(|part| part.trim().to_owned()).collect()),
            other => Err(wrong(name, "a list of strings", &other, value)),
        }
    }

    fn flag(&self, name: &str, usual: bool) -> bool {
        self.config.get(name).and_then(Value::to_bool_loose).unwrap_or(usual)
    }

    fn zones(&self) -> Result<Option<Zones>, Diagnostic> {
        if !self.flag("route53_enabled", false) {
            return Ok(None);
        }
        let (excluded, suffixes) = (self.texts("route53_excluded_zones")?, self.texts("route53_hostnames")?);
        Ok(Some(Zones { excluded, suffixes }))
    }

    fn filters(&self, name: &str) -> Result<Filters, Diagnostic> {
        let Some(value) = self.config.get(name).filter(|value| !value.is_null()) else { return Ok(Filters::default()) };
        let rendered = self.rendered(value)?;
        Filters::read(&rendered).ok_or_else(|| wrong(name, "a map of names and values", &rendered, value))
    }

    fn filter_list(&self, name: &str) -> Result<Vec<Filters>, Diagnostic> {
        let Some(value) = self.config.get(name).filter(|value| !value.is_null()) else { return Ok(Vec::new()) };
        let rendered = self.rendered(value)?;
        let refused = || wrong(name, "a list of maps of names and values", &rendered, value);
        rendered.as_list().ok_or_else(refused)?.iter().map(|item| Filters::read(item).ok_or_else(refused)).collect()
    }

    fn hostnames(&self) -> Result<Vec<Preference>, Diagnostic> {
        let usual = || USUAL_HOSTNAMES.iter().map(|name| Preference::plain(name)).collect();
        match self.config.get("hostnames") {
            None | Some(Value::Null) => Ok(usual()),
            Some(Value::List(items)) if items.is_empty() => Ok(usual()),
            Some(Value::List(items)) => items.iter().map(Preference::read).collect(),
            Some(one @ Value::Str(_)) => Ok(vec![Preference::read(one)?]),
            Some(other) => Err(wrong("hostnames", "a list", other, other)),
        }
    }
}

fn wrong(name: &str, expected: &str, found: &Value, written: &Value) -> Diagnostic {
    Diagnostic::error(format!("'{name}' is {expected}, not a {}", found.type_name())).at(written.origin())
}
