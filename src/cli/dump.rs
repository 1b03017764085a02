use super::{Global, Refused, Status, not_there, tell_unread};
use crate::output::Output;
use anyhow::Result;
use clap::Args;
use std::io::Write;
use vlive::{Error, JsonWriter, Key, Selection, Snapshot, Unreadable};

/// Print entries as JSON
///
/// One full key (with a `/`) prints its envelope, `{"fetched_at": N, "rows": {…}}`. A bare cache key,
/// several keys, or none for the whole cache print an object of full key to envelope. Nothing is
/// lost: what JSON cannot hold is an object with one of the keys `$bytes`, `$tag`, `$float`, `$int`,
/// `$map`, and `vlive put` reads it back.
///
/// An entry that cannot be decoded is left out, named on standard error, and makes the status 3.
#[derive(Debug, Args)]
pub struct Dump {
    /// Which entries: `clients/page_1`, `clients`, `clients/__root__`
    #[arg(value_name = "KEY")]
    keys: Vec<String>,

    /// Indent, as on a terminal
    #[arg(long, conflicts_with = "compact")]
    pretty: bool,

    /// Print one line, as in a pipe
    #[arg(long)]
    compact: bool,
}

impl Dump {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        if self.keys.iter().any(String::is_empty) {
            return Err(Refused::error(
                "the key is empty",
                Some("`/__root__` names the root entry of the empty cache key; leave the key out to dump everything"),
            ));
        }
        let selections: Vec<Selection> = match self.keys.as_slice() {
            [] => vec![Selection::All],
            keys => keys.iter().map(|key| select(key)).collect(),
        };
        match selections.as_slice() {
            [Selection::Entry(key)] => self.one(key, global, output),
            _ => self.many(&selections, global, output),
        }
    }

    fn one(&self, key: &Key, global: &Global, output: &mut Output) -> Result<Status> {
        let Some(entry) = Snapshot::look(global.folder(), global.look_wait(), |snapshot| snapshot.entry(key))? else {
            output.error(&not_there(&key.to_string()), None);
            return Ok(Status::No);
        };
        match entry.envelope() {
            Ok(envelope) => {
                let mut json = self.json(output);
                json.envelope(&envelope)?;
                writeln!(json.finish()?)?;
                Ok(Status::Done)
            }
            Err(error) => Ok(tell_unread(&[], &[Unreadable { key: key.clone(), error }], output)),
        }
    }

    fn many(&self, selections: &[Selection], global: &Global, output: &mut Output) -> Result<Status> {
        let snapshot = Snapshot::hold(global.folder(), global.look_wait(), selections)?;
        let mut unreadable = Vec::new();
        let mut damage = Vec::new();
        let mut unmatched = Vec::new();
        let mut json = self.json(output);
        json.begin_object();
        for (n, selection) in selections.iter().enumerate() {
            let mut matched = false;
            for entry in snapshot.entries(selection)? {
                matched = true;
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(Error::Damaged { path, .. }) if snapshot.has_moved() => {
                        return Err(Error::Unsteady { path }.into());
                    }
                    Err(error @ Error::Damaged { .. }) => {
                        damage.push(error);
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
                if selections[..n].iter().any(|earlier| earlier.takes(entry.cache_key(), entry.sub_key())) {
                    continue;
                }
                match entry.envelope() {
                    Ok(envelope) => {
                        json.key(&entry.key().to_string())?;
                        json.envelope(&envelope)?;
                    }
                    Err(error) => unreadable.push(Unreadable { key: entry.key(), error }),
                }
            }
            if !matched {
                unmatched.push(n);
            }
        }
        json.end_object();
        writeln!(json.finish()?)?;
        output.flush()?;
        let mut status = tell_unread(&damage, &unreadable, output);
        for n in unmatched.into_iter().filter(|n| *n < self.keys.len()) {
            output.error(&not_there(&self.keys[n]), None);
            status = status.max(Status::No);
        }
        Ok(status)
    }

    fn json<'o>(&self, output: &'o mut Output) -> JsonWriter<impl Write + use<'o>> {
        let pretty = self.pretty || output.is_terminal() && !self.compact;
        JsonWriter::new(output.json_data(), pretty)
    }
}

fn select(key: &str) -> Selection {
    if key.contains('/') { Selection::exact(key) } else { Selection::prefix(key) }
}
