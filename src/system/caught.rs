//! Calls into code that may panic on its input; the panic becomes an error.

use std::cell::Cell;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::{self, AssertUnwindSafe};
use std::thread;

thread_local! {
    /// The number of such calls on this thread's stack.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Whether the innermost has panicked.
    static HAS_PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `call`; `None` if it panics.
pub(crate) fn catch<T>(call: impl FnOnce() -> T) -> Option<T> {
    DEPTH.set(DEPTH.get() + 1);
    HAS_PANICKED.set(false);
    let caught = panic::catch_unwind(AssertUnwindSafe(call)).ok();
    DEPTH.set(DEPTH.get() - 1);
    caught
}

/// How a panic ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Panic {
    /// Nobody catches it.
    Uncaught,
    /// It becomes an error.
    Caught,
    /// It comes while another one unwinds, in a destructor, and will end the process.
    Fatal,
}

/// Says how the current panic ends; to be called only from a panic hook. A program that does not print panics that
/// become errors, and exits rather than aborts on any other, sets such a hook:
///
/// ```no_run
/// use vlive::system::Panic;
///
/// let default = std::panic::take_hook();
/// std::panic::set_hook(Box::new(move |panic| match vlive::system::panic_in_hook() {
///     Panic::Caught => {}
///     Panic::Fatal => {
///         vlive::system::temporary::remove_all();
///         std::process::exit(3);
///     }
///     _ => default(panic),
/// }));
/// ```
#[must_use]
pub fn panic_in_hook() -> Panic {
    match (DEPTH.get(), HAS_PANICKED.replace(true)) {
        (0, _) => Panic::Uncaught,
        (_, false) => Panic::Caught,
        (_, true) => Panic::Fatal,
    }
}

/// A value whose destructor does not run while a panic unwinds: a second panic in it would end the process.
#[derive(Debug)]
pub(crate) struct NotInPanic<T>(Option<T>);

impl<T> NotInPanic<T> {
    pub fn new(value: T) -> NotInPanic<T> {
        NotInPanic(Some(value))
    }

    pub fn into_inner(mut self) -> T {
        self.0.take().expect("only this takes it")
    }
}

impl<T> Deref for NotInPanic<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("only `into_inner` takes it")
    }
}

impl<T> DerefMut for NotInPanic<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("only `into_inner` takes it")
    }
}

impl<T> Drop for NotInPanic<T> {
    fn drop(&mut self) {
        if thread::panicking() {
            mem::forget(self.0.take());
        }
    }
}
