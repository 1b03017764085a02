//! What is there after a signal has ended a command that creates something: all of it or nothing.

use crate::common::layout::Layout;
use crate::support::Folder;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Entries of the cache that is written.
const ENTRIES: usize = 6;

/// A command that creates, and what it creates when it is not interrupted.
const CREATING: [(&[&str], &str); 5] = [
    (&["-C", "new", "load", "document.json"], "new/vlive.redb"),
    (&["-C", "new", "put", "k/0", "rows.json"], "new/vlive.redb"),
    (&["salvage", "--into", "new"], "new/vlive.redb"),
    (&["dump", "--pretty", "-o", "new/all.json"], "new/all.json"),
    (&["dump", "-o", "new/tree/"], "new/tree"),
];

/// A folder with a cache of two megabytes, and the JSON that it was loaded from.
fn prepared(layout: Layout) -> Folder {
    let folder = Folder::empty();
    let text = "x".repeat(400_000);
    let head = match layout {
        Layout::Live => "\"fetched_at\":1",
        Layout::Diorama => "\"layout\":\"diorama\",\"refreshed_at\":1",
    };
    let rows = |n: usize| format!("{{{head},\"rows\":{{\"{n}\":{{\"text\":\"{text}\"}}}}}}");
    let document: Vec<String> = (0..ENTRIES).map(|n| format!("\"k/{n}\":{}", rows(n))).collect();
    folder.write("document.json", format!("{{{}}}", document.join(",")));
    folder.write("rows.json", rows(0));
    folder.vlive(["load", "-q", "document.json"]).ends(0, "", "");
    folder
}

fn start(folder: &Folder, args: &[&str]) -> Child {
    folder.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    // One that has ended can be signalled until it is waited for.
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// The end of a command that is signalled after this time, by one signal in turn.
fn signalled_after(mut child: Child, time: Duration, turn: u32) -> ExitStatus {
    thread::sleep(time);
    signal(&child, [Signal::INT, Signal::TERM, Signal::HUP][turn as usize % 3]);
    child.wait().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn temporaries(folder: &Path) -> Vec<String> {
    names(folder).into_iter().filter(|name| name.starts_with(".vlive-")).collect()
}

/// Waits until there is a temporary file in the folder `new`; `false` if the command ends before one is seen.
fn is_seen_writing(folder: &Folder, child: &mut Child) -> bool {
    let new = folder.path().join("new");
    while !new.is_dir() || temporaries(&new).is_empty() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
    }
    true
}

/// Calls `act` with a command that has just been seen writing into the folder `new`, empty before, until `act` was in
/// time.
fn while_it_writes<T>(folder: &Folder, start: impl Fn() -> Child, act: impl Fn(Child) -> Option<T>) -> T {
    let new = folder.path().join("new");
    for _ in 0..1000 {
        fs::remove_dir_all(&new).ok();
        fs::create_dir(&new).unwrap();
        let mut child = start();
        if is_seen_writing(folder, &mut child)
            && let Some(done) = act(child)
        {
            return done;
        }
    }
    panic!("it was never seen writing");
}

/// What was created is whole.
fn assert_whole(folder: &Folder, created: &Path, what: &str) {
    if created.ends_with("vlive.redb") {
        let entries = folder.vlive(["-C", "new", "check", "--json"]).json()["entries"].as_u64().unwrap();
        let expected = if what.contains("put") { 1 } else { ENTRIES as u64 };
        assert_eq!(entries, expected, "{what}");
    } else if created.is_dir() {
        assert_eq!(names(&created.join("k")).len(), ENTRIES, "{what}");
    } else {
        let document: serde_json::Value = serde_json::from_slice(&fs::read(created).unwrap()).unwrap();
        assert_eq!(document.as_object().unwrap().len(), ENTRIES, "{what}");
    }
}

#[test]
fn a_signal_at_any_instant_leaves_all_or_nothing_and_no_temporary_file() {
    const INSTANTS: u32 = 20;
    let folders = Layout::ALL.map(prepared);
    for (args, created) in CREATING {
        fs::create_dir(folders[0].path().join("new")).unwrap();
        let begun = Instant::now();
        assert!(start(&folders[0], args).wait().unwrap().success(), "{args:?}");
        let whole_time = begun.elapsed();
        let (mut n, mut interrupted) = (0, 0);
        while n < INSTANTS || interrupted == 0 {
            let folder = &folders[n as usize % 2];
            let (new, created) = (folder.path().join("new"), folder.path().join(created));
            fs::remove_dir_all(&new).ok();
            // A dump does not create the folder above its file or folder.
            let is_there = args[0] == "dump" || n / 2 % 2 == 0;
            if is_there {
                fs::create_dir(&new).unwrap();
            }
            let status = signalled_after(start(folder, args), whole_time * (n % INSTANTS) / INSTANTS, n);
            let what = format!("{args:?}, signalled at {n} of {INSTANTS}: {status}");
            assert!(status.success() || status.signal().is_some(), "{what}");
            interrupted += u32::from(status.signal().is_some());
            if created.exists() {
                assert_whole(folder, &created, &what);
                assert!(temporaries(&new).is_empty(), "{what}: {:?}", names(&new));
            } else if !is_there {
                assert!(!status.success() && !new.exists(), "{what}: the folder is left");
            } else {
                assert!(!status.success() && names(&new).is_empty(), "{what}: {:?}", names(&new));
            }
            n += 1;
        }
        for folder in &folders {
            fs::remove_dir_all(folder.path().join("new")).ok();
        }
    }
}

#[test]
fn a_recording_that_a_signal_ends_has_only_whole_commits() {
    const INSTANTS: u32 = 20;
    let folders = Layout::ALL.map(prepared);
    let recording = ["watch", "--initial", "--exit-on", "any", "--record", "new"];
    let begun = Instant::now();
    assert!(start(&folders[0], &recording).wait().unwrap().success());
    let whole_time = begun.elapsed();
    for n in 0..INSTANTS {
        let folder = &folders[n as usize % 2];
        let new = folder.path().join("new");
        fs::remove_dir_all(&new).ok();
        signalled_after(start(folder, &recording), whole_time * n / INSTANTS, n);
        let commits = if new.exists() { names(&new) } else { Vec::new() };
        assert!(commits.len() <= 1, "{commits:?}");
        for commit in commits {
            let files = new.join(&commit).join("k");
            assert_eq!(names(&files).len(), ENTRIES, "{commit}");
            for name in names(&files) {
                let text = fs::read(files.join(name)).unwrap();
                assert!(serde_json::from_slice::<serde_json::Value>(&text).is_ok(), "{commit}");
            }
        }
    }
}

#[test]
fn leftovers_of_a_kill_are_removed_by_the_next_command_that_creates_a_file_there() {
    let folders = Layout::ALL.map(prepared);
    for (n, (args, created)) in CREATING.into_iter().enumerate() {
        let folder = &folders[n % 2];
        let new = folder.path().join("new");
        let start_it = || start(folder, args);
        while_it_writes(folder, start_it, |mut child| {
            child.kill().unwrap();
            child.wait().unwrap();
            (!folder.path().join(created).exists()).then_some(())
        });
        assert_eq!(temporaries(&new).len(), 1, "{args:?}: {:?}", names(&new));
        let (next, _) = CREATING[(n + 2) % CREATING.len()];
        assert!(start(folder, next).wait().unwrap().success(), "{next:?} after {args:?}");
        assert!(temporaries(&new).is_empty(), "{next:?} after {args:?}: {:?}", names(&new));
    }
}

#[test]
fn a_temporary_file_that_another_process_still_writes_is_not_removed() {
    let folder = prepared(Layout::Live);
    let new = folder.path().join("new");
    let start_it = || start(&folder, CREATING[0].0);
    let mut child = while_it_writes(&folder, start_it, |mut child| {
        signal(&child, Signal::STOP);
        let (_, status) = waitpid(Some(Pid::from_child(&child)), WaitOptions::UNTRACED).unwrap().unwrap();
        if status.stopped() && new.join("vlive.redb").exists() {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        status.stopped().then_some(child)
    });
    let written = temporaries(&new);
    assert_eq!(folder.vlive(["-C", "new", "put", "other/entry"]).stdin("{}").output().status, 0);
    assert_eq!(temporaries(&new), written);
    signal(&child, Signal::CONT);
    assert!(child.wait().unwrap().success());
    assert_eq!(names(&new), ["vlive.redb"]);
    let entries = folder.vlive(["-C", "new", "check", "--json"]).json()["entries"].as_u64();
    assert_eq!(entries, Some(ENTRIES as u64 + 1), "those of both");
}

#[test]
fn input_cut_off_by_a_signal_to_the_pipeline_is_not_loaded() {
    let folder = Folder::empty();
    for _ in 0..20 {
        let mut child = folder.command(["load"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(br#"{"k/1":{"a":{}}}"#).unwrap();
        // More than a pipe holds: it is being read once all of it is written.
        input.write_all(" ".repeat(1 << 20).as_bytes()).unwrap();
        signal(&child, Signal::TERM);
        drop(input);
        assert_eq!(child.wait().unwrap().signal(), Some(15));
        assert_eq!(folder.files(), [""; 0]);
    }
}

#[test]
fn a_signal_that_the_program_was_started_to_ignore_stays_ignored() {
    let folder = prepared(Layout::Live);
    let vlive = folder.command(["-C", "new", "load", "document.json"]);
    let start_it = || {
        let mut nohup = Command::new("nohup");
        nohup.arg(vlive.get_program()).args(vlive.get_args()).current_dir(folder.path());
        nohup.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let status = while_it_writes(&folder, start_it, |mut child| {
        signal(&child, Signal::HUP);
        Some(child.wait().unwrap())
    });
    assert!(status.success(), "{status}");
    assert_eq!(names(&folder.path().join("new")), ["vlive.redb"]);
}
