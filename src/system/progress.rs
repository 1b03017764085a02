//! Progress of a long call: a counter of bytes that another thread can read meanwhile.

use std::cell::RefCell;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts the bytes of caches and of fixtures that calls have read or written, wherever in the library that is.
///
/// ```
/// use vlive::system::progress::Progress;
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # vlive::Cache::create(folder)?.put("clients/page_1", &vlive::CachedRows::new(Default::default()))?;
/// let progress = Progress::default();
/// // A clone can be read from another thread.
/// let clone = progress.clone();
/// progress.of(|| vlive::Snapshot::open(folder)?.get("clients/page_1"))?;
/// assert!(clone.bytes() > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    bytes: AtomicU64,
    expected: Mutex<Option<u64>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Progress>> = const { RefCell::new(None) };
}

impl Progress {
    /// The bytes that were read or written so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// The expected total; `None` where that is not known.
    #[must_use]
    pub fn expected(&self) -> Option<u64> {
        *self.0.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Restarts the count, with the expected total where that is known.
    pub fn expect(&self, bytes: Option<u64>) {
        *self.0.expected.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
        self.0.bytes.store(0, Ordering::Relaxed);
    }

    /// Counts the bytes of `call` on this thread, and later those of everything that it opens.
    pub fn of<T>(&self, call: impl FnOnce() -> T) -> T {
        /// Restores the previous counter, even if the call panics.
        struct Before(Option<Progress>);
        impl Drop for Before {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _before = Before(CURRENT.replace(Some(self.clone())));
        call()
    }

    pub(crate) fn add(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// The counter of this thread; an unused one if there is none.
pub(crate) fn current() -> Progress {
    CURRENT.with_borrow(Clone::clone).unwrap_or_default()
}

/// Counts what is read from `input`.
pub(crate) fn counted(input: impl Read) -> impl Read {
    struct Counted<R>(R, Progress);
    impl<R: Read> Read for Counted<R> {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            self.0.read(bytes).inspect(|read| self.1.add(*read))
        }
    }
    Counted(input, current())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_opened_during_a_call_count() {
        let progress = Progress::default();
        let mut before = counted(&b"12345"[..]);
        let mut during = progress.of(|| counted(&b"123"[..]));
        let mut after = counted(&b"1234567"[..]);
        for input in [&mut before as &mut dyn Read, &mut during, &mut after] {
            io::copy(input, &mut io::sink()).expect("a copy");
        }
        assert_eq!(progress.bytes(), 3);
    }

    #[test]
    fn calls_in_calls_count_for_the_innermost() {
        let (outer, inner) = (Progress::default(), Progress::default());
        outer.of(|| {
            current().add(1);
            inner.of(|| current().add(2));
            current().add(4);
        });
        assert_eq!((outer.bytes(), inner.bytes()), (5, 2));
    }
}
