//! Cleaning up half-written files when a signal ends the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Whether a signal has come that may end the program. The handler itself sets this, before an interrupted read goes
/// on.
static CAME: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// From now on, `clean_up` runs before SIGINT, SIGTERM or SIGHUP end the program. SIGINT does nothing while
/// `is_interrupt_for_others`. A signal that is ignored, such as SIGHUP under `nohup`, stays ignored.
#[cfg(unix)]
pub fn before_signals_end_it(is_interrupt_for_others: fn() -> bool, clean_up: impl FnOnce() + Send + 'static) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    let ignored = ignored();
    let signals = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    // If signals cannot be waited for, they end the program at once.
    let ends_at_once = Arc::new(AtomicBool::new(true));
    for signal in signals.clone() {
        flag::register_conditional_default(signal, Arc::clone(&ends_at_once)).ok();
        flag::register(signal, Arc::clone(&CAME)).ok();
    }
    let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) else { return };
    let wait = move || {
        for signal in signals.forever() {
            if signal == SIGINT && is_interrupt_for_others() {
                CAME.store(false, Ordering::SeqCst);
                continue;
            }
            clean_up();
            signal_hook::low_level::emulate_default_handler(signal).ok();
            return;
        }
    };
    ends_at_once.store(std::thread::Builder::new().spawn(wait).is_err(), Ordering::SeqCst);
}

/// Does not return if a signal is about to end the program. Ctrl-C ends a whole pipeline: the program that writes our
/// input may end first, and input that ends for this reason must not be taken for complete.
pub fn wait_if_ending() {
    while CAME.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The signals that were ignored when the program started, one bit per signal, the lowest first; 0 if the system does
/// not say.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Whether Ctrl-Z can stop the program: a shell that could not continue it makes it ignore that signal.
#[cfg(unix)]
pub fn can_stop() -> bool {
    ignored() >> (signal_hook::consts::SIGTSTP - 1) & 1 == 0
}

#[cfg(not(unix))]
pub fn can_stop() -> bool {
    false
}

/// There are no such signals here.
#[cfg(not(unix))]
pub fn before_signals_end_it(_: fn() -> bool, _: impl FnOnce() + Send + 'static) {}
