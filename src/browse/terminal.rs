//! The terminal: taken for the browser, and given back as it was found.

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::fs::File;
use std::io;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

pub type Screen = Terminal<CrosstermBackend<File>>;

/// Whether the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal itself: standard output may be a pipe that waits for a key.
fn terminal() -> io::Result<File> {
    File::options().read(true).write(true).open(if cfg!(windows) { "CONOUT$" } else { "/dev/tty" })
}

/// Takes the terminal.
pub fn take() -> io::Result<Screen> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // What redb does to itself is caught, and nothing to end for.
            if !panic.location().is_some_and(|location| location.file().contains("/redb-")) {
                give_back();
            }
            before(panic);
        }));
    });
    let mut file = terminal()?;
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(file, EnterAlternateScreen, EnableMouseCapture)?;
    of_size(size()?)
}

/// An empty screen of this size. ratatui's own way to another size asks standard output for the place of the cursor,
/// which a pipe does not answer.
pub fn of_size((width, height): (u16, u16)) -> io::Result<Screen> {
    let mut file = terminal()?;
    execute!(file, Clear(ClearType::All), Hide)?;
    let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
    Terminal::with_options(CrosstermBackend::new(file), TerminalOptions { viewport })
}

/// Gives the terminal back, if it is taken.
pub fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        if let Ok(mut file) = terminal() {
            // There is nobody to tell if this fails.
            execute!(file, DisableMouseCapture, LeaveAlternateScreen, Show).ok();
        }
        disable_raw_mode().ok();
    }
}

/// Stops the process as Ctrl-Z does elsewhere, with the terminal given back until it goes on.
pub fn suspend(screen: &mut Screen) -> io::Result<()> {
    #[cfg(unix)]
    {
        give_back();
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        *screen = take()?;
    }
    #[cfg(not(unix))]
    let _ = screen;
    Ok(())
}
