//! The names of sets in every format of tables.

use crate::diorama::{RED, copy_of};
use crate::support::Folder;
use std::fs;

const READABLE: &str = "clients where team = red";

#[test]
fn names_of_sets_are_readable_for_people_and_stored_for_programs_in_every_table() {
    let folder = copy_of("cache.redb");
    let other = Folder::shared("diorama").path().join("backend.redb");
    fs::copy(other, folder.path().join("other")).unwrap();
    for (command, status) in [
        (&["ls"][..], 0),
        (&["ls", "--quick"], 0),
        (&["ages"], 0),
        (&["show"], 0),
        (&["show", "--select", "{name}"], 0),
        (&["show", "--where", ".name == \"Anna\""], 0),
        (&["find", "Anna"], 0),
        (&["find", "--id", "c1"], 0),
        (&["stat"], 0),
        (&["stat", "--quick"], 0),
        (&["diff", "cache.redb", "other"], 1),
        (&["diff", "cache.redb", "other", "--stat"], 1),
    ] {
        for (format, expected, unexpected) in [
            ("table", READABLE, RED),
            ("markdown", READABLE, RED),
            ("csv", RED, READABLE),
            ("tsv", RED, READABLE),
            ("json", RED, READABLE),
            ("jsonl", RED, READABLE),
        ] {
            let run = folder.vlive([&["-C", "cache.redb"], command, &["--format", format]].concat()).output();
            assert_eq!(run.status, status, "{command:?} {format}: {run}");
            assert!(run.stdout.contains(expected), "{command:?} {format}: {run}");
            assert!(!run.stdout.contains(unexpected), "{command:?} {format}: {run}");
        }
    }
}
