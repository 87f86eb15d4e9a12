//! The table of `amazon.aws.ec2_vol_info`.

use kapell_modules::Arg;

use super::{FILTERS, Table};

pub(crate) const TABLE: Table = Table { name: "amazon.aws.ec2_vol_info", aliases: &[], args: ARGS, constraints: &[] };

const ARGS: &[Arg] = &[FILTERS];
