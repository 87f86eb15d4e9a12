//! Hosts right on the command line: `-i web1,web2:2222,` and, as `advanced_host_list`, with ranges.

use std::path::Path;
use std::sync::Arc;

use kapell_parsing::Diagnostic;

use super::Source;
use super::host_line::{self, Hosts};
use crate::inventory::GroupId;
use crate::load::LoadContext;
use crate::mutation::Place;
use crate::{Inventory, address};

/// Anything with a comma that is no file.
pub(crate) fn accepts(source: &Source, _: &LoadContext) -> bool {
    source.path.is_none() && source.name.contains(',')
}

pub(crate) fn read(
    inventory: &mut Inventory,
    source: &Source,
    _: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let named = named(source);
    for word in words(source) {
        let (name, port) = address::split_port(word).filter(|(name, _)| !name.contains('[')).unwrap_or((word, None));
        inventory.add_source_host(name, port, GroupId::UNGROUPED, &place(&named), warnings)?;
    }
    Ok(())
}

pub(crate) fn read_ranges(
    inventory: &mut Inventory,
    source: &Source,
    _: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let named = named(source);
    for word in words(source) {
        // What is no range is the name of a host.
        let hosts = host_line::expand(word).unwrap_or_else(|_| Hosts { names: vec![word.into()], port: None });
        for name in hosts.names {
            inventory.add_source_host(&name, hosts.port, GroupId::UNGROUPED, &place(&named), warnings)?;
        }
    }
    Ok(())
}

fn words<'a>(source: &Source<'a>) -> impl Iterator<Item = &'a str> {
    source.name.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn named(source: &Source) -> Arc<Path> {
    Path::new(source.name).into()
}

fn place(named: &Arc<Path>) -> Place<'_> {
    Place { source: Some(named), origin: None }
}
