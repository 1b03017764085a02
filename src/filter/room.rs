//! Room on the stack: jaq calls itself for whatever encloses each other in a filter, in its calls and in values.
//!
//! A filter that calls itself without end would overflow the stack. So filters run on threads with room, and whenever
//! jaq looks up a part of the filter the stack is looked at; where it is low the evaluation unwinds, and is an error
//! like any other.

use super::Fault;
use std::panic::{self, AssertUnwindSafe};
use vlive::system::stack;

/// The reason of unwinding.
struct TooDeep;

/// Evaluates on a thread with room, up to the limit.
pub(super) fn bounded<T: Send>(evaluate: impl FnOnce() -> Result<T, Fault> + Send) -> Result<T, Fault> {
    let evaluated = stack::with_room(|| {
        panic::catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|reason| match reason.downcast::<TooDeep>() {
            Ok(_) => Err(Fault::new("it recurses too deeply")),
            Err(panic) => panic::resume_unwind(panic),
        })
    });
    evaluated.unwrap_or_else(|error| Err(Fault::new(format!("there is no thread to run it on: {error}"))))
}

/// Unwinds if the stack is low. No destructor relies on what is abandoned, and the panic hook does not hear of it.
pub(super) fn check() {
    if stack::is_low() {
        panic::resume_unwind(Box::new(TooDeep));
    }
}
