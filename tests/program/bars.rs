//! The bar that work of more than half a second shows on a terminal.

#![cfg(target_os = "linux")]

use crate::support::Folder;
use crate::terminal::{sent_to_a_terminal, terminal};
use redb::{Builder, Durability, TableDefinition};
use snapbox::cmd::cargo_bin;
use std::io::{Read, Write};

/// `return`s where there is no terminal to be had.
macro_rules! sent {
    ($folder:expr, $environment:expr, $args:expr) => {
        match sent_to_a_terminal($folder, &$environment, $args, "") {
            Some(sent) => sent,
            None => return,
        }
    };
}

#[test]
fn work_of_more_than_half_a_second_shows_a_bar_until_it_ends() {
    let folder = Folder::empty();
    let vlive = cargo_bin!("vlive").display().to_string();
    let slow = |options: &str| format!("--version; (sleep 1; echo '{{}}') | {vlive} load {options}");
    let shown = sent!(&folder, [("NO_COLOR", "1")], &slow(""));
    assert!(shown.contains("\x1b[2Kreading "), "{shown:?}");
    // The last that is drawn is an empty line, on which the summary stands.
    assert!(shown.ends_with("\r\x1b[2Kloaded 0 entries, 0 B: 0 added, 0 replaced, 0 removed\n"), "{shown:?}");
    for (environment, options) in [(("NO_COLOR", "1"), "-q"), (("TERM", "dumb"), "")] {
        let shown = sent!(&folder, [environment], &slow(options));
        assert!(!shown.contains("reading"), "{shown:?}");
    }
    let piped = sent!(&folder, [], &format!("--version; (sleep 1; echo '{{}}') | {vlive} load 2>&1 | cat"));
    assert!(!piped.contains("reading"), "{piped:?}");
}

/// What stands on a terminal in the end, as far as a bar and plain text need it.
fn screen(shown: &str) -> String {
    let mut lines = vec![String::new()];
    let mut rest = shown.chars();
    // The next character overwrites the first one of the line.
    let mut is_at_start = false;
    while let Some(character) = rest.next() {
        let last = lines.last_mut().unwrap();
        match character {
            '\n' => lines.push(String::new()),
            '\r' => is_at_start = true,
            '\u{1b}' => {
                let code: String = rest.by_ref().take_while(|character| !character.is_ascii_uppercase()).collect();
                // All others move within a line that is cleared next.
                if code == "[2" {
                    last.clear();
                    is_at_start = false;
                }
            }
            character => {
                if is_at_start {
                    last.clear();
                    is_at_start = false;
                }
                last.push(character);
            }
        }
    }
    lines.join("\n")
}

/// A cache with so many small entries, and free pages.
fn cache_of(entries: u32) -> Folder {
    let folder = Folder::empty();
    let database = Builder::new().set_cache_size(64 << 20).create(folder.file()).unwrap();
    let mut transaction = database.begin_write().unwrap();
    transaction.set_durability(Durability::Eventual);
    {
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new("__vlive__k")).unwrap();
        let value = b"\xa2\x6afetched_at\x1a\x69\x80\x19\x70\x64rows\xa1\x61a\xa0";
        for n in 0..entries {
            table.insert(format!("{n:08}").as_str(), &value[..]).unwrap();
        }
    }
    transaction.commit().unwrap();
    folder
}

/// The machine may be fast: the command is stopped for longer than a bar waits, after a while that is another one at
/// each try.
#[test]
fn commands_that_read_a_whole_cache_show_a_bar_and_clear_it() {
    const TRIES: u32 = 100;
    let folder = cache_of(300_000);
    let vlive = cargo_bin!("vlive").display().to_string();
    for (command, doing) in [("check", "checking"), ("stat", "reading"), ("compact", "compacting")] {
        let is_drawn = |shown: &str| shown.contains(&format!("\r\u{1b}[2K{doing} ["));
        let mut shown = String::new();
        for n in 0..TRIES {
            let fresh = Folder::empty();
            std::fs::copy(folder.file(), fresh.file()).unwrap();
            // Once for the bar to be due, and once more for it to be drawn.
            let stops = "kill -STOP $!; sleep 0.7; kill -CONT $!; sleep 0.01; kill -STOP $!; sleep 0.3; kill -CONT $!";
            let stop = format!("sleep 0.{:02}; {stops}", 1 + n % 8);
            let command = format!("--version > version; {vlive} {command} & ({stop}) 2> errors; wait");
            shown = sent!(&fresh, [("NO_COLOR", "1")], &command);
            if is_drawn(&shown) {
                break;
            }
        }
        assert!(is_drawn(&shown), "{command} never showed a bar");
        let told = shown.rsplit("\r\u{1b}[2K").next().unwrap();
        assert!(told.ends_with('\n') && !told.contains('\u{1b}'), "{command}: {shown:?}");
        assert_eq!(screen(&shown), told, "{command}");
    }
}

#[test]
fn an_interrupted_bar_leaves_a_clean_line() {
    let folder = Folder::empty();
    let vlive = cargo_bin!("vlive").display().to_string();
    // The tests may run where interrupts are ignored, as in the background of a shell.
    let slow = format!("--version; env --default-signal=INT sh -c 'sleep 60 | {vlive} load'");
    let Some(mut child) = terminal(&folder, &[("NO_COLOR", "1")], &slow) else { return };
    let (mut keyboard, mut screen_of_it) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    let mut buffer = [0; 4096];
    let is_drawn = |shown: &[u8]| String::from_utf8_lossy(shown).contains("\x1b[2Kreading ");
    while !is_drawn(&shown) {
        let read = screen_of_it.read(&mut buffer).unwrap();
        assert!(read > 0, "{:?}", String::from_utf8_lossy(&shown));
        shown.extend_from_slice(&buffer[..read]);
    }
    keyboard.write_all(b"\x03").unwrap();
    drop(keyboard);
    screen_of_it.read_to_end(&mut shown).unwrap();
    child.wait().unwrap();
    let told = screen(&String::from_utf8(shown).unwrap());
    let last = told.trim_end().lines().last().unwrap();
    assert!(last == "^C" || last.starts_with("vlive "), "{told:?}");
    assert_eq!(folder.files(), [""; 0], "nothing is left");
}
