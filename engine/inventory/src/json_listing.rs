//! `--list` as JSON, written group by group and host by host, so that no inventory is too large to be shown.

use kapell_parsing::Value;

use crate::inventory::{GroupId, HostId};
use crate::json_text::{self, Unsafe};
use crate::listing::Listing;

/// Pieces are handed on when they are longer than this.
const PIECE: usize = 64 * 1024;

/// What the JSON holds under one of its names.
enum Entry {
    Meta,
    Group(GroupId),
}

/// Text that goes out piece by piece.
struct Pieces<'a> {
    text: String,
    sink: &'a mut dyn FnMut(&str),
}

impl Pieces<'_> {
    fn hand_on(&mut self) {
        (self.sink)(&self.text);
        self.text.clear();
    }

    /// `"name": ` on a line of its own, behind a comma unless it is the first.
    fn begin(&mut self, name: &str, is_first: bool, level: usize) {
        if self.text.len() > PIECE {
            self.hand_on();
        }
        if !is_first {
            self.text.push(',');
        }
        json_text::break_line(&mut self.text, level);
        json_text::write_text(&mut self.text, name);
        self.text.push_str(": ");
    }
}

/// The same as the whole listing as one value, with its keys sorted. Without a line end.
pub(crate) fn write(listing: &Listing, sink: &mut dyn FnMut(&str)) {
    let inventory = listing.inventory;
    let groups = inventory.with_descendants(GroupId::ALL).into_iter();
    let mut entries: Vec<(&str, Entry)> =
        groups.map(|id| (inventory.group_at(id).name.as_str(), Entry::Group(id))).collect();
    entries.push(("_meta", Entry::Meta));
    entries.sort_by_key(|(name, _)| *name);
    let mut pieces = Pieces { text: String::from("{"), sink };
    let mut is_first = true;
    for (name, entry) in entries {
        match entry {
            Entry::Meta => {
                pieces.begin(name, is_first, 1);
                write_meta(listing, &mut pieces);
            }
            Entry::Group(id) => {
                let content = listing.group(inventory.group_at(id), id == GroupId::ALL);
                if content.is_empty() {
                    continue;
                }
                pieces.begin(name, is_first, 1);
                json_text::write_value(&mut pieces.text, &Value::map(content), Unsafe::Marked, 1);
            }
        }
        is_first = false;
    }
    pieces.text.push_str("\n}");
    pieces.hand_on();
}

fn write_meta(listing: &Listing, pieces: &mut Pieces) {
    pieces.text.push('{');
    pieces.begin("hostvars", true, 2);
    pieces.text.push('{');
    let mut is_first = true;
    for (name, id) in hosts(listing) {
        let vars = listing.vars.of(listing.inventory.host_at(id));
        if !vars.is_empty() {
            pieces.begin(name, is_first, 3);
            json_text::write_value(&mut pieces.text, &Value::map(vars), Unsafe::Marked, 3);
            is_first = false;
        }
    }
    if !is_first {
        json_text::break_line(&mut pieces.text, 2);
    }
    pieces.text.push('}');
    pieces.begin("profile", false, 2);
    json_text::write_text(&mut pieces.text, "inventory_legacy");
    json_text::break_line(&mut pieces.text, 1);
    pieces.text.push('}');
}

/// Those that are listed, by name.
fn hosts<'a>(listing: &Listing<'a>) -> Vec<(&'a str, HostId)> {
    let all = listing.inventory.host_ids_of(GroupId::ALL);
    let named = all.iter().map(|id| (listing.inventory.host_at(id).name.as_str(), id));
    let mut hosts: Vec<(&str, HostId)> = named.filter(|(name, _)| listing.is_selected(name)).collect();
    hosts.sort_unstable();
    hosts
}
