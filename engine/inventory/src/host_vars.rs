//! `HostVars`: the variables of many hosts for a listing; what hosts of the same groups share is put together once.

use std::cell::RefCell;
use std::collections::HashMap;

use kapell_parsing::Map;

use crate::inventory::GroupId;
use crate::listing::ListOptions;
use crate::magic_names::without_magic;
use crate::{Host, Inventory, VarsDirs};

/// Where nearly every host is in groups of its own, there is nothing to remember.
const MAX_REMEMBERED: usize = 4096;

pub(crate) struct HostVars<'a> {
    inventory: &'a Inventory,
    dirs: &'a VarsDirs,
    options: &'a ListOptions<'a>,
    of_groups: RefCell<HashMap<Vec<GroupId>, Map>>,
}

impl<'a> HostVars<'a> {
    pub(crate) fn new(inventory: &'a Inventory, dirs: &'a VarsDirs, options: &'a ListOptions<'a>) -> Self {
        Self { inventory, dirs, options, of_groups: RefCell::default() }
    }

    /// With `export` those of the host itself; otherwise merged with those of its groups and the command line.
    pub(crate) fn of(&self, host: &Host) -> Map {
        let options = self.options;
        if options.export {
            return without_magic(self.inventory.host_own_variables(host, options.own_dirs.unwrap_or(self.dirs)));
        }
        let mut vars = self.of_groups(host);
        self.inventory.add_host_own(&mut vars, host, self.dirs);
        vars.extend(options.extra_vars.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
        without_magic(vars)
    }

    fn of_groups(&self, host: &Host) -> Map {
        let mut known = self.of_groups.borrow_mut();
        if let Some(vars) = known.get(host.groups.as_slice()) {
            return vars.clone();
        }
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        let vars = self.inventory.groups_variables(host, self.dirs);
        known.insert(host.groups.to_vec(), vars.clone());
        vars
    }
}
