//! Room on the stack, for work that calls itself as deep as its input says.
//!
//! A stack that overflows ends the process. So such work runs on a thread with a large stack, asks now and then how
//! much of it is taken, and gives up in time.

use std::cell::Cell;
use std::thread::{Builder, Scope, ScopedJoinHandle};
use std::{io, panic, ptr, thread};

/// Bytes of stack of a thread with room, of which the system gives what is used.
const STACK: usize = 256 * 1024 * 1024;

/// Bytes of it until [`is_low`]. The rest is for code that does not check, such as dropping a deep value.
const LIMIT: usize = 64 * 1024 * 1024;

thread_local! {
    /// The address beyond which this thread's stack is low; `None` if the thread has no room to speak of.
    static LOW: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs work on a thread with room; on this one if it has room.
///
/// # Errors
/// The system's, if it gives no such thread. The work was not begun then.
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    if has_room() {
        return Ok(work());
    }
    thread::scope(|scope| {
        let worker = spawn(scope, true, work)?;
        Ok(worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic)))
    })
}

/// Whether the stack of this thread is taken up to the limit. `false` on a thread without room.
#[must_use]
pub fn is_low() -> bool {
    LOW.get().is_some_and(|low| here() < low)
}

/// Whether this thread has a large stack.
pub(super) fn has_room() -> bool {
    LOW.get().is_some()
}

/// Starts a thread, with room or without.
pub(super) fn spawn<'s, T: Send + 's>(
    scope: &'s Scope<'s, '_>,
    with_room: bool,
    work: impl FnOnce() -> T + Send + 's,
) -> io::Result<ScopedJoinHandle<'s, T>> {
    if !with_room {
        return Builder::new().spawn_scoped(scope, work);
    }
    Builder::new().stack_size(STACK).spawn_scoped(scope, || {
        LOW.set(Some(here().saturating_sub(LIMIT)));
        work()
    })
}

/// An address of this call's part of the stack, which grows downwards on all systems that Rust runs on.
#[inline(never)]
fn here() -> usize {
    let here = 0_u8;
    ptr::from_ref(&here).addr()
}
