//! From a host's variables and a task's keywords to a `ConnectionSpec`.

use std::path::PathBuf;
use std::time::Duration;

use kapell_connection::{BecomeSpec, ConnectionSpec, ContainerOptions, Secret, check_become_method};
use kapell_parsing::Value;
use kapell_template::{RenderContext, Variable};

use crate::action::quote;
use crate::error_report::ErrorReport;
use crate::resolve::Keywords;
use crate::variables::HostVariables;
use crate::{Event, Run};

/// What a become program gets on top of the timeout of an SSH connection.
const BECOME_ADDS: Duration = Duration::from_secs(2);
/// What it gets on the control node.
const LOCAL_BECOME: Duration = Duration::from_secs(10);

/// Reads connection variables of the host a task really runs on.
struct Reader<'a> {
    run: &'a Run,
    vars: &'a HostVariables,
    cx: &'a RenderContext,
}

impl Reader<'_> {
    /// The strongest of `names` that is set, templated: the last one, as for every option of a plugin.
    fn strongest(&self, names: &[&str]) -> Result<Option<Value>, ErrorReport> {
        for name in names.iter().rev() {
            let Some(Variable::Value(written)) = self.vars.given(name) else { continue };
            let rendered = self.run.templar.render(&written, &self.vars.as_source(), self.cx);
            let value = rendered.map_err(|error| {
                ErrorReport::of_template(&error, written.origin())
                    .wrap(format!("Error while resolving '{name}'."), written.origin())
            })?;
            if !value.is_null() && !value.is_undefined() {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn text(&self, names: &[&str]) -> Result<Option<String>, ErrorReport> {
        Ok(self.strongest(names)?.map(|value| value.to_string()))
    }

    fn flag(&self, names: &[&str]) -> Result<Option<bool>, ErrorReport> {
        Ok(self.strongest(names)?.and_then(|value| value.to_bool_loose()))
    }

    /// A list, or the items of a text with commas.
    fn list(&self, names: &[&str]) -> Result<Vec<String>, ErrorReport> {
        Ok(match self.strongest(names)? {
            Some(Value::Str(text)) => text.split(',').map(|item| item.trim().to_owned()).collect(),
            Some(value) => value.as_list().unwrap_or_default().iter().map(ToString::to_string).collect(),
            None => Vec::new(),
        })
    }

    fn number(&self, names: &[&str]) -> Result<Option<u64>, ErrorReport> {
        Ok(self.text(names)?.and_then(|text| text.trim().parse::<f64>().ok()).map(|number| number as u64))
    }
}

/// How to reach `vars.host()` (or the host the task is delegated to) and as whom. Variables win over keywords, keywords
/// over the command line, the command line over settings.
pub fn connection_spec(
    keywords: &Keywords<'_>,
    target: &HostVariables,
    delegated: bool,
) -> Result<ConnectionSpec, ErrorReport> {
    let (run, cx) = (keywords.run, keywords.cx);
    let reader = Reader { run, vars: target, cx };
    let host = target.host().to_owned();
    let options = &run.options;
    let settings = &run.settings;
    let implicit_local = target.world().inventory.host(&host).is_some_and(|host| host.implicit)
        || (delegated && kapell_inventory::inventory::LOCALHOST_NAMES.contains(&host.as_str()));
    let kind = match reader.text(&["ansible_connection"])? {
        Some(kind) => kind,
        None if implicit_local => "local".into(),
        None => match keywords.string("connection")? {
            Some(kind) if !delegated => kind,
            _ => options.connection.clone().unwrap_or_else(|| settings.transport.clone()),
        },
    };
    let kind = of_collection(run, kind)?;
    let timeout = reader.number(&["ansible_timeout", "ansible_ssh_timeout"])?;
    let timeout = Duration::from_secs(timeout.or(options.timeout).unwrap_or(settings.timeout));
    let become_timeout = match kind.as_str() {
        "local" => reader.number(&["ansible_local_become_success_timeout"])?.map_or(LOCAL_BECOME, Duration::from_secs),
        _ => timeout + BECOME_ADDS,
    };
    let become_ = become_spec(&reader, keywords)?;
    Ok(ConnectionSpec {
        address: reader
            .text(&["ansible_host", "ansible_ssh_host", &format!("ansible_{kind}_host")])?
            .unwrap_or_else(|| host.clone()),
        port: port(&reader, keywords, delegated)?,
        user: user(&reader, keywords, delegated)?,
        password: reader
            .text(&["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"])?
            .or_else(|| options.connection_password.clone())
            .map(Secret::new),
        private_key_file: reader
            .text(&["ansible_private_key_file", "ansible_ssh_private_key_file"])?
            .map(|path| expand_home(&path))
            .or_else(|| options.private_key_file.clone())
            .or_else(|| settings.private_key_file.clone())
            .filter(|path| !path.as_os_str().is_empty()),
        private_key: reader
            .text(&["ansible_private_key", "ansible_ssh_private_key"])?
            .or_else(|| std::env::var("ANSIBLE_PRIVATE_KEY").ok())
            .map(Secret::new),
        private_key_passphrase: reader
            .text(&["ansible_private_key_passphrase", "ansible_ssh_private_key_passphrase"])?
            .or_else(|| std::env::var("ANSIBLE_PRIVATE_KEY_PASSPHRASE").ok())
            .map(Secret::new),
        known_hosts: Vec::new(),
        retries: reader.number(&["ansible_ssh_retries"])?.map_or(settings.ssh_retries as u32, |n| n as u32),
        host_key_checking: reader
            .flag(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"])?
            .unwrap_or(settings.host_key_checking),
        timeout,
        ssh_args: ssh_args(&reader)?,
        ssh_executable: reader
            .text(&["ansible_ssh_executable"])?
            .or_else(|| Some(settings.ssh_executable.clone()))
            .filter(|program| program != "ssh"),
        container: container_options(&reader, &kind)?,
        directory: Some(&cx.basedir).filter(|dir| kind == "local" && !dir.as_os_str().is_empty()).cloned(),
        executable: reader.text(&["ansible_shell_executable"])?.unwrap_or_else(|| settings.executable.clone()),
        remote_tmp: reader.text(&["ansible_remote_tmp"])?.unwrap_or_else(|| settings.remote_tmp.clone()),
        become_: become_.map(|become_| BecomeSpec { timeout: become_timeout, ..become_ }),
        kind,
        host,
    })
}

/// The kind of connection a name stands for: the user's plugin where a collection's redirects end, or one of ours.
fn of_collection(run: &Run, kind: String) -> Result<String, ErrorReport> {
    if !kind.contains('.') {
        return Ok(kind);
    }
    let kind = if kapell_connection::is_known(&kind) { kind } else { run.library.routed("connection", &kind) };
    let plugin = run.library.connection_plugin(&kind);
    run.library.take_notices().into_iter().for_each(|notice| run.emit(Event::Diagnostic(notice)));
    match plugin {
        Some(_) => Ok(kind),
        None => match run.library.removed("connection", &kind) {
            Some(gone) => Err(ErrorReport::new(gone, None)),
            None => Ok(kind.rsplit('.').next().unwrap_or(&kind).to_owned()),
        },
    }
}

fn port(reader: &Reader<'_>, keywords: &Keywords<'_>, delegated: bool) -> Result<Option<u16>, ErrorReport> {
    let number = match reader.number(&["ansible_port", "ansible_ssh_port"])? {
        Some(number) => Some(i64::try_from(number).unwrap_or(i64::MAX)),
        None if delegated => None,
        None => keywords.integer("port", "port")?,
    };
    let number = number.or(reader.run.settings.remote_port.map(i64::from));
    number
        .map(|number| {
            u16::try_from(number).map_err(|_| ErrorReport::new(format!("{number} is not a port number"), None))
        })
        .transpose()
}

fn user(reader: &Reader<'_>, keywords: &Keywords<'_>, delegated: bool) -> Result<Option<String>, ErrorReport> {
    if let Some(user) = reader.text(&["ansible_user", "ansible_ssh_user"])? {
        return Ok(Some(user));
    }
    let keyword = if delegated { None } else { keywords.string("remote_user")? };
    let run = reader.run;
    Ok(keyword.or_else(|| run.options.remote_user.clone()).or_else(|| run.settings.remote_user.clone()))
}

/// ssh options in the order in which `ssh` would see them.
fn ssh_args(reader: &Reader<'_>) -> Result<String, ErrorReport> {
    let settings = &reader.run.settings;
    let parts = [
        reader.text(&["ansible_ssh_args"])?.unwrap_or_else(|| settings.ssh_args.clone()),
        reader.text(&["ansible_ssh_common_args"])?.unwrap_or_else(|| settings.ssh_common_args.clone()),
        reader.text(&["ansible_ssh_extra_args"])?.unwrap_or_else(|| settings.ssh_extra_args.clone()),
        smart_card(reader)?.unwrap_or_default(),
    ];
    let given: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    Ok(given.join(" "))
}

/// Keys of a smart card, and nothing else.
fn smart_card(reader: &Reader<'_>) -> Result<Option<String>, ErrorReport> {
    let surroundings = reader.run.templar.options().surroundings.as_ref();
    let provider = reader
        .text(&["ansible_ssh_pkcs11_provider"])?
        .or_else(|| std::env::var("ANSIBLE_PKCS11_PROVIDER").ok())
        .or_else(|| surroundings?.ini("ssh_connection", "pkcs11_provider"));
    let provider = provider.filter(|provider| !provider.is_empty());
    Ok(provider.map(|provider| {
        let provider = quote(&provider);
        format!(
            "-o KbdInteractiveAuthentication=no -o PreferredAuthentications=publickey -o PasswordAuthentication=no \
             -o PKCS11Provider={provider}"
        )
    }))
}

/// Variables are named after the kind of container: `ansible_docker_extra_args`, `ansible_chroot_exe`.
fn container_options(reader: &Reader<'_>, kind: &str) -> Result<ContainerOptions, ErrorReport> {
    let own = |suffix: &str| format!("ansible_{}_{suffix}", kind.trim_end_matches("_api"));
    let environment = reader.strongest(&[&own("extra_env")])?;
    let environment = environment.as_ref().and_then(Value::as_map).into_iter().flatten();
    Ok(ContainerOptions {
        program: reader.text(&[&own("executable"), &own("exe")])?,
        extra_args: reader.text(&[&own("extra_args")])?.unwrap_or_default(),
        working_directory: reader.text(&[&own("working_dir")])?,
        privileged: reader.flag(&[&own("privileged")])?.unwrap_or(false),
        environment: environment.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        any_user: reader.flag(&[&own("disable_root_check")])?.unwrap_or(false),
        remote: reader.text(&[&own("remote")])?,
        project: reader.text(&[&own("project")])?,
        switch_user: reader.text(&[&format!("{kind}_become_method")])?,
    })
}

fn become_spec(reader: &Reader<'_>, keywords: &Keywords<'_>) -> Result<Option<BecomeSpec>, ErrorReport> {
    let run = reader.run;
    let (options, settings) = (&run.options, &run.settings);
    let wanted = match reader.flag(&["ansible_become"])? {
        Some(wanted) => wanted,
        None => keywords.bool("become")?.unwrap_or(options.become_ || settings.become_),
    };
    if !wanted {
        return Ok(None);
    }
    let method = reader
        .text(&["ansible_become_method"])?
        .map_or_else(|| keywords.string("become_method"), |method| Ok(Some(method)))?
        .or_else(|| options.become_method.clone())
        .unwrap_or_else(|| settings.become_method.clone());
    check_become_method(&method).map_err(|message| {
        ErrorReport::new(message, keywords.scope.inherited("become_method").and_then(Value::origin))
    })?;
    let method = method.rsplit('.').next().unwrap_or(&method).to_owned();
    let own = |suffix: &str| format!("ansible_{method}_{suffix}");
    let user = reader
        .text(&["ansible_become_user", &own("user")])?
        .map_or_else(|| keywords.string("become_user"), |user| Ok(Some(user)))?
        .or_else(|| options.become_user.clone())
        .or_else(|| settings.become_user.clone())
        .unwrap_or_else(|| "root".into());
    Ok(Some(BecomeSpec {
        prompts: reader.list(&[&own("prompt_l10n")])?,
        directory: reader.text(&[&own("chdir")])?,
        allow_same_user: settings.become_allow_same_user,
        password: reader
            .text(&["ansible_become_password", "ansible_become_pass", &own("pass"), &own("password")])?
            .or_else(|| options.become_password.clone())
            .or_else(|| plugin_setting(run, &method, ("PASS", "password")))
            .or_else(|| std::env::var("ANSIBLE_BECOME_PASS").ok())
            .map(Secret::new),
        exe: reader
            .text(&["ansible_become_exe", &own("exe")])?
            .map_or_else(|| keywords.string("become_exe"), |exe| Ok(Some(exe)))?
            .or_else(|| plugin_setting(run, &method, ("EXE", "executable")))
            .or_else(|| settings.become_exe.clone()),
        flags: reader
            .text(&["ansible_become_flags", &own("flags")])?
            .map_or_else(|| keywords.string("become_flags"), |flags| Ok(Some(flags)))?
            .or_else(|| plugin_setting(run, &method, ("FLAGS", "flags")))
            .or_else(|| settings.become_flags.clone()),
        ..BecomeSpec::new(method, user)
    }))
}

/// What the environment, else the configuration file, says for one become method: `ANSIBLE_SUDO_PASS`, and `password`
/// in `[sudo_become_plugin]`.
fn plugin_setting(run: &Run, method: &str, (variable, key): (&str, &str)) -> Option<String> {
    let from_environment = || std::env::var(format!("ANSIBLE_{}_{variable}", method.to_uppercase())).ok();
    let surroundings = run.templar.options().surroundings.as_ref();
    from_environment().or_else(|| surroundings?.ini(&format!("{method}_become_plugin"), key))
}

fn expand_home(path: &str) -> PathBuf {
    match path.strip_prefix("~/").zip(std::env::var_os("HOME")) {
        Some((rest, home)) => PathBuf::from(home).join(rest),
        None => PathBuf::from(path),
    }
}
