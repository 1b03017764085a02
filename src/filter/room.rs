//! Stack space: jaq recurses for nesting in a filter, in its calls and in values.
//!
//! A filter that recurses without end would overflow the stack, which ends the process. So filters run on threads with
//! a large stack, and whenever jaq looks up a part of the filter the depth of the stack is compared with a limit;
//! beyond it the evaluation unwinds and becomes an ordinary error.

use super::Fault;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::{io, ptr, thread};

/// Bytes of stack of a thread with room.
const STACK: usize = 256 * 1024 * 1024;

/// Bytes of it for the calls of a filter. The rest is for recursion without such lookups: parsing, and comparing,
/// printing and dropping nested values.
const CALLS: usize = 64 * 1024 * 1024;

thread_local! {
    /// The address beyond which this thread's stack is too deep, if it has room at all.
    static LIMIT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The reason of unwinding.
struct TooDeep;

/// Runs work that compiles or runs filters on a thread with a large stack; on this thread if it has one.
///
/// # Errors
/// The system's, if it cannot create such a thread.
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    if LIMIT.get().is_some() {
        return Ok(work());
    }
    thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
            LIMIT.set(Some(here().saturating_sub(CALLS)));
            work()
        })?;
        Ok(worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic)))
    })
}

/// Evaluates on a thread with a large stack, up to the limit.
pub(super) fn bounded<T: Send>(evaluate: impl FnOnce() -> Result<T, Fault> + Send) -> Result<T, Fault> {
    let evaluated = with_room(|| {
        panic::catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|reason| match reason.downcast::<TooDeep>() {
            Ok(_) => Err(Fault::new("it recurses too deeply")),
            Err(panic) => panic::resume_unwind(panic),
        })
    });
    evaluated.unwrap_or_else(|error| Err(Fault::new(format!("there is no thread to run it on: {error}"))))
}

/// Unwinds if the stack is deeper than the limit. No destructor relies on the abandoned state, and the panic hook is
/// not called.
pub(super) fn check() {
    if LIMIT.get().is_some_and(|limit| here() < limit) {
        panic::resume_unwind(Box::new(TooDeep));
    }
}

/// An address in this call's stack frame; the stack grows downwards on every system that the program supports.
#[inline(never)]
fn here() -> usize {
    let here = 0_u8;
    ptr::from_ref(&here).addr()
}
