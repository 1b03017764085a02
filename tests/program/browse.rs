//! `vlive browse` in a real terminal, which is tmux: a bare one does not answer what the program asks it.

use crate::support::Folder;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// A terminal with a shell in it.
struct Tmux(String);

impl Tmux {
    /// `None` where there is no tmux.
    fn start(name: &str) -> Option<Tmux> {
        let tmux = Tmux(format!("vlive-{name}-{}", std::process::id()));
        let started = tmux.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            "env -i PS1=$ TERM=screen PATH=\"$PATH\" sh",
        ]);
        started.map(|_| tmux)
    }

    fn run(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("tmux").args(["-L", &self.0]).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn press(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat()).unwrap();
    }

    /// Waits for a screen that is as it should be.
    fn until(&self, is_right: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.run(&["capture-pane", "-p"]).unwrap();
            if is_right(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{screen}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

fn browse(folder: &Folder, tmux: &Tmux) {
    let program = snapbox::cmd::cargo_bin!("vlive").display().to_string();
    let line =
        format!("cd {}; stty -a > before; {program} browse; stty -a > after; echo e''nded", folder.path().display());
    tmux.press(&[&line, "Enter"]);
    tmux.until(|screen| screen.contains("▸ clients"));
}

fn assert_as_found(folder: &Folder, tmux: &Tmux) {
    tmux.until(|screen| screen.contains("ended") && !screen.contains("▸ clients"));
    let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("before"), read("after"));
}

#[test]
fn a_change_shows_at_once_and_the_terminal_is_left_as_it_was() {
    let Some(tmux) = Tmux::start("change") else { return };
    let folder = Folder::copy_of("bakery");
    browse(&folder, &tmux);
    tmux.press(&["Enter"]);
    tmux.until(|screen| screen.contains("page_1"));
    assert_eq!(folder.vlive(["put", "clients/new"]).stdin(r#"{"a": {"x": 1}}"#).output().status, 0);
    tmux.until(|screen| screen.contains("+  new"));
    tmux.press(&["q"]);
    assert_as_found(&folder, &tmux);
}

#[test]
fn ctrl_c_and_sigterm_leave_the_terminal_as_it_was() {
    let Some(tmux) = Tmux::start("signals") else { return };
    let folder = Folder::copy_of("bakery");
    browse(&folder, &tmux);
    tmux.press(&["C-c"]);
    assert_as_found(&folder, &tmux);
    tmux.press(&["clear", "Enter"]);
    browse(&folder, &tmux);
    let pane = tmux.run(&["display-message", "-p", "#{pane_pid}"]).unwrap();
    let status = Command::new("pkill").args(["-TERM", "-P", pane.trim()]).status().unwrap();
    assert!(status.success());
    assert_as_found(&folder, &tmux);
}

#[test]
fn the_key_under_the_cursor_is_printed_to_a_pipe() {
    let Some(tmux) = Tmux::start("print") else { return };
    let folder = Folder::copy_of("bakery");
    let program = snapbox::cmd::cargo_bin!("vlive").display().to_string();
    tmux.press(&[&format!("cd {}; echo \"key: $({program} browse)\"", folder.path().display()), "Enter"]);
    tmux.until(|screen| screen.contains("▸ clients"));
    tmux.press(&["Enter", "j", "o"]);
    tmux.until(|screen| screen.contains("key: clients/__root__"));
}

#[test]
fn without_a_terminal_it_names_the_commands_to_use() {
    let folder = Folder::copy_of("bakery");
    let run = Command::new("setsid")
        .arg(snapbox::cmd::cargo_bin!("vlive"))
        .args(["browse", "-C"])
        .arg(folder.path())
        .stdin(std::process::Stdio::null())
        .output();
    let Ok(output) = run else { return };
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("cannot use the terminal") && complaint.contains("use ls, show and watch"),
        "{complaint}"
    );
}
