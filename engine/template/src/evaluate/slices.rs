//! `a[start:stop:step]` as Python cuts.

use super::fault::defined;
use super::rendering::mark_secret;
use super::{Fault, Interpreter};
use crate::object::Object;
use crate::syntax::Expr;

impl Interpreter<'_> {
    pub(crate) fn slice(&self, object: &Expr, bounds: &[Option<Expr>; 3]) -> Result<Object, Fault> {
        let object = defined(self.eval(object)?)?;
        let mut limits = [None; 3];
        for (limit, bound) in limits.iter_mut().zip(bounds) {
            if let Some(bound) = bound {
                *limit = index(&defined(self.eval(bound)?)?)?;
            }
        }
        let [start, stop, step] = limits;
        if step == Some(0) {
            return Err(Fault::error("slice step cannot be zero"));
        }
        let cut = |items: &[Object]| -> Vec<Object> {
            positions(items.len(), start, stop, step.unwrap_or(1)).map(|at| items[at].clone()).collect()
        };
        match &object {
            Object::Str(text) => {
                let chars: Vec<char> = text.chars().collect();
                let cut: String = positions(chars.len(), start, stop, step.unwrap_or(1)).map(|at| chars[at]).collect();
                let result = Object::from(cut);
                Ok(if text.is_secret() { mark_secret(result) } else { result })
            }
            Object::List(list) => Ok(Object::list(cut(&list.items(self.rendering)?))),
            Object::Tuple(items) => Ok(Object::tuple(cut(items))),
            Object::Native(native) => match native.items() {
                Some(items) => Ok(Object::list(cut(&items))),
                None => Err(Fault::error(format!("'{}' object is not subscriptable", native.type_name()))),
            },
            other => Err(Fault::error(format!("'{}' object is not subscriptable", other.type_name()))),
        }
    }
}

fn index(object: &Object) -> Result<Option<i64>, Fault> {
    match object {
        Object::Null => Ok(None),
        Object::Int(_) | Object::Bool(_) => Ok(object.as_i64()),
        Object::BigInt(big) => Ok(Some(if big.sign() == num_bigint::Sign::Minus { i64::MIN } else { i64::MAX })),
        _ => Err(Fault::error("slice indices must be integers or None or have an __index__ method")),
    }
}

/// The positions a slice takes out of `len` items.
pub(crate) fn positions(len: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> impl Iterator<Item = usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let (lowest, highest) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let clamp = |bound: i64| {
        let bound = if bound < 0 { bound.saturating_add(len) } else { bound };
        bound.clamp(lowest, highest)
    };
    let start = start.map_or(if step < 0 { highest } else { lowest }, clamp);
    let stop = stop.map_or(if step < 0 { lowest } else { highest }, clamp);
    let mut at = Some(start);
    std::iter::from_fn(move || {
        let current = at.filter(|at| if step < 0 { *at > stop } else { *at < stop })?;
        at = current.checked_add(step);
        usize::try_from(current).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::positions;

    #[test]
    fn slices_cut_as_python_cuts() {
        type Case = (Option<i64>, Option<i64>, i64, &'static [usize]);
        let cases: [Case; 8] = [
            (None, None, 1, &[0, 1, 2, 3, 4]),
            (Some(1), Some(3), 1, &[1, 2]),
            (Some(-2), None, 1, &[3, 4]),
            (None, Some(-1), 2, &[0, 2]),
            (None, None, -1, &[4, 3, 2, 1, 0]),
            (Some(3), Some(0), -2, &[3, 1]),
            (Some(10), Some(20), 1, &[]),
            (Some(10), None, -1, &[4, 3, 2, 1, 0]),
        ];
        for (start, stop, step, expected) in cases {
            assert_eq!(positions(5, start, stop, step).collect::<Vec<_>>(), expected, "{start:?}:{stop:?}:{step}");
        }
    }
}
