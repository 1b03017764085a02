//! What the machine gives: who has a file open, work on all cores with the results in order, and
//! memory that spills to a file. It knows nothing of caches.

pub(crate) mod caught;
pub(crate) mod holder;
pub(crate) mod in_order;
pub(crate) mod positioned;
pub(crate) mod spool;

pub use caught::is_catching;
pub use holder::Holder;
