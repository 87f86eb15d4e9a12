//! Argument specifications of roles: what is wrong with arguments, in ansible-core's order and with its messages.

mod kinds;
mod level;

pub use level::check;
