//! What the machine gives: who has a file open, work on all cores with the results in order, and
//! memory that spills to a file. It knows nothing of caches.

pub(crate) mod disk;
pub(crate) mod holder;
pub(crate) mod in_order;
pub(crate) mod spool;
pub(crate) mod temporary;

pub use holder::Holder;
