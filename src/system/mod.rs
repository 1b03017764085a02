//! What the machine gives: who has a file open, work on all cores with the results in order, memory that
//! spills to a file, files that appear when they are whole, and how far work has come. It knows nothing of caches.

pub(crate) mod holder;
pub(crate) mod in_order;
pub mod progress;
pub(crate) mod spool;
pub mod temporary;

pub use holder::Holder;
