//! What the machine gives: who has a file open, a pool of workers whose results come in order, reading and
//! writing at an offset, memory that spills to a file, and files that appear when they are whole. It knows
//! nothing of caches, tables or values, and imports no other wing.

pub(crate) mod holder;
pub(crate) mod positioned;
pub(crate) mod spill;
pub mod temporary;
pub(crate) mod workers;

pub use holder::Holder;
