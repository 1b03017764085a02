//! Narrowed copies of sets: the option `--narrowed` and the report on those that stay, which invalidate and touch share.

use crate::output::{Output, human};
use clap::Args;
use vlive::ops::Scope;
use vlive::snapshot::SetKey;

/// Whether narrowed copies of a set are selected with it.
#[derive(Debug, Args)]
pub struct Narrowing {
    /// With a set of diorama, also take its narrowed copies: with `clients` also `clients where team = red`
    #[arg(long)]
    narrowed: bool,
}

impl Narrowing {
    /// The scope, with narrowed copies if the option is given.
    pub fn widen(&self, scope: Scope) -> Scope {
        if self.narrowed { scope.with_narrowed() } else { scope }
    }
}

/// Reports sets that stay and hold narrowed copies of the selected rows.
pub fn report(narrowed: &[SetKey], output: &Output) {
    if let Some(message) = message(narrowed) {
        let them = if narrowed.len() == 1 { "it" } else { "them" };
        output.advice(&format!("{message}; --narrowed takes {them} too"));
    }
}

/// The message that sets with narrowed copies stay; `None` if there are none.
pub fn message(narrowed: &[SetKey]) -> Option<String> {
    let sets = human::count(narrowed.len() as u64, "set holds", "sets hold");
    match narrowed.len() {
        0 => None,
        1 => Some(format!("{sets} narrowed copies of these rows and is left unchanged")),
        _ => Some(format!("{sets} narrowed copies of these rows and are left unchanged")),
    }
}

/// The names of sets in the form for programs.
pub fn names(narrowed: &[SetKey]) -> Vec<String> {
    narrowed.iter().map(ToString::to_string).collect()
}
