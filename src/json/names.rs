//! The names that stand for values that JSON has no form for.

pub(super) const BYTES: &str = "$bytes";
pub(super) const TAG: &str = "$tag";
pub(super) const FLOAT: &str = "$float";
pub(super) const INT: &str = "$int";
pub(super) const MAP: &str = "$map";

/// All of these names. An object with one of them for its only key stands for such a value.
pub(super) const RESERVED: [&str; 5] = [BYTES, TAG, FLOAT, INT, MAP];
