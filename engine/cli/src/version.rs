//! What `--version` says.

use kapell_callback::{Color, Display};
use kapell_config::Settings;
use kapell_template::ANSIBLE_VERSION;

/// As ansible-playbook words it, so that scripts find the version where they look for it.
pub(crate) fn text(program: &str, settings: &Settings) -> String {
    let (major, minor, revision) = ANSIBLE_VERSION;
    let config = settings.config_file.as_ref().map_or_else(|| "None".to_owned(), |path| path.display().to_string());
    let executable = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    format!(
        "{program} [core {major}.{minor}.{revision}]\n  config file = {config}\n  executable location = {executable}\n  \
         engine = kapell {}",
        env!("CARGO_PKG_VERSION")
    )
}

/// With `-v`, the first line says which `ansible.cfg` counts; with `-vv`, before that, which program this is.
pub(crate) fn say_version(program: &str, settings: &Settings, verbosity: u8) {
    let display = Display::new(settings.nocolor, settings.force_color);
    if verbosity > 1 {
        display.out(&text(program, settings), Color::Plain);
    }
    say_config_file(&display, settings, verbosity);
}

/// With `-v`, the first line says which `ansible.cfg` counts.
pub(crate) fn say_config_file(display: &Display, settings: &Settings, verbosity: u8) {
    if verbosity == 0 {
        return;
    }
    let text = match &settings.config_file {
        Some(path) => format!("Using {} as config file", path.display()),
        None => "No config file found; using defaults".to_owned(),
    };
    display.out(&text, Color::Verbose);
}
