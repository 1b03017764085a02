//! What is half-written when a signal ends the program goes with it.

/// From now on SIGINT, SIGTERM and SIGHUP end the program as they would have, after `clean_up`; but SIGINT does
/// nothing while `is_interrupt_for_others`. A signal that is ignored, such as SIGHUP under `nohup`, stays ignored.
#[cfg(unix)]
pub fn before_signals_end_it(is_interrupt_for_others: fn() -> bool, clean_up: impl FnOnce() + Send + 'static) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let ignored = ignored();
    let signals = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    // Where signals cannot be waited for, they end the program at once.
    let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) else { return };
    let handle = signals.handle();
    let wait = move || {
        let mut ends = signals.forever().filter(|signal| *signal != SIGINT || !is_interrupt_for_others());
        if let Some(signal) = ends.next() {
            clean_up();
            signal_hook::low_level::emulate_default_handler(signal).ok();
        }
    };
    if std::thread::Builder::new().spawn(wait).is_err() {
        // Nobody waits for them.
        handle.close();
    }
}

/// The signals that the program was started to ignore, a bit for each from the lowest on; none where the
/// system does not say.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Whether Ctrl-Z can stop the program: a shell that could not have it go on again has it ignore that.
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
