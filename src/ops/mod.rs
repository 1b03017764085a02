//! Operations on a whole cache: values in, values out.

pub(crate) mod ages;
pub(crate) mod check;
pub(crate) mod dump;
pub(crate) mod invalidate;
pub(crate) mod list;
pub(crate) mod salvage;
