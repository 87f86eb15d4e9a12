//! The evaluator: walks a `Program` with variables in reach and gives an `Object`.

mod arguments;
mod attributes;
mod calls;
mod composition;
mod concat;
mod expression;
mod fault;
mod interpreter;
mod locals;
mod loops;
mod macros;
mod memory;
mod rendering;
mod slices;

pub(crate) use arguments::{Arguments, Bound, integer};
pub(crate) use attributes::{attribute, entries, has_entry, item, iterate, lack_of_item, length};
pub(crate) use calls::{FilterCall, TestCall, apply_filter, apply_test, call, has_filter, has_test};
pub(crate) use composition::find_template;
pub(crate) use concat::{concat, piece_text, with_final_newlines};
pub(crate) use fault::{Fault, all_defined, defined};
pub(crate) use interpreter::{Interpreter, TemplateFrame};
pub(crate) use locals::Locals;
pub(crate) use rendering::{Rendering, mark_secret};
pub(crate) use slices::positions as slice_positions;
