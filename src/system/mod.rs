//! What the machine gives: who has a file open, work on all cores with the results in order, memory that
//! spills to a file, and files that appear when they are whole. It knows nothing of caches.

pub(crate) mod caught;
pub(crate) mod holder;
pub(crate) mod in_order;
pub(crate) mod positioned;
pub(crate) mod spool;
pub mod temporary;

pub use caught::{Panic, panic_in_hook};
pub use holder::Holder;
