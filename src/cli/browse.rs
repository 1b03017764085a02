use super::selection::{Meaning, Selecting};
use super::{Global, Refused, Status, report};
use crate::browse::{Browsing, browse};
use crate::output::Output;
use anyhow::Result;
use clap::Args;
use std::io::Write;

/// Look through a cache on the whole screen, kept up with its app
///
/// Left are the cache keys and their entries, right the rows of the entry under the cursor. What the app changes is
/// shown at once and marked for some seconds. `?` shows every key, `q` ends; `o` ends and prints the key under the
/// cursor, so that `vlive dump "$(vlive browse)"` works.
#[derive(Debug, Args)]
pub struct Browse {
    #[command(flatten)]
    selecting: Selecting,
}

impl Browse {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let chosen = self.selecting.choose(Meaning::Prefix, global.now(), output)?;
        let clock = global.clock();
        let key = browse(&Browsing {
            folder: global.folder(),
            selections: chosen.scope.selections().to_vec(),
            wait: global.look_wait(),
            now: &|| clock.now(),
            sentence: |error| report::sentence(error),
        });
        let key = key.map_err(|error| {
            Refused::error(format!("cannot use the terminal: {error}"), Some("without one, use ls, show and watch"))
        })?;
        if let Some(key) = key {
            let key = output.key(&key).into_owned();
            writeln!(output.data(), "{key}")?;
        }
        Ok(Status::Done)
    }
}
