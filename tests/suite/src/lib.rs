//! End-to-end tests of the built program, and the repository's own rules, under `tests/`.
