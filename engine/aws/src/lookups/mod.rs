//! The lookups of `amazon.aws`: secrets that AWS keeps.

mod options;
mod parameters;
mod secrets;

use kapell_template::ServiceLookup;

pub const LOOKUPS: &[(&[&str], ServiceLookup)] = &[
    (&["amazon.aws.secretsmanager_secret", "amazon.aws.aws_secret", "aws_secret"], secrets::look_up),
    (&["amazon.aws.ssm_parameter", "amazon.aws.aws_ssm", "aws_ssm"], parameters::look_up),
];
