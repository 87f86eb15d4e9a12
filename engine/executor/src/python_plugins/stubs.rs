//! The Python sources action and connection plugins find as the `ansible` package, besides those of filters and lookups.

macro_rules! stubs {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("python/", $name, ".py")))),*]
    };
}

static STUBS: &[(&str, &str)] = stubs! {
    "ansible.executor"
    "ansible.executor.stats"
    "ansible.executor.task_result"
    "ansible.inventory.data"
    "ansible.inventory.group"
    "ansible.inventory.host"
    "ansible.kapell_actions"
    "ansible.kapell_callbacks"
    "ansible.kapell_connection"
    "ansible.kapell_facts"
    "ansible.kapell_inventory"
    "ansible.kapell_task"
    "ansible.kapell_vars"
    "ansible.playbook.task_include"
    "ansible.plugins.action"
    "ansible.plugins.action.normal"
    "ansible.plugins.cache"
    "ansible.plugins.callback"
    "ansible.plugins.callback.default"
    "ansible.plugins.connection"
    "ansible.plugins.connection.local"
    "ansible.plugins.connection.ssh"
    "ansible.plugins.inventory"
    "ansible.plugins.loader"
    "ansible.plugins.shell"
    "ansible.plugins.shell.sh"
    "ansible.plugins.vars"
};

/// Modules by full name.
pub(super) fn stubs() -> Vec<(String, String)> {
    STUBS.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect()
}
