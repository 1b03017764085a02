//! What is half written when somebody ends the program goes with it.

use std::path::Path;

/// As long as it lives, a signal that ends the program removes a file or folder first.
#[cfg(unix)]
pub struct RemovedIfInterrupted(Option<signal_hook::iterator::Handle>);

#[cfg(unix)]
impl RemovedIfInterrupted {
    /// Where signals cannot be waited for, they end the program as they would have.
    pub fn new(path: &Path) -> RemovedIfInterrupted {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]) else {
            return RemovedIfInterrupted(None);
        };
        let handle = signals.handle();
        let path = path.to_owned();
        let wait = move || {
            if let Some(signal) = signals.forever().next() {
                remove(&path);
                signal_hook::low_level::emulate_default_handler(signal).ok();
            }
        };
        let waits = std::thread::Builder::new().spawn(wait).is_ok();
        RemovedIfInterrupted(Some(handle).filter(|_| waits))
    }
}

#[cfg(unix)]
impl Drop for RemovedIfInterrupted {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.close();
        }
    }
}

#[cfg(unix)]
fn remove(path: &Path) {
    if std::fs::remove_file(path).is_ok() {
        return;
    }
    // Files may still come to a folder while it is emptied.
    for _ in 0..100 {
        match std::fs::remove_dir_all(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {}
            _ => return,
        }
    }
}

/// There are no such signals here.
#[cfg(not(unix))]
pub struct RemovedIfInterrupted;

#[cfg(not(unix))]
impl RemovedIfInterrupted {
    pub fn new(_: &Path) -> RemovedIfInterrupted {
        RemovedIfInterrupted
    }
}
