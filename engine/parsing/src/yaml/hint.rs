//! From the parser's complaint to a diagnostic: the usual mistakes are recognised by the line they are on.

use std::sync::Arc;

use saphyr_parser::ScanError;

use super::compose;
use crate::{Diagnostic, SourceFile};

pub(super) fn explain(error: &ScanError, _text: &str, source: &Arc<SourceFile>) -> Diagnostic {
    Diagnostic::error(format!("this is not valid YAML: {}", error.info()))
        .at(Some(&compose::origin(source, *error.marker())))
}
