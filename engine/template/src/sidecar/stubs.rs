//! The Python sources the sidecar runs: its own half, and small stand-ins for packages plugins import.

use kapell_parsing::{Key, Value};

use super::module_utils::ModuleUtils;

/// What `python3 -c` gets: reads the program from its input, which goes on with frames.
pub(super) const BOOTSTRAP: &str = "import sys\nsys.path[:] = [p for p in sys.path if p]\nimport os, types\n\
    f = os.fdopen(os.dup(0), 'rb')\nn = int(f.readline())\nm = types.ModuleType('kapell_host')\n\
    sys.modules['kapell_host'] = m\nm.INPUT = f\nexec(compile(f.read(n), '<kapell sidecar>', 'exec'), m.__dict__)";

pub(super) const HOST: &str = include_str!("python/host.py");

macro_rules! stubs {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("python/stubs/", $name, ".py")))),*]
    };
}

static STUBS: &[(&str, &str)] = stubs! {
    "ansible"
    "ansible.constants"
    "ansible.context"
    "ansible.errors"
    "ansible.inventory"
    "ansible.kapell_context"
    "ansible.kapell_options"
    "ansible.kapell_surroundings"
    "ansible.parsing"
    "ansible.parsing.ajson"
    "ansible.parsing.dataloader"
    "ansible.parsing.quoting"
    "ansible.parsing.splitter"
    "ansible.parsing.yaml"
    "ansible.parsing.yaml.dumper"
    "ansible.parsing.yaml.loader"
    "ansible.parsing.yaml.objects"
    "ansible.playbook"
    "ansible.plugins"
    "ansible.plugins.filter"
    "ansible.plugins.filter.core"
    "ansible.plugins.filter.encryption"
    "ansible.plugins.filter.mathstuff"
    "ansible.plugins.filter.urls"
    "ansible.plugins.filter.urlsplit"
    "ansible.plugins.loader"
    "ansible.plugins.lookup"
    "ansible.plugins.test"
    "ansible.plugins.test.core"
    "ansible.release"
    "ansible.template"
    "ansible.utils"
    "ansible.utils.color"
    "ansible.utils.display"
    "ansible.utils.encrypt"
    "ansible.utils.hashing"
    "ansible.utils.listify"
    "ansible.utils.path"
    "ansible.utils.unsafe_proxy"
    "ansible.utils.vars"
    "ansible.vars"
    "jinja2"
    "jinja2.exceptions"
    "jinja2.filters"
    "jinja2.nodes"
    "jinja2.runtime"
    "jinja2.utils"
    "yaml"
};

/// Modules by full name, `ansible.module_utils` among them. Used where the real package is not installed.
pub(super) fn sources() -> impl Iterator<Item = (Key, Value)> {
    let own = STUBS.iter().map(|(name, source)| ((*name).into(), (*source).into()));
    own.chain(ModuleUtils::all().into_iter().map(|(name, source)| (name.into(), source.into())))
}
