//! What cannot be written to standard output.

use crate::support::{Ended, Folder};
use std::fs::OpenOptions;
use std::process::Stdio;

/// Commands that print about the program itself.
const ABOUT: [&[&str]; 8] = [
    &["help"],
    &["help", "ls"],
    &["--help"],
    &["-h"],
    &["ls", "--help"],
    &["--version"],
    &["completions", "bash"],
    &["man"],
];

#[test]
fn help_that_cannot_be_written_is_an_error() {
    for args in ABOUT {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = Ended::of(Folder::empty().command(args).stdout(full).output().unwrap());
        let says = "error: cannot write the output: No space left on device (os error 28)\n";
        assert_eq!((ended.status, ended.stderr.as_str()), (3, says), "{args:?}");
    }
}

#[test]
fn help_into_a_closed_pipe_ends_quietly() {
    for args in ABOUT {
        let mut vlive = Folder::empty().command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(vlive.stdout.take());
        let ended = Ended::of(vlive.wait_with_output().unwrap());
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn the_status_of_wrong_usage_does_not_depend_on_standard_output() {
    for args in [&["--nope"][..], &["help", "nope"], &[]] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = Ended::of(Folder::empty().command(args).stdout(full).output().unwrap());
        assert!(ended.status == 2 && !ended.stderr.contains("cannot write"), "{args:?}: {ended}");
    }
}
