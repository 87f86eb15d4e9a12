//! Variables of a host at a task: every precedence level as a layer, the strongest asked first.

mod host_variables;
mod inventory_variables;
mod loaded_files;
mod magic;
mod merge;
mod task_variables;
mod vars_files;

pub use host_variables::HostVariables;
pub use inventory_variables::InventoryVariables;
pub use loaded_files::LoadedFiles;
pub use magic::names as magic_names;
pub use merge::combine;
pub use task_variables::TaskVariables;
pub use vars_files::{VarsFiles, load_vars_files, try_without_host};
