//! Waiting for the API from code that does not: a runtime on a thread of its own.

use std::future::Future;

use crate::api_error::ApiError;

/// Also works inside of another runtime, whose thread it blocks.
pub(crate) fn block_on<T: Send>(work: impl Future<Output = Result<T, ApiError>> + Send) -> Result<T, ApiError> {
    let failed = |error: std::io::Error| ApiError::new(format!("cannot start a runtime: {error}"));
    let run = || tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?.block_on(work);
    std::thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|_| Err(ApiError::new("the AWS client failed unexpectedly")))
}
