//! The `amazon` namespace: what runs on a managed node and needs no SDK. The modules that talk to the API of AWS run on the
//! control node, from `engine/aws`.

mod aws;

pub(crate) use aws::MODULES as AWS;
