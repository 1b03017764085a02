//! The names that stand for values that JSON has no form for; the [module above](super) has their forms.

/// A byte string.
pub const BYTES: &str = "$bytes";
/// A tag and its value.
pub const TAG: &str = "$tag";
/// A NaN or an infinity.
pub const FLOAT: &str = "$float";
/// An integer below -2^63.
pub const INT: &str = "$int";
/// A map that is not an object.
pub const MAP: &str = "$map";

/// All of these names. An object with one of them for its only key stands for such a value.
pub(super) const RESERVED: [&str; 5] = [BYTES, TAG, FLOAT, INT, MAP];
