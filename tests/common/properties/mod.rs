//! Properties of any input: the fuzz targets look for exceptions to them, and the tests try them from
//! fixed seeds.

pub mod entries;
pub mod file;
pub mod input;
pub mod value;
