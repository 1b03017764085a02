//! Stack space: jaq recurses for nesting in a filter, in its calls and in values.
//!
//! A filter that recurses without end would overflow the stack. So filters run on threads with a large stack, and
//! whenever jaq looks up a part of the filter the stack is checked; where it is low the evaluation unwinds and becomes
//! an ordinary error.

use super::Fault;
use std::panic::{self, AssertUnwindSafe};
use vlive::system::stack;

/// The reason of unwinding.
struct TooDeep;

/// Evaluates on a thread with a large stack, up to the limit.
pub(super) fn bounded<T: Send>(evaluate: impl FnOnce() -> Result<T, Fault> + Send) -> Result<T, Fault> {
    let evaluated = stack::with_room(|| {
        panic::catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|reason| match reason.downcast::<TooDeep>() {
            Ok(_) => Err(Fault::new("it recurses too deeply")),
            Err(panic) => panic::resume_unwind(panic),
        })
    });
    evaluated.unwrap_or_else(|error| Err(Fault::new(format!("there is no thread to run it on: {error}"))))
}

/// Unwinds if the stack is low. No destructor relies on the abandoned state, and the panic hook is not called.
pub(super) fn check() {
    if stack::is_low() {
        panic::resume_unwind(Box::new(TooDeep));
    }
}
