//! What this build has beyond the engine: sources, modules and lookups for clouds, which take long to compile and so are a choice.

use kapell_config::Settings;
use kapell_executor::ModuleLibrary;
use kapell_executor::controller_module::Extension;

#[cfg(feature = "aws")]
pub(crate) const EXTENSION: Extension =
    Extension { sources: &[kapell_aws::PLUGIN], modules: kapell_aws::MODULES, lookups: kapell_aws::LOOKUPS };

#[cfg(not(feature = "aws"))]
pub(crate) const EXTENSION: Extension = Extension { sources: &[], modules: &[], lookups: &[] };

/// Modules of content, collections and of this build.
pub(crate) fn library(settings: &Settings) -> ModuleLibrary {
    ModuleLibrary::new(settings).extended(EXTENSION)
}
