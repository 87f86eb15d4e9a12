//! The table of `amazon.aws.ec2_tag`.

use kapell_modules::Arg;

use super::{STATE, Table};

pub(crate) const TABLE: Table = Table { name: "amazon.aws.ec2_tag", aliases: &[], args: ARGS, constraints: &[] };

const ARGS: &[Arg] =
    &[Arg::str("resource").required(), Arg::dict("tags").required(), STATE, Arg::bool("purge_tags").default("false")];
