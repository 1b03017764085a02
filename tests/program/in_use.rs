//! A cache that another process has open: this one, as an app would.

use crate::support::{Ended, Folder, NOW};
use redb::Database;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};

/// How the message names this process; where the system does not tell, it says so.
fn holder() -> String {
    if cfg!(target_os = "linux") {
        let name = fs::read_to_string("/proc/self/comm").unwrap();
        format!("process {} ({})", std::process::id(), name.trim_end())
    } else {
        "another process".to_owned()
    }
}

fn refusal() -> String {
    format!(
        "error: `./vlive.redb` is in use by {}\nhint: stop it first, or keep trying for a while with --wait 10s\n",
        holder()
    )
}

/// A row for `put`, and an entry for `load`.
const INPUT: &str = r#"{"products/page_2":{}}"#;

const WRITING: [&[&str]; 9] = [
    &["put", "products/page_2"],
    &["load"],
    &["load", "--replace", "--json"],
    &["load", "--clear"],
    &["invalidate", "products"],
    &["invalidate", "none"],
    &["invalidate", "--all", "--json"],
    &["touch", "products"],
    &["touch", "none"],
];

const WRITING_SETS: [&[&str]; 10] = [
    &["put", "buckets"],
    &["put", "buckets/eu"],
    &["load", "--replace"],
    &["load", "--clear"],
    &["edit", "buckets", "--apply", "."],
    &["cp", "buckets", "pails"],
    &["mv", "buckets/eu", "buckets/asia"],
    &["invalidate", "buckets/eu"],
    &["touch", "buckets"],
    &["compact"],
];

#[test]
fn a_refused_write_names_the_process_that_has_the_cache() {
    for (cache, writing) in [("live-demo", &WRITING[..]), ("diorama/augmented.redb", &WRITING_SETS)] {
        let folder = Folder::copy_of(cache);
        let _app = Database::open(folder.file()).unwrap();
        folder.untouched(|| {
            for args in writing {
                folder.vlive(*args).stdin(INPUT).ends(4, "", &refusal());
                folder.vlive([args, &["-q"][..]].concat()).stdin(INPUT).ends(4, "", &refusal());
            }
        });
    }
}

#[test]
fn looking_works_meanwhile_and_leaves_no_trace() {
    let looking: [&[&str]; 15] = [
        &["ls"],
        &["ls", "--all", "--json"],
        &["dump"],
        &["dump", "clients/page_1"],
        &["dump", "--format", "jsonl", "--raw"],
        &["dump", "--format", "diag", "clients"],
        &["diff", ".", "vlive.redb"],
        &["show", "clients/page_1"],
        &["ages", "clients", "--json"],
        &["invalidate", "--dry-run", "clients/page_"],
        &["invalidate", "--dry-run", "--all", "--json"],
        &["touch", "--dry-run", "clients/page_"],
        &["load", "--dry-run"],
        &["load", "--dry-run", "--replace"],
        &["load", "--dry-run", "--clear", "--json"],
    ];
    looking_works_meanwhile("bakery", &looking, r#"{"clients/page_1":{}}"#);
    let looking: [&[&str]; 12] = [
        &["ls"],
        &["ls", "--all", "--json"],
        &["ages", "buckets"],
        &["dump"],
        &["dump", "buckets/eu"],
        &["dump", "--format", "jsonl", "--raw"],
        &["diff", ".", "vlive.redb"],
        &["show", "buckets"],
        &["find", "7kb"],
        &["invalidate", "--dry-run", "buckets/eu"],
        &["touch", "--dry-run", "buckets"],
        &["load", "--dry-run", "--clear"],
    ];
    looking_works_meanwhile("diorama/augmented.redb", &looking, r#"{"buckets":{}}"#);
}

fn looking_works_meanwhile(cache: &str, looking: &[&[&str]], input: &str) {
    let folder = Folder::copy_of(cache);
    let look = |args: &[&str]| folder.vlive(args).stdin(input).output();
    let before: Vec<String> = looking.iter().map(|args| look(args).to_string()).collect();
    let _app = Database::open(folder.file()).unwrap();
    folder.untouched(|| {
        for (args, before) in looking.iter().zip(before) {
            let ended = look(args);
            assert_eq!((ended.status, ended.to_string()), (0, before), "{args:?}");
        }
    });
}

#[test]
fn a_wait_that_runs_out_ends_like_a_run_without_it() {
    let folder = Folder::copy_of("live-demo");
    let _app = Database::open(folder.file()).unwrap();
    let expected = format!("waiting: `./vlive.redb` is in use by {}\n{}", holder(), refusal());
    folder.untouched(|| {
        for args in WRITING {
            folder.vlive([args, &["--wait", "50ms"]].concat()).stdin(INPUT).ends(4, "", &expected);
        }
        folder.vlive(["invalidate", "products", "-q", "--wait=50ms"]).ends(4, "", &refusal());
        folder.vlive(["invalidate", "products", "--wait=0s"]).ends(4, "", &refusal());
    });
}

/// Starts a command that must wait, and lets the app go as soon as it says that it does.
fn wait_for_the_app(folder: &Folder, args: &[&str], input: &str) -> Ended {
    let app = Database::open(folder.file()).unwrap();
    let piped = Stdio::piped;
    let mut vlive = folder.command(args).stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
    vlive.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let said = first_line(&mut vlive);
    assert_eq!(said.0, format!("waiting: `./vlive.redb` is in use by {}\n", holder()));
    drop(app);
    let mut ended = Ended::of(vlive.wait_with_output().unwrap());
    ended.stderr = said.1.join().unwrap();
    ended
}

/// The first line of standard error, and who reads the others.
fn first_line(vlive: &mut Child) -> (String, std::thread::JoinHandle<String>) {
    let mut stderr = BufReader::new(vlive.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        rest
    });
    (line, rest)
}

#[test]
fn a_write_that_waits_goes_through_when_the_app_has_closed_the_cache() {
    let folder = Folder::copy_of("live-demo");
    let put = wait_for_the_app(&folder, &["put", "--wait", "5m", "products/page_2"], "{}");
    assert_eq!((put.status, put.stderr.as_str()), (0, "put products/page_2: 0 rows, 23 B\n"));
    assert_eq!(folder.keys(), ["products/id/a", "products/page_1", "products/page_2"]);
    let invalidated = wait_for_the_app(&folder, &["--wait", "5m", "invalidate", "products/page_"], "");
    assert_eq!(invalidated.stdout, "products/page_1\nproducts/page_2\n");
    assert_eq!((invalidated.status, invalidated.stderr.as_str()), (0, "deleted 2 entries, 123 B\n"));
    assert_eq!(folder.keys(), ["products/id/a"]);
    let touched = wait_for_the_app(&folder, &["touch", "--wait", "5m", "products", "--fetched-at", "@1"], "");
    assert_eq!(touched.stdout, "products/id/a\n");
    assert_eq!((touched.status, touched.stderr.as_str()), (0, "touched 1 entry: fetched 1970-01-01T00:00:01Z\n"));
    assert_eq!(folder.entries()[0].head().0, 1);
    let loaded = wait_for_the_app(&folder, &["load", "--wait", "5m", "--clear"], INPUT);
    let summary = "loaded 1 entry, 23 B: 1 added, 0 replaced, 1 removed\n";
    assert_eq!((loaded.status, loaded.stdout.as_str(), loaded.stderr.as_str()), (0, "", summary));
    assert_eq!(folder.keys(), ["products/page_2"]);
}

#[test]
fn the_app_can_open_the_cache_again_at_once() {
    let folder = Folder::copy_of("live-demo");
    folder.vlive(["put", "-q", "products/page_2"]).stdin("{}").ends(0, "", "");
    drop(Database::open(folder.file()).unwrap());
    folder.vlive(["invalidate", "-q", "products/page_2"]).ends(0, "products/page_2\n", "");
    drop(Database::open(folder.file()).unwrap());
}

#[test]
fn wait_changes_nothing_if_the_cache_is_free() {
    let folder = Folder::copy_of("live-demo");
    folder.vlive(["put", "--wait", "10s", "k/1"]).stdin("{}").ends(0, "", "put k/1: 0 rows, 23 B\n");
    let expected = format!("{{\"fetched_at\":{NOW},\"rows\":{{}}}}\n");
    folder.vlive(["dump", "--wait", "10s", "k/1"]).ends(0, &expected, "");
}
