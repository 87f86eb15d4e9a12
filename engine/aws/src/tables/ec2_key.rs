//! The table of `amazon.aws.ec2_key`.

use kapell_modules::{Arg, Constraint};

use super::{PURGE_TAGS, STATE, TAGS, Table};

pub(crate) const TABLE: Table = Table {
    name: "amazon.aws.ec2_key",
    aliases: &[],
    args: ARGS,
    constraints: &[Constraint::MutuallyExclusive(&["key_material", "key_type"])],
};

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    STATE,
    Arg::str("key_material"),
    Arg::str("key_type").choices(&["rsa", "ed25519"]),
    Arg::path("file_name"),
    Arg::bool("force").default("true"),
    TAGS,
    PURGE_TAGS,
];
