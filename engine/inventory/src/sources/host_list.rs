//! Hosts right on the command line: `-i web1,web2:2222,` and, as `advanced_host_list`, with ranges.

use std::path::Path;

use kapell_parsing::Diagnostic;

use super::{Source, host_line};
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
    for word in words(source) {
        let (name, port) = address::split_port(word).filter(|(name, _)| !name.contains('[')).unwrap_or((word, None));
        inventory.add_source_host(name, port, GroupId::UNGROUPED, &place(source), warnings)?;
    }
    Ok(())
}

pub(crate) fn read_ranges(
    inventory: &mut Inventory,
    source: &Source,
    _: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    for word in words(source) {
        let hosts = host_line::expand(word).map_err(Diagnostic::error)?;
        for name in hosts.names {
            inventory.add_source_host(&name, hosts.port, GroupId::UNGROUPED, &place(source), warnings)?;
        }
    }
    Ok(())
}

fn words<'a>(source: &Source<'a>) -> impl Iterator<Item = &'a str> {
    source.name.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn place<'a>(source: &Source<'a>) -> Place<'a> {
    Place { source: Some(Path::new(source.name)), origin: None }
}
