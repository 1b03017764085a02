//! A real terminal, tmux: a bare pseudo-terminal does not answer the queries of a full-screen program.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// A terminal with a shell in it.
pub struct Tmux(String);

impl Tmux {
    /// `None` without tmux. The name must be unique in this process.
    pub fn start(name: &str, (width, height): (u16, u16)) -> Option<Tmux> {
        let tmux = Tmux(format!("vlive-{name}-{}", std::process::id()));
        let (width, height) = (width.to_string(), height.to_string());
        let shell = "env -i PS1=$ TERM=screen LC_ALL=C.UTF-8 PATH=\"$PATH\" sh";
        let start = ["-u", "-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height, shell];
        let started = tmux.run(&start);
        started.map(|_| tmux)
    }

    pub fn run(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("tmux").args(["-L", &self.0]).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub fn press(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat()).unwrap();
    }

    /// Types a line and Enter.
    pub fn line(&self, line: &str) {
        self.run(&["send-keys", "-l", line]).unwrap();
        self.press(&["Enter"]);
    }

    /// Waits until the screen satisfies `is_right`.
    pub fn until(&self, is_right: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.run(&["capture-pane", "-p"]).unwrap();
            if is_right(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{screen}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The process that the shell runs; waits for one.
    pub fn child(&self) -> String {
        let shell = self.run(&["display-message", "-p", "#{pane_pid}"]).unwrap();
        let children = format!("/proc/{0}/task/{0}/children", shell.trim());
        let begun = Instant::now();
        loop {
            let child = std::fs::read_to_string(&children).unwrap();
            if let Some(child) = child.split_whitespace().next() {
                return child.to_owned();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the shell runs nothing");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Saves the settings of the terminal to a file.
    pub fn save_settings(&self, file: &Path) {
        let file = file.display();
        self.line(&format!("stty -g > {file}.new && mv {file}.new {file}"));
        let begun = Instant::now();
        while !Path::new(&file.to_string()).exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", self.run(&["capture-pane", "-p"]));
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}
