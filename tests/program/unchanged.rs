//! Looking leaves no trace on any of the sample caches, and needs no permission to write.
#![cfg(all(unix, feature = "cli"))]

use crate::common::caches::bytes;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Each cache, a key in it, and a prefix.
const CACHES: [(&str, &str, &str); 11] = [
    ("bakery", "clients/page_1", "clients/page_"),
    ("crashed", "churn0/id/2", "churn0"),
    ("envelopes", "envelopes/ok", "envelopes/"),
    ("foreign", "clients/page_1", "orders"),
    ("format-v3", "clients/page_1", "clients"),
    ("live-demo", "products/id/a", "products"),
    ("odd-keys", "%2F/page_1", "/"),
    ("values", "torture/page_1", "torture"),
    ("diorama/augmented.redb", "buckets/eu", "buckets"),
    ("diorama/backend.redb", "orders/1", "orders"),
    ("diorama/cache.redb", "clients/c1", "clients"),
];

/// What can be seen of a file or folder but for when it was last looked at.
type Trace = (u32, u64, u64, (i64, i64), u128);

fn traces(folder: &Path) -> BTreeMap<PathBuf, Trace> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).chain([folder.to_owned()]);
    let trace = |path: PathBuf| {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let hash = if metadata.is_file() { xxhash_rust::xxh3::xxh3_128(&fs::read(&path).unwrap()) } else { 0 };
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        (path, (metadata.mode(), metadata.ino(), metadata.len(), modified, hash))
    };
    paths.map(trace).collect()
}

/// A place that every user reaches: the program, a cache that nobody may write to, and a folder for
/// what a command writes elsewhere.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        fs::copy(env!("CARGO_BIN_EXE_vlive"), place.program()).unwrap();
        fs::create_dir(place.elsewhere()).unwrap();
        set_mode(&place.program(), 0o755);
        set_mode(&place.elsewhere(), 0o777);
        set_mode(place.0.path(), 0o755);
        place
    }

    fn program(&self) -> PathBuf {
        self.0.path().join("vlive")
    }

    fn elsewhere(&self) -> PathBuf {
        self.0.path().join("elsewhere")
    }

    fn read_only_copy(&self, cache: &str) -> PathBuf {
        let folder = self.0.path().join(cache.replace(['/', '.'], "-"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("vlive.redb"), bytes(cache)).unwrap();
        set_mode(&folder.join("vlive.redb"), 0o444);
        set_mode(&folder, 0o555);
        folder
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A folder that nobody may write to cannot be emptied either.
        for entry in fs::read_dir(self.0.path()).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                set_mode(&entry.path(), 0o755);
            }
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs every command that looks, each of which must get through as `user`, a program and arguments
/// that run another, and leave the cache as it is.
fn look(user: &[&str]) {
    let place = Place::new();
    let program = place.program();
    for (cache, key, prefix) in CACHES {
        let folder = place.read_only_copy(cache);
        let (cache_key, _) = key.split_once('/').unwrap();
        let new = place.elsewhere().join(cache.replace(['/', '.'], "-"));
        let new = new.to_str().unwrap();
        let tree = &format!("{new}-tree/");
        let commands: [&[&str]; 20] = [
            &["ls"],
            &["ls", "--all", "--json"],
            &["dump"],
            &["dump", key],
            &["dump", "--pretty", cache_key],
            &["dump", "--format", "jsonl", "--raw"],
            &["dump", "--format", "diag", "--redact"],
            &["dump", "--output", tree],
            &["show", key],
            &["diff", ".", "vlive.redb"],
            &["ages"],
            &["ages", prefix, "--json"],
            &["check"],
            &["check", "--deep", "--json"],
            &["salvage", "--into", new],
            &["invalidate", "--dry-run", prefix],
            &["invalidate", "--dry-run", "--all", "--json"],
            &["load", "--dry-run", "--clear", tree],
            &["touch", "--dry-run", prefix],
            &["touch", "--dry-run", "--all", "--json"],
        ];
        let before = traces(&folder);
        for args in commands {
            let words = [user, &[program.to_str().unwrap()], args, &["-C", folder.to_str().unwrap()]].concat();
            let Output { status, stdout, stderr } = Command::new(words[0])
                .args(&words[1..])
                .current_dir(&folder)
                .env_remove("VLIVE_FOLDER")
                // After all times in the caches but one.
                .env("VLIVE_NOW", "1900000000")
                .env("TMPDIR", place.elsewhere())
                .output()
                .unwrap();
            let said = format!("{cache} {args:?}: {status}\n{}", String::from_utf8_lossy(&stderr));
            assert_eq!(traces(&folder), before, "{said}");
            let expected = match (cache, args[0]) {
                // What was put into it by hand cannot all be decoded, nor is it all as it should be.
                ("envelopes", "ls" | "ages" | "touch") => 3,
                ("envelopes", "dump") if args[1..] != [key] && !args.contains(&"--raw") => 3,
                ("envelopes" | "foreign", "check") => 1,
                _ => 0,
            };
            assert_eq!(status.code(), Some(expected), "{said}");
            let is_silent = ["salvage", "diff"].contains(&args[0]) || args.contains(&"--output");
            assert_eq!(stdout.is_empty(), is_silent, "{said}");
        }
        assert!(Path::new(new).join("vlive.redb").is_file(), "{cache}");
    }
}

#[test]
fn looking_leaves_no_trace_of_itself() {
    look(&[]);
}

/// Only root can become somebody else; anybody else is unprivileged as it is.
#[test]
fn looking_leaves_no_trace_of_itself_without_permission_to_write() {
    let user = ["setpriv", "--reuid=65534", "--clear-groups"];
    let becomes = Command::new(user[0]).args(&user[1..]).arg("true").output();
    if becomes.is_ok_and(|output| output.status.success()) {
        look(&user);
    }
}
