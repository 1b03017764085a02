//! Which entries a command works on: the arguments that all commands that select entries share.

use super::source::lock_standard_input;
use super::{Global, Refused, Status, others, time};
use crate::output::{Output, human, to_width};
use anyhow::Result;
use clap::Args;
use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use vlive::ops::{FetchedWithin, Matched, Near, Scope};
use vlive::{Key, Selection, Snapshot};

const HEADING: &str = "Selection";

#[derive(Debug, Args)]
pub struct Selecting {
    /// Which entries: a full key such as `clients/page_1`, or a whole cache key such as `clients`, whose root entry is
    /// `clients/__root__`; of diorama a set such as `clients where team = red`, or a row of one, `clients/42`
    #[arg(value_name = "SELECTION")]
    selections: Vec<String>,

    /// Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default
    #[arg(long, conflicts_with = "prefix", help_heading = HEADING)]
    exact: bool,

    /// Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by
    /// default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches
    #[arg(long, help_heading = HEADING)]
    prefix: bool,

    /// Only entries fetched before this time, or longer ago than this duration, such as `7d`
    #[arg(long, value_name = "AGE", allow_hyphen_values = true, help_heading = HEADING)]
    older_than: Option<String>,

    /// Only entries fetched after this time, or within this duration; entries dated in the future count as newer than
    /// any other
    #[arg(long, value_name = "AGE", allow_hyphen_values = true, help_heading = HEADING)]
    newer_than: Option<String>,

    /// Select the full keys and sets that a file names exactly, one per line; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = HEADING)]
    keys_from: Option<PathBuf>,

    /// Separate keys by NUL instead of line feeds, for --keys-from and --keys
    #[arg(short = '0', long = "null", help_heading = HEADING)]
    pub null: bool,
}

/// What a selection with a `/` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// One full key.
    Exact,
    /// Every key of vantage-live that begins with it, as in `invalidate_prefix`, or the one row of diorama with this
    /// key.
    Prefix,
    /// Every key that begins with it, including those of rows.
    Beginning,
}

impl Selecting {
    /// Whether anything is selected by name.
    pub fn is_given(&self) -> bool {
        !self.selections.is_empty() || self.keys_from.is_some()
    }

    /// Whether entries are narrowed by age.
    pub fn is_narrowed(&self) -> bool {
        self.older_than.is_some() || self.newer_than.is_some()
    }

    /// The selected entries, or all entries if nothing is named.
    pub fn choose(&self, meaning: Meaning, now: u64, output: &Output) -> Result<Chosen> {
        self.choose_after(None, meaning, "", now, output)
    }

    /// The selected entries, with `first` as another selection before the others. `hint` tells of another use of the
    /// command, for the error on an empty selection.
    pub fn choose_after(
        &self,
        first: Option<&str>,
        meaning: Meaning,
        hint: &str,
        now: u64,
        output: &Output,
    ) -> Result<Chosen> {
        let meaning = match (self.exact, self.prefix) {
            (true, _) => Meaning::Exact,
            (_, true) => Meaning::Beginning,
            _ => meaning,
        };
        let mut selections = Vec::new();
        let mut names = Vec::new();
        for name in first.into_iter().chain(self.selections.iter().map(String::as_str)) {
            selections.push(parse(name, meaning, hint)?);
            names.push(name.to_owned());
        }
        if let Some(file) = &self.keys_from {
            selections.extend(self.keys(file, output)?);
        } else if selections.is_empty() {
            selections.push(Selection::All);
        }
        let scope = match self.bounds(now)? {
            Some(bounds) => Scope::new(selections).within(bounds),
            None => Scope::new(selections),
        };
        Ok(Chosen { scope, meaning, names })
    }

    /// The selected entries of a command that changes them. Without a selection `all` must be set; `hint` tells how.
    pub fn choose_with_all(
        &self,
        meaning: Meaning,
        all: bool,
        hint: &str,
        now: u64,
        output: &Output,
    ) -> Result<Chosen> {
        match (all, self.is_given()) {
            (true, true) => {
                Err(Refused::error("--all cannot be combined with a selection", Some("name one or the other")))
            }
            (false, false) => Err(Refused::error(
                "nothing is selected",
                Some(&format!("name a SELECTION, or a file with --keys-from; {hint}")),
            )),
            _ => self.choose_after(None, meaning, hint, now, output),
        }
    }

    fn bounds(&self, now: u64) -> Result<Option<FetchedWithin>> {
        let parse = |option: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => {
                let refuse = |why| Refused::error(format!("{option} cannot be `{text}`: {why}"), None);
                time::parse_ago(text, now).map(Some).map_err(refuse)
            }
        };
        let bounds = FetchedWithin {
            before: parse("--older-than", &self.older_than)?,
            after: parse("--newer-than", &self.newer_than)?,
            now,
        };
        Ok(self.is_narrowed().then_some(bounds))
    }

    /// The keys in a file, each once.
    fn keys(&self, file: &Path, output: &Output) -> Result<Vec<Selection>> {
        let (name, mut bytes) = if file == Path::new("-") {
            ("standard input".to_owned(), Vec::new())
        } else {
            (format!("`{}`", file.display()), Vec::new())
        };
        let read = if file == Path::new("-") {
            lock_standard_input("keys", output).read_to_end(&mut bytes)
        } else {
            fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
        };
        read.map_err(|error| Refused::error(format!("cannot read {name}: {error}"), None))?;
        let mut known = HashSet::new();
        let mut keys = Vec::new();
        for (n, line) in bytes.split(|byte| *byte == if self.null { 0 } else { b'\n' }).enumerate() {
            let line = if self.null { line } else { line.strip_suffix(b"\r").unwrap_or(line) };
            if line.is_empty() {
                continue;
            }
            let place = format!("{name}, {} {}", if self.null { "key" } else { "line" }, n + 1);
            let refuse = |what: &str, hint| Refused::error(format!("{place}: {what}"), Some(hint));
            let key = str::from_utf8(line).map_err(|_| refuse("the key is not UTF-8", "keys are UTF-8 text"))?;
            if !self.null && key.contains('\0') {
                return Err(refuse("there is a NUL in the key", "-0 reads keys that are separated by NUL"));
            }
            if known.insert(key) {
                keys.push(Selection::listed(key));
            }
        }
        if keys.is_empty() {
            output.warning(&format!("{name} holds no keys"));
        }
        Ok(keys)
    }
}

/// How to select the root entry of the empty cache key.
const ROOT_OF_EMPTY: &str = "`/__root__` names the root entry of the empty cache key";

/// The error on an empty key where a full key or a cache key is needed.
pub fn empty_key() -> anyhow::Error {
    Refused::error("the key is empty", Some(ROOT_OF_EMPTY))
}

/// How to select the root entry of a cache key.
pub fn root_entry_of(cache_key: &str) -> String {
    format!("the root entry of `{cache_key}` is `{}`", Key::new(cache_key))
}

fn parse(name: &str, meaning: Meaning, or: &str) -> Result<Selection> {
    if name.is_empty() {
        let hint = match meaning {
            Meaning::Exact => ROOT_OF_EMPTY,
            Meaning::Prefix | Meaning::Beginning => "`/` names the empty cache key, as in vantage-live",
        };
        let hint = if or.is_empty() { hint.to_owned() } else { format!("{hint}; {or}") };
        return Err(Refused::error("the selection is empty", Some(&hint)));
    }
    Ok(match meaning {
        Meaning::Exact if name.contains('/') => Selection::exact(name),
        Meaning::Beginning if name.contains('/') => Selection::Begins(Key::new(name)),
        _ => Selection::prefix(name),
    })
}

/// The selected entries, and how they were named.
pub struct Chosen {
    pub scope: Scope,
    meaning: Meaning,
    /// The selections as they were typed. The others in the scope are keys from a file.
    names: Vec<String>,
}

/// How many selections without a match to report.
const NAMED: usize = 10;

/// For how many of these to look up near keys.
const HINTED: usize = 3;

/// The most columns of a missing key in a message.
const LONGEST: usize = 200;

impl Chosen {
    /// One selection, as it was typed.
    pub fn one(name: &str, meaning: Meaning) -> Result<Chosen> {
        Ok(Chosen { scope: parse(name, meaning, "")?.into(), meaning, names: vec![name.to_owned()] })
    }

    /// The key, if exactly one full key is selected.
    pub fn single(&self) -> Option<&Key> {
        match self.scope.selections() {
            [Selection::Entry(key)] if !self.names.is_empty() && !self.scope.is_narrowed() => Some(key),
            _ => None,
        }
    }

    /// Whether there is exactly one selection, and it was typed.
    pub fn names_one(&self) -> bool {
        self.names.len() == 1 && self.scope.selections().len() == 1
    }

    /// Whether all entries of all ages are selected.
    pub fn is_everything(&self) -> bool {
        self.scope.selections() == [Selection::All] && !self.scope.is_narrowed()
    }

    /// Reports the selections that match nothing, and returns the status. `found` tells whether there was any entry.
    pub fn report(&self, matched: &Matched, found: bool, global: &Global, output: &Output) -> Status {
        warn_of_ages(matched, output);
        if !matched.unmatched.is_empty() {
            others::report(global, output);
        }
        let unmatched = self.unmatched(matched);
        for (n, &place) in unmatched.iter().take(NAMED).enumerate() {
            let hint = (n < HINTED).then(|| self.hint(place, global)).flatten();
            output.error(&self.missing(place), hint.as_deref());
        }
        if unmatched.len() > NAMED {
            output.error(&format!("{} more are not in the cache", unmatched.len() - NAMED), None);
        }
        if !unmatched.is_empty() {
            return Status::No;
        }
        if !found && matched.outside > 0 {
            let dated = matched.outside - matched.timeless;
            let entries = human::count(dated, "entry that is selected is", "entries that are selected are");
            let others = if dated == 0 { String::new() } else { format!(": the {entries} older or newer") };
            output.error(&format!("none is of that age{others}"), None);
            return Status::No;
        }
        Status::Done
    }

    /// Reports that the only selection matches nothing.
    pub fn report_missing(&self, global: &Global, output: &Output) -> Status {
        others::report(global, output);
        output.error(&self.missing(0), self.hint(0, global).as_deref());
        Status::No
    }

    /// Reports the selections that match nothing in a command for which that is not a failure.
    pub fn advise(&self, matched: &Matched, global: &Global, output: &Output) {
        if !matched.unmatched.is_empty() {
            others::report(global, output);
        }
        let unmatched = self.unmatched(matched);
        for (n, &place) in unmatched.iter().take(NAMED).enumerate() {
            match (n < HINTED).then(|| self.hint(place, global)).flatten() {
                Some(hint) => output.advice(&format!("{}; {hint}", self.missing(place))),
                // If it is the only selection, the summary of the command tells it.
                None if self.scope.selections().len() > 1 => output.summary(&self.missing(place)),
                None => {}
            }
        }
        if unmatched.len() > NAMED {
            output.summary(&format!("{} more are not in the cache", unmatched.len() - NAMED));
        }
    }

    /// Suggests other selections while the cache does not have any of the selected entries yet.
    pub fn advise_of_near(&self, global: &Global, output: &Output) {
        for (place, selection) in self.scope.selections().iter().enumerate().take(HINTED) {
            if *selection != Selection::All
                && let Some(hint) = self.hint(place, global)
            {
                output.advice(&format!("{}; {hint}", self.missing(place)));
            }
        }
    }

    /// The indices of the selections that match nothing. An empty cache is not a failure.
    fn unmatched(&self, matched: &Matched) -> Vec<usize> {
        let is_named = |place: &usize| self.scope.selections()[*place] != Selection::All;
        matched.unmatched.iter().copied().filter(is_named).collect()
    }

    fn missing(&self, place: usize) -> String {
        // A key may be as long as a document that was taken for a list of keys.
        let cut = |name: &str| to_width(name, LONGEST).into_owned();
        match (&self.scope.selections()[place], self.names.get(place)) {
            (Selection::Entry(key), _) => format!("`{}` is not in the cache", cut(&key.to_string())),
            (Selection::Set(name), _) => format!("`{}` is neither a full key nor a set in the cache", cut(name)),
            (_, Some(name)) if self.meaning == Meaning::Exact => format!("`{}` is not in the cache", cut(name)),
            (_, name) => format!("nothing in the cache matches `{}`", cut(name.map_or("", String::as_str))),
        }
    }

    /// Suggests what to select instead.
    fn hint(&self, place: usize, global: &Global) -> Option<String> {
        let selection = &self.scope.selections()[place];
        if let Selection::Set(name) = selection {
            return Some(format!("a full key has a `/`; {}", root_entry_of(name)));
        }
        let look = |snapshot: &Snapshot| vlive::ops::near(snapshot, selection);
        // A cache that cannot be read has been reported before.
        let near = Snapshot::look(global.folder(), global.look_wait(), look).ok()?;
        let is_argument = place < self.names.len();
        hint(&near, is_argument)
    }
}

/// Warns of entries for which the bounds of age may not do what the user expects.
pub fn warn_of_ages(matched: &Matched, output: &Output) {
    if matched.timeless > 0 {
        let entries = human::count(
            matched.timeless,
            "selected entry has no time and is",
            "selected entries have no time and are",
        );
        output.warning(&format!("{entries} left out"));
    }
    if matched.future > 0 {
        let entries = human::count(matched.future, "selected entry is dated", "selected entries are dated");
        output.warning(&format!("{entries} in the future: newer than any age"));
    }
}

fn hint(near: &Near, is_argument: bool) -> Option<String> {
    if near.as_prefix > 0 && is_argument {
        let keys = human::count(near.as_prefix, "key begins", "keys begin");
        let them = if near.as_prefix == 1 { "it" } else { "them" };
        return Some(format!("{keys} with it; --prefix selects {them}"));
    }
    let names: Vec<String> = near.keys.iter().map(|key| format!("`{key}`")).collect();
    match names.as_slice() {
        [] => None,
        [name] => Some(format!("the nearest key is {name}")),
        names => Some(format!("the nearest keys are {}", names.join(", "))),
    }
}
