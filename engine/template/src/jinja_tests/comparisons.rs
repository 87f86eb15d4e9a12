//! Tests that compare numbers and values.

use crate::evaluate::{Fault, TestCall, defined};
use crate::object::Object;
use crate::operators;
use crate::syntax::{BinaryOp, CompareOp};

fn compare(call: &TestCall<'_>, op: CompareOp) -> Result<bool, Fault> {
    let other = defined(call.args.get(0).cloned().unwrap_or(Object::Null))?;
    operators::compare(call.rendering, op, call.subject, &other)
}

pub(super) fn eq(call: &TestCall<'_>) -> Result<bool, Fault> {
    compare(call, CompareOp::Eq)
}

pub(super) fn ne(call: &TestCall<'_>) -> Result<bool, Fault> {
    compare(call, CompareOp::Ne)
}

pub(super) fn lt(call: &TestCall<'_>) -> Result<bool, Fault> {
    compare(call, CompareOp::Lt)
}

pub(super) fn le(call: &TestCall<'_>) -> Result<bool, Fault> {
    compare(call, CompareOp::Le)
}

pub(super) fn gt(call: &TestCall<'_>) -> Result<bool, Fault> {
    compare(call, CompareOp::Gt)
}

pub(super) fn ge(call: &TestCall<'_>) -> Result<bool, Fault> {
    compare(call, CompareOp::Ge)
}

fn remainder_is(call: &TestCall<'_>, divisor: &Object, wanted: i64) -> Result<bool, Fault> {
    let remainder = operators::binary(call.rendering, BinaryOp::Rem, call.subject, divisor)?;
    operators::equal(call.rendering, &remainder, &Object::Int(wanted))
}

pub(super) fn divisibleby(call: &TestCall<'_>) -> Result<bool, Fault> {
    remainder_is(call, call.args.get(0).unwrap_or(&Object::Null), 0)
}

pub(super) fn even(call: &TestCall<'_>) -> Result<bool, Fault> {
    remainder_is(call, &Object::Int(2), 0)
}

pub(super) fn odd(call: &TestCall<'_>) -> Result<bool, Fault> {
    remainder_is(call, &Object::Int(2), 1)
}
