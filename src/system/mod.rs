//! Services of the machine: who has a file open, a pool of workers whose results come in order, reading and writing at
//! an offset, memory that spills to a file, stack space, files that appear when they are whole, the progress of a long
//! call, and the control characters of a terminal. It knows nothing of caches, tables or values, and imports no other
//! wing.

pub(crate) mod caught;
pub(crate) mod disk;
pub(crate) mod holder;
pub mod new_folders;
pub(crate) mod pool;
pub(crate) mod positioned;
pub mod progress;
pub(crate) mod search;
pub(crate) mod spill;
pub mod stack;
pub mod temporary;
mod terminal;
pub(crate) mod workers;

pub use caught::{Panic, panic_in_hook};
pub use holder::Holder;
pub use terminal::steers_terminal;
