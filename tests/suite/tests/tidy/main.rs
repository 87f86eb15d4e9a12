//! Repository rules as tests: what `docs/architecture.md` and `docs/style.md` say, where a program can check it.

mod dependencies;
mod plugins;
mod sources;
mod workspace;
