//! Takes the terminal for the browser, and restores it.

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
#[cfg(unix)]
use signal_hook::{
    consts::{SIGCONT, SIGTSTP},
    flag,
};
use std::fs::File;
use std::io;
#[cfg(unix)]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub type Screen = Terminal<CrosstermBackend<File>>;

/// Whether the browser has the terminal, and whether it is drawing.
static TAKEN: AtomicBool = AtomicBool::new(false);
static DRAWING: AtomicBool = AtomicBool::new(false);

/// How long to wait for a frame being drawn; the thread that draws it may itself have panicked.
const PATIENCE: Duration = Duration::from_millis(200);

/// The terminal itself: standard output may be a pipe that is waiting for a key.
fn terminal() -> io::Result<File> {
    File::options().read(true).write(true).open(if cfg!(windows) { "CONOUT$" } else { "/dev/tty" })
}

/// Takes the terminal.
pub fn take() -> io::Result<Screen> {
    let mut file = terminal()?;
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(file, EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)?;
    of_size(size()?)
}

/// An empty screen of this size. ratatui's own resizing queries the cursor through standard output, and a pipe does not
/// answer.
pub fn of_size((width, height): (u16, u16)) -> io::Result<Screen> {
    let mut file = terminal()?;
    execute!(file, Clear(ClearType::All), Hide)?;
    let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
    Terminal::with_options(CrosstermBackend::new(file), TerminalOptions { viewport })
}

/// Whether the browser has the terminal.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Draws, unless the terminal was restored: another thread does that when a signal ends the program.
pub fn draw(screen: &mut Screen, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
    DRAWING.store(true, Ordering::SeqCst);
    let drawn = if is_taken() { screen.draw(draw).map(drop) } else { Ok(()) };
    DRAWING.store(false, Ordering::SeqCst);
    drawn
}

/// Restores the terminal, if the browser has it.
pub fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let begun = Instant::now();
        while DRAWING.load(Ordering::SeqCst) && begun.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(1));
        }
        if let Ok(mut file) = terminal() {
            // There is nothing to be done if this fails.
            execute!(file, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show).ok();
        }
        disable_raw_mode().ok();
    }
}

/// Stopping and resuming the program.
#[cfg(unix)]
#[derive(Debug)]
pub struct Stops {
    /// Whether a shell can resume it.
    can_stop: bool,
    is_asked: Arc<AtomicBool>,
    goes_on: Arc<AtomicBool>,
    at_once: Arc<AtomicBool>,
}

#[cfg(unix)]
impl Stops {
    /// From now on SIGTSTP stops the program only after the terminal is restored.
    pub fn watch(can_stop: bool) -> io::Result<Stops> {
        let stops = Stops { can_stop, is_asked: Arc::default(), goes_on: Arc::default(), at_once: Arc::default() };
        if can_stop {
            flag::register_conditional_default(SIGTSTP, Arc::clone(&stops.at_once))?;
            flag::register(SIGTSTP, Arc::clone(&stops.is_asked))?;
        }
        flag::register(SIGCONT, Arc::clone(&stops.goes_on))?;
        Ok(stops)
    }

    /// Runs `work` while another program has the terminal: SIGTSTP stops both at once.
    pub fn apart<T>(&self, work: impl FnOnce() -> T) -> T {
        self.at_once.store(true, Ordering::SeqCst);
        let done = work();
        self.at_once.store(false, Ordering::SeqCst);
        self.is_asked.store(false, Ordering::SeqCst);
        done
    }

    /// Requests a stop, as Ctrl-Z does in other programs.
    pub fn ask(&self) {
        self.is_asked.store(self.can_stop, Ordering::SeqCst);
    }

    /// Stops the program if that was requested. After any stop the terminal is taken again, since the shell may have
    /// changed its settings. Returns whether it was.
    pub fn heed(&self, screen: &mut Screen) -> io::Result<bool> {
        let is_asked = self.is_asked.load(Ordering::SeqCst);
        if !is_asked && !self.goes_on.swap(false, Ordering::SeqCst) {
            return Ok(false);
        }
        give_back();
        if is_asked {
            // The shell waits until every process of a pipeline has stopped.
            rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
            signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        }
        self.is_asked.store(false, Ordering::SeqCst);
        self.goes_on.store(false, Ordering::SeqCst);
        *screen = take()?;
        Ok(true)
    }
}

/// This system has no such signals.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct Stops;

#[cfg(not(unix))]
impl Stops {
    pub fn watch(_: bool) -> io::Result<Stops> {
        Ok(Stops)
    }

    pub fn apart<T>(&self, work: impl FnOnce() -> T) -> T {
        work()
    }

    pub fn ask(&self) {}

    pub fn heed(&self, _: &mut Screen) -> io::Result<bool> {
        Ok(false)
    }
}

#[cfg(test)]
#[path = "../../tests/common/tmux.rs"]
#[allow(dead_code)]
mod tmux;

#[cfg(test)]
mod tests {
    use super::tmux::Tmux;
    use ratatui::crossterm::event;
    use std::{env, fs};

    /// Set in the process that panics.
    const PANICS: &str = "VLIVE_TEST_PANICS";

    #[test]
    fn panics_with_the_terminal_taken_if_asked_to() {
        if env::var_os(PANICS).is_some() {
            crate::cli::silence_redb_panics(super::give_back);
            let _screen = super::take().expect("there is a terminal");
            event::read().expect("a key");
            panic!("as it should");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_panic_restores_the_terminal_and_is_reported() {
        let Some(tmux) = Tmux::start("panic", (80, 24)) else { return };
        let folder = tempfile::tempdir().unwrap();
        let [before, after] = ["before", "after"].map(|name| folder.path().join(name));
        let state =
            || tmux.run(&["display-message", "-p", "#{cursor_flag} #{alternate_on} #{mouse_any_flag}"]).unwrap();
        tmux.save_settings(&before);
        let program = env::current_exe().unwrap();
        let test = "browse::terminal::tests::panics_with_the_terminal_taken_if_asked_to";
        tmux.line(&format!("clear; {PANICS}=1 {} --nocapture --exact {test}", program.display()));
        tmux.until(|_| state().trim() == "0 1 1");
        tmux.press(&["x"]);
        tmux.until(|screen| screen.contains("as it should"));
        tmux.save_settings(&after);
        assert_eq!(fs::read(before).unwrap(), fs::read(after).unwrap());
        assert_eq!(state().trim(), "1 0 0", "the cursor shows, the screen is the usual one, the mouse is free");
    }
}
