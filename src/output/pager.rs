//! A pager for output that is longer than a screen, as in git.

use std::io::{self, BufWriter, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

/// The status of a shell for a program that does not exist.
const NOT_FOUND: i32 = 127;

/// Whether a pager has the terminal, and with it Ctrl-C.
static IS_RUNNING: AtomicBool = AtomicBool::new(false);

/// The program that shows output longer than a screen.
#[derive(Clone, Debug)]
pub struct PagerProgram {
    /// A line for the shell; `None` means `less`, which ends by itself if one screen is enough.
    pub line: Option<String>,
    /// Environment variables to set for it.
    pub variables: Vec<(&'static str, &'static str)>,
}

/// A running pager.
pub struct Pager {
    input: BufWriter<ChildStdin>,
    child: Child,
}

impl Pager {
    /// Starts a pager on standard output, which is a terminal; `None` if it cannot be started.
    pub fn start(program: &PagerProgram) -> Option<Pager> {
        let mut command = if let Some(line) = &program.line {
            in_shell(line)
        } else {
            let mut less = Command::new("less");
            less.arg("-FRX");
            less
        };
        command.envs(program.variables.iter().copied());
        let mut child = command.stdin(Stdio::piped()).spawn().ok()?;
        let input = child.stdin.take().expect("it is piped");
        IS_RUNNING.store(true, Ordering::Relaxed);
        Some(Pager { input: BufWriter::with_capacity(64 * 1024, input), child })
    }

    /// Waits until the user quits the pager; `false` if there is no such program.
    pub fn wait(mut self) -> bool {
        self.input.flush().ok();
        drop(self.input);
        let ended = self.child.wait();
        IS_RUNNING.store(false, Ordering::Relaxed);
        !ended.is_ok_and(|status| status.code() == Some(NOT_FOUND))
    }
}

fn in_shell(line: &str) -> Command {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.args([option, line]);
    command
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.input.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.flush()
    }
}

/// Whether Ctrl-C belongs to a pager, which ends when its user quits.
pub fn is_running() -> bool {
    IS_RUNNING.load(Ordering::Relaxed)
}
