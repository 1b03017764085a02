//! A folder with a cache in it, a run of the program there, and what redb itself finds in the cache.

use crate::common::caches::bytes;
use crate::common::folder;
use redb::{Database, TableDefinition, TableHandle};
use serde::Deserialize;
use serde_json::Value;
use snapbox::IntoData;
use snapbox::cmd::{Command, cargo_bin};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::time::SystemTime;
use tempfile::TempDir;

/// The time at which every run takes place: some hours after the caches were written.
pub const NOW: u64 = 1_770_010_000;

/// The caches in `tests/caches` whose every entry can be read and has the bytes that vantage-live writes.
pub const CANONICAL: [&str; 7] = ["bakery", "crashed", "foreign", "format-v3", "live-demo", "odd-keys", "values"];

/// The other one, with values made by hand.
pub const BY_HAND: &str = "envelopes";

/// What the user's own environment could change about a run.
const ENVIRONMENT: [&str; 13] = [
    "VLIVE_FOLDER",
    "VLIVE_NOW",
    "SOURCE_DATE_EPOCH",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "VLIVE_PAGER",
    "PAGER",
    "LESS",
    "VISUAL",
    "EDITOR",
    "RUST_BACKTRACE",
];

/// The folder that a run takes place in, with or without a cache.
pub struct Folder {
    path: PathBuf,
    _temporary: Option<TempDir>,
}

impl Folder {
    /// One of the caches that belong to the project: only to be looked at.
    pub fn shared(cache: &str) -> Folder {
        Folder { path: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches").join(cache), _temporary: None }
    }

    pub fn empty() -> Folder {
        let temporary = folder::temporary();
        Folder { path: temporary.path().to_owned(), _temporary: Some(temporary) }
    }

    pub fn copy_of(cache: &str) -> Folder {
        let folder = Folder::empty();
        fs::write(folder.file(), bytes(cache)).unwrap();
        folder
    }

    /// A cache with these values, whatever they are, under these sub-keys of one cache key.
    pub fn with_values(cache_key: &str, values: &[(&str, &[u8])]) -> Folder {
        let folder = Folder::empty();
        let database = Database::create(folder.file()).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut table = transaction.open_table(cache_table(&table_name(cache_key))).unwrap();
            for (sub_key, value) in values {
                table.insert(*sub_key, *value).unwrap();
            }
        }
        transaction.commit().unwrap();
        folder
    }

    /// A cache that had an entry once.
    pub fn emptied() -> Folder {
        let folder = Folder::with_values("clients", &[("page_1", b"\xa0")]);
        assert_eq!(folder.vlive(["invalidate", "clients"]).output().status, 0);
        folder
    }

    /// The bakery with a bit flipped in the value of one entry.
    pub fn flipped_in(key: &str) -> Folder {
        let folder = Folder::copy_of("bakery");
        folder.flip(&folder.value(key));
        folder
    }

    /// Flips a bit in every copy of a value that the cache holds; old pages hold some too.
    pub fn flip(&self, value: &[u8]) {
        let mut bytes = fs::read(self.file()).unwrap();
        let found: Vec<usize> = (0..=bytes.len() - value.len()).filter(|at| bytes[*at..].starts_with(value)).collect();
        assert!(!found.is_empty());
        for at in found {
            bytes[at + value.len() / 2] ^= 0x10;
        }
        fs::write(self.file(), bytes).unwrap();
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn file(&self) -> PathBuf {
        self.path.join("vlive.redb")
    }

    /// Writes a file, and folders to it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn vlive(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Run {
        Run(Command::from_std(self.command(args)))
    }

    /// The same for what is started and not waited for.
    pub fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> process::Command {
        let mut command = process::Command::new(cargo_bin!("vlive"));
        for name in ENVIRONMENT {
            command.env_remove(name);
        }
        command.current_dir(&self.path).args(args).env("VLIVE_NOW", NOW.to_string());
        command
    }

    /// What a dump with these arguments prints, whatever bytes that is.
    #[track_caller]
    pub fn dump(&self, args: &[&str]) -> Vec<u8> {
        let output = self.command([&["dump"], args].concat()).output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{args:?}");
        output.stdout
    }

    /// The paths of all files in the folder and below, with `/` between names, in their order.
    pub fn files(&self) -> Vec<String> {
        let files = self.contents().into_keys().filter(|path| !path.is_dir());
        let name = |path: PathBuf| path.strip_prefix(&self.path).unwrap().to_str().unwrap().replace('\\', "/");
        files.map(name).collect()
    }

    /// A run in a shell, behind a command that changes what the program may do.
    #[cfg(unix)]
    pub fn limited(&self, limit: &str, args: &[&str]) -> Ended {
        let vlive = self.command(args);
        let mut shell = process::Command::new("sh");
        shell.args(["-c", &format!("{limit}; exec \"$@\""), "sh"]).arg(vlive.get_program()).args(vlive.get_args());
        for (name, value) in vlive.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        Ended::of(shell.current_dir(&self.path).output().unwrap())
    }

    /// Every path in the folder, and the folder itself, with its bytes and the time of its last
    /// change: that of a folder tells of files that came and went.
    pub fn contents(&self) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
        let mut contents = BTreeMap::new();
        let mut folders = vec![self.path.clone()];
        while let Some(folder) = folders.pop() {
            contents.insert(folder.clone(), (fs::metadata(&folder).unwrap().modified().unwrap(), Vec::new()));
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    let modified = entry.metadata().unwrap().modified().unwrap();
                    // A pipe would wait for somebody at its other end.
                    let is_file = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file());
                    let bytes = if is_file { fs::read(entry.path()).unwrap_or_default() } else { Vec::new() };
                    contents.insert(entry.path(), (modified, bytes));
                }
            }
        }
        contents
    }

    /// Calls `act`, which must leave no trace.
    #[track_caller]
    pub fn untouched(&self, act: impl FnOnce()) {
        let before = self.contents();
        act();
        let after = self.contents();
        let paths = |contents: &BTreeMap<PathBuf, _>| contents.keys().cloned().collect::<Vec<_>>();
        assert_eq!(paths(&after), paths(&before), "something was created or removed");
        for (path, (modified, bytes)) in &before {
            assert!(after[path].1 == *bytes, "the bytes of {} changed", path.display());
            assert_eq!(after[path].0, *modified, "{} was written to", path.display());
        }
    }

    /// The entries as redb reads them from a copy, in the order of their tables and sub-keys.
    pub fn entries(&self) -> Vec<Entry> {
        let copy = Folder::empty();
        fs::copy(self.file(), copy.file()).unwrap();
        let database = Database::open(copy.file()).unwrap();
        let transaction = database.begin_read().unwrap();
        let mut tables: Vec<String> = transaction.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
        tables.sort();
        let mut entries = Vec::new();
        for name in &tables {
            let Some(cache_key) = name.strip_prefix("__vlive__") else { continue };
            let Ok(table) = transaction.open_table(cache_table(name)) else { continue };
            for entry in table.range::<&str>(..).unwrap() {
                let (sub_key, value) = entry.unwrap();
                entries.push(Entry::new(cache_key, sub_key.value(), value.value()));
            }
        }
        entries
    }

    /// The bytes of one entry.
    #[track_caller]
    pub fn value(&self, key: &str) -> Vec<u8> {
        self.entries().into_iter().find(|entry| entry.key == key).expect("the entry is there").value
    }

    /// The full keys of all entries.
    pub fn keys(&self) -> Vec<String> {
        self.entries().into_iter().map(|entry| entry.key).collect()
    }

    /// The names of all tables but multimaps.
    pub fn tables(&self) -> Vec<String> {
        let database = Database::open(self.file()).unwrap();
        let transaction = database.begin_read().unwrap();
        let mut tables: Vec<String> = transaction.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
        tables.sort();
        tables
    }
}

fn table_name(cache_key: &str) -> String {
    format!("__vlive__{cache_key}")
}

fn cache_table(name: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name)
}

/// An entry as redb reads it, and what ciborium makes of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub cache_key: String,
    pub key: String,
    pub value: Vec<u8>,
}

impl Entry {
    fn new(cache_key: &str, sub_key: &str, value: &[u8]) -> Entry {
        Entry { cache_key: cache_key.to_owned(), key: format!("{cache_key}/{sub_key}"), value: value.to_owned() }
    }

    pub fn bytes(&self) -> u64 {
        self.value.len() as u64
    }

    /// `fetched_at` and the number of rows.
    pub fn head(&self) -> (u64, u64) {
        let envelope: ciborium::Value = ciborium::from_reader(self.value.as_slice()).unwrap();
        let envelope = envelope.into_map().unwrap();
        let field = |name: &str| envelope.iter().find(|(key, _)| key.as_text() == Some(name)).unwrap().1.clone();
        let fetched_at = field("fetched_at").into_integer().unwrap();
        (fetched_at.try_into().unwrap(), field("rows").into_map().unwrap().len() as u64)
    }
}

/// What was recorded of an entry when its cache was made.
#[derive(Debug, Deserialize)]
pub struct Recorded {
    table: String,
    sub: String,
    pub len: u64,
    pub sha256: String,
}

impl Recorded {
    pub fn cache_key(&self) -> &str {
        self.table.strip_prefix("__vlive__").unwrap()
    }

    pub fn key(&self) -> String {
        format!("{}/{}", self.cache_key(), self.sub)
    }
}

/// The entries that were recorded of a cache; lines that are no object tell of other tables.
pub fn recorded(cache: &str) -> Vec<Recorded> {
    let path = Folder::shared("").path.join(format!("{cache}.entries.jsonl"));
    let lines = fs::read_to_string(path).unwrap();
    let entries = lines.lines().filter(|line| line.starts_with('{'));
    entries
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|entry: &Recorded| entry.table.starts_with("__vlive__"))
        .collect()
}

/// A run that is about to begin.
pub struct Run(Command);

impl Run {
    pub fn env(self, name: &str, value: &str) -> Run {
        Run(self.0.env(name, value))
    }

    pub fn envs(self, variables: &[(&str, &str)]) -> Run {
        variables.iter().fold(self, |run, (name, value)| run.env(name, value))
    }

    pub fn env_remove(self, name: &str) -> Run {
        Run(self.0.env_remove(name))
    }

    pub fn stdin(self, input: impl AsRef<[u8]>) -> Run {
        Run(self.0.stdin(input.as_ref().to_vec()))
    }

    #[track_caller]
    pub fn output(self) -> Ended {
        Ended::of(self.0.output().unwrap())
    }

    /// Runs, and compares all that it gives.
    #[track_caller]
    pub fn ends(self, status: i32, stdout: &str, stderr: &str) {
        let expected = Ended { status, stdout: stdout.to_owned(), stderr: stderr.to_owned() };
        snapbox::assert_data_eq!(self.output().to_string(), expected.to_string().raw());
    }

    /// Runs to the end of a success that says nothing but one line of JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        self.output().json(0, "")
    }
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    #[track_caller]
    pub fn of(output: process::Output) -> Ended {
        let ended = Ended {
            status: output.status.code().expect("no signal ended the program"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        for word in ["panicked", "RUST_BACKTRACE"] {
            assert!(!ended.stdout.contains(word) && !ended.stderr.contains(word), "{ended}");
        }
        ended
    }

    /// The one line of JSON on standard output.
    #[track_caller]
    pub fn json(&self, status: i32, stderr: &str) -> Value {
        assert_eq!((self.status, self.stderr.as_str()), (status, stderr));
        assert_eq!(self.stdout.find('\n'), Some(self.stdout.len() - 1), "one line: {}", self.stdout);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}\n=== stdout\n{}=== stderr\n{}", self.status, self.stdout, self.stderr)
    }
}
