//! What all commands have that change a cache: one group of arguments.

use super::format::{FormatArgs, SummaryFormat};
use clap::Args;

#[derive(Debug, Args)]
pub struct Changing {
    /// Print what would change, and change nothing: no lock is taken
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    #[command(flatten)]
    pub format: FormatArgs<SummaryFormat>,
}
