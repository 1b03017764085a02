use super::{Global, Refused, Status, not_there, tell_unread};
use crate::output::Output;
use anyhow::Result;
use clap::Args;
use std::io::Write;
use vlive::{JsonStyle, JsonWriter, Key, Selection, Snapshot, Unreadable};

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

    /// Print for people and `jq`, with loss: tags dropped, bytes as base64url, NaN as null
    #[arg(long)]
    plain: bool,
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
                let style = self.style(output);
                let mut json = JsonWriter::new(output.json_data(), style);
                json.envelope(&envelope)?;
                writeln!(json.finish()?)?;
                Ok(Status::Done)
            }
            Err(error) => Ok(tell_unread(&[], &[Unreadable { key: key.clone(), error }], output)),
        }
    }

    fn many(&self, selections: &[Selection], global: &Global, output: &mut Output) -> Result<Status> {
        let snapshot = Snapshot::hold(global.folder(), global.look_wait(), selections)?;
        let style = self.style(output);
        let mut out = output.json_data();
        let dumped = vlive::dump(&snapshot, selections, style, &mut out)?;
        writeln!(out)?;
        drop(out);
        output.flush()?;
        let dumped = dumped?;
        let mut status = tell_unread(&dumped.damage, &dumped.unreadable, output);
        for n in dumped.unmatched.into_iter().filter(|n| *n < self.keys.len()) {
            output.error(&not_there(&self.keys[n]), None);
            status = status.max(Status::No);
        }
        Ok(status)
    }

    fn style(&self, output: &Output) -> JsonStyle {
        JsonStyle { pretty: self.pretty || output.is_terminal() && !self.compact, plain: self.plain }
    }
}

fn select(key: &str) -> Selection {
    if key.contains('/') { Selection::exact(key) } else { Selection::prefix(key) }
}
