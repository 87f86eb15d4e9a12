//! Python's operators on objects.

mod arithmetic;
mod comparison;
mod integers;

pub(crate) use arithmetic::{MAX_LENGTH, add, binary, negate};
pub(crate) use comparison::{compare, contains, equal, order, sort_by};
pub(crate) use integers::{big_to_float, float_to_int, to_big};
