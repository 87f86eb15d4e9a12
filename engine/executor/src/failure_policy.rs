//! `FailurePolicy`: when failures end a batch. Architecture 4.9, exactly.

/// What a batch allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailurePolicy {
    /// Abort when failed / batch size is strictly more than this, in percent. Unreachable hosts do not count.
    pub max_fail_percentage: Option<f64>,
}

impl FailurePolicy {
    /// Whether `failed` of `batch_size` hosts are too many. Asked after every task.
    pub fn is_exceeded(&self, failed: usize, batch_size: usize) -> bool {
        match self.max_fail_percentage {
            Some(limit) if batch_size > 0 => failed as f64 / batch_size as f64 > limit / 100.0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_strict() {
        let cases = [
            (30.0, 1, 1, true),
            (30.0, 3, 10, false),
            (30.0, 4, 10, true),
            (50.0, 1, 2, false),
            (0.0, 1, 100, true),
            (100.0, 4, 4, false),
        ];
        for (limit, failed, size, expected) in cases {
            let policy = FailurePolicy { max_fail_percentage: Some(limit) };
            assert_eq!(policy.is_exceeded(failed, size), expected, "{failed} of {size} at {limit} %");
        }
        assert!(!FailurePolicy { max_fail_percentage: None }.is_exceeded(5, 5));
    }
}
